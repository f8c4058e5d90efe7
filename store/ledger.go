package store

import (
	"database/sql/driver"
	"time"
)

// How many rows the writer remembers. A hash that is not remembered costs one
// look into the index. Entries.
const (
	rememberedTransmissions = 4096
	rememberedObservers     = 1024
)

// ledger writes records as rows, inside the writer's transaction. It remembers
// rows it has seen, and puts off what many records of a batch change alike:
// when a transmission, an observer or a node was last seen is written once per
// batch, by flush.
//
// What it remembers is exact: nobody else writes, or refresh notices; and rollback
// and commit follow those of the transaction.
type ledger struct {
	conn    *writeConn
	buckets time.Duration // width of observer_metrics buckets
	text    timeText

	loaded           bool
	version          int64 // data_version of the connection when loaded
	nextTransmission int64
	nextObservation  int64
	transmissions    *recent[string, *transmissionRow]
	observers        *recent[string, *observerRow]
	otherCase        map[string]storedKey // keys stored in another case, by the key in upper case; nil: not read

	dueTransmissions []*transmissionRow
	dueObservers     []*observerRow
	dueNodes         []*nodeChange
	nodes            map[string]*nodeChange // those in dueNodes, by key
	dueEdges         []*edgeChange
	edges            map[edge]*edgeChange // those in dueEdges
	dueRelays        []*party

	newObservers, newNodes newcomers

	topology *topology // nil when it is to be read
	path     []*party  // reused
}

func newLedger(conn *writeConn, opts Options) *ledger {
	return &ledger{
		conn: conn, buckets: opts.MetricsInterval,
		newObservers: newcomers{most: opts.NewObservers}, newNodes: newcomers{most: opts.NewNodes},
		transmissions: newRecent[string, *transmissionRow](rememberedTransmissions),
		observers:     newRecent[string, *observerRow](rememberedObservers),
		nodes:         make(map[string]*nodeChange),
		edges:         make(map[edge]*edgeChange),
	}
}

const (
	// dataVersion changes when another connection has written.
	dataVersion = `PRAGMA data_version`

	// lastIDs are the highest ids ever given, which AUTOINCREMENT keeps in
	// sqlite_sequence even when their rows are gone.
	lastIDs = `SELECT
		MAX(COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'transmissions'), 0),
		    COALESCE((SELECT MAX(id) FROM transmissions), 0)),
		MAX(COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'observations'), 0),
		    COALESCE((SELECT MAX(id) FROM observations), 0))`
)

// refresh makes sure that what is remembered is what the file holds.
func (l *ledger) refresh() error {
	var row [2]driver.Value
	if _, err := l.conn.query(row[:1], dataVersion); err != nil {
		return err
	}
	version, _ := row[0].(int64)
	if l.loaded && version == l.version {
		return nil
	}
	l.forget()
	if l.topology == nil || version != l.version {
		var err error
		if l.topology, err = loadTopology(l.conn); err != nil {
			return err
		}
	}
	if _, err := l.conn.query(row[:], lastIDs); err != nil {
		return err
	}
	transmission, _ := row[0].(int64)
	observation, _ := row[1].(int64)
	l.nextTransmission, l.nextObservation = transmission+1, observation+1
	l.loaded, l.version = true, version
	return nil
}

// mark names the present state of the transaction, for rollback.
func (l *ledger) mark() int { return len(l.topology.changes) }

// rollback follows one to the mark; 0 is the beginning of the transaction. What
// the topology has been through since is undone rather than read again: a bad
// record must not cost a reading of two tables.
func (l *ledger) rollback(mark int) {
	l.forget()
	if l.topology != nil {
		l.topology.undo(mark)
	}
	if mark == 0 {
		l.newObservers.rollback()
		l.newNodes.rollback()
	}
}

// commit follows the transaction's.
func (l *ledger) commit() {
	l.topology.commit()
	l.newObservers.commit()
	l.newNodes.commit()
}

// reconnect makes the ledger go on with a new connection. Whether the last
// transaction of the old one was committed is not known.
func (l *ledger) reconnect(conn *writeConn) {
	l.conn, l.topology = conn, nil
	l.forget()
}

// forget drops the rows that are remembered and all that is put off.
func (l *ledger) forget() {
	l.loaded = false
	l.transmissions.clear()
	l.observers.clear()
	l.otherCase = nil
	l.dueTransmissions, l.dueObservers, l.dueNodes = nil, nil, nil
	for _, p := range l.dueRelays {
		p.relayed = ""
	}
	l.dueEdges, l.dueRelays = nil, nil
	clear(l.nodes)
	clear(l.edges)
}

func (l *ledger) lastObservation() int64 { return l.nextObservation - 1 }

// apply writes what r says, but for what flush will write.
func (l *ledger) apply(r *Record) (Result, error) {
	if r.Drop != nil {
		return Result{}, l.insertDrop(r)
	}
	if r.Reception != nil {
		return l.reception(r)
	}
	observer, known, err := l.observer(r)
	if err != nil || !known {
		return Result{Refused: err == nil}, err
	}
	var result Result
	if r.Transmission != nil {
		if result, err = l.packet(r, observer); err != nil {
			return Result{}, err
		}
	}
	if r.Advert != nil {
		result.NodeRefused = !l.noteAdvert(r, result.New)
	}
	if !result.Duplicate {
		l.noteAdjacent(r) // after the advert, whose node may be one that a path hash means
	}
	if observer == nil {
		return result, nil
	}
	l.noteObserver(r, observer, result.Duplicate)
	if r.Status != nil {
		if err := l.status(r, observer); err != nil {
			return Result{}, err
		}
	}
	return result, nil
}

// flush writes what was put off. wall is the hub's clock, to which times in the
// future are cut back.
func (l *ledger) flush(wall time.Time) error {
	now := wall.UTC().Format(timeLayout)
	for _, row := range l.dueTransmissions {
		if err := l.flushTransmission(row); err != nil {
			return err
		}
	}
	for _, row := range l.dueObservers {
		if err := l.flushObserver(row, now); err != nil {
			return err
		}
	}
	for _, p := range l.dueRelays {
		if err := l.flushRelay(p, now); err != nil {
			return err
		}
	}
	for _, e := range l.dueEdges {
		if err := l.flushEdge(e, now); err != nil {
			return err
		}
	}
	for _, node := range l.dueNodes {
		if err := l.flushNode(node, now); err != nil {
			return err
		}
	}
	l.dueTransmissions = l.dueTransmissions[:0]
	l.dueObservers = l.dueObservers[:0]
	l.dueNodes, l.dueEdges = nil, nil
	l.dueRelays = l.dueRelays[:0]
	clear(l.nodes)
	clear(l.edges)
	return nil
}
