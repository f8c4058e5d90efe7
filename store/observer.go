package store

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"time"
)

// observerRow is what the writer remembers of a row of observers, and what the
// batch has learned about it.
type observerRow struct {
	rowid int64
	id    string // as in its column
	due   bool   // in dueObservers
	news  observerNews
}

// storedKey is a row of observers whose id is a key that is not in upper case.
type storedKey struct {
	rowid        int64
	id, lastSeen string
}

// observerNews is what flush will write of an observer.
type observerNews struct {
	name, iata string // "" is no news
	firstHeard string // time columns; "" when not heard
	lastHeard  string
	lastPacket string
	packets    int64
	naive      naiveClock
}

// naiveClock is a run of messages whose time had no zone and was far off.
type naiveClock struct {
	count       int64
	first, last time.Time // received
	skew        time.Duration
	fresh       bool // the run begins again inside the batch, after a day's pause
}

// naiveMemory is how long one such message adds to the count of the next.
const naiveMemory = 24 * time.Hour

const (
	selectObserver = `SELECT rowid, id FROM observers WHERE id = ?`

	// selectOtherCase walks the keys that are not in upper case, as CoreScope may
	// have written them; no index finds those.
	selectOtherCase = `SELECT rowid, id, COALESCE(last_seen, '') FROM observers
		WHERE rowid > ? AND length(id) = 64 AND id <> upper(id) ORDER BY rowid LIMIT 1`

	insertObserver = `INSERT INTO observers (id, name, iata, packet_count) VALUES (?, '', '', 0)`
)

// observer finds the row of a record's observer, or makes it, so that
// observations have something to refer to; nil when the record names nobody. It
// is not known when it is new and too many are. A row made here holds no times:
// an observer known only from its last will or from a replay has never been
// heard, so last_seen and first_seen are NULL until it is, as in the rows that
// CoreScope makes when it first meets a naive clock.
func (l *ledger) observer(r *Record) (row *observerRow, known bool, err error) {
	id := r.Observer.ID
	if id == "" {
		return nil, true, nil
	}
	row, err = l.findObserver(id)
	if err != nil || row != nil {
		return row, true, err
	}
	if !l.newObservers.admit(r.ReceivedAt) {
		return nil, false, nil
	}
	did, err := l.conn.exec(insertObserver, id)
	if err != nil {
		return nil, false, fmt.Errorf("insert observer: %w", err)
	}
	row = &observerRow{rowid: did.rowid, id: id}
	l.observers.put(id, row)
	if id != strings.ToUpper(id) {
		l.otherCase = nil
	}
	return row, true, nil
}

// findObserver finds the row of an observer; nil when there is none. An id of
// 64 hex digits is a public key, the same in either case.
func (l *ledger) findObserver(id string) (*observerRow, error) {
	if row, ok := l.observers.get(id); ok {
		return row, nil
	}
	row, err := l.selectObserver(id)
	if row == nil && err == nil && isKeyText(id) {
		row, err = l.findFolded(strings.ToUpper(id))
	}
	if err != nil {
		return nil, fmt.Errorf("find observer: %w", err)
	}
	if row != nil {
		l.observers.put(id, row)
	}
	return row, nil
}

func (l *ledger) selectObserver(id string) (*observerRow, error) {
	var cols [2]driver.Value
	ok, err := l.conn.query(cols[:], selectObserver, id)
	if err != nil || !ok {
		return nil, err
	}
	row := &observerRow{}
	row.rowid, _ = cols[0].(int64)
	row.id, _ = cols[1].(string)
	return row, nil
}

// findFolded finds a public key, given in upper case, in whatever case it is
// stored; of several rows the one last seen. The table is read once and not for
// each id that is new: anybody can send as many of those as they like.
func (l *ledger) findFolded(key string) (*observerRow, error) {
	if l.otherCase == nil {
		if err := l.loadOtherCase(); err != nil {
			return nil, err
		}
	}
	if found, ok := l.otherCase[key]; ok {
		return &observerRow{rowid: found.rowid, id: found.id}, nil
	}
	return l.selectObserver(key)
}

func (l *ledger) loadOtherCase() error {
	found := make(map[string]storedKey)
	for last := int64(0); ; {
		var cols [3]driver.Value
		ok, err := l.conn.query(cols[:], selectOtherCase, last)
		if err != nil {
			return err
		}
		if !ok {
			l.otherCase = found
			return nil
		}
		var k storedKey
		k.rowid, _ = cols[0].(int64)
		k.id, _ = cols[1].(string)
		k.lastSeen, _ = cols[2].(string)
		if known, ok := found[strings.ToUpper(k.id)]; !ok || k.lastSeen > known.lastSeen {
			found[strings.ToUpper(k.id)] = k
		}
		last = k.rowid
	}
}

func isKeyText(id string) bool {
	return len(id) == 64 && parseKey(id) != nil
}

// noteObserver takes down what r says of its observer.
func (l *ledger) noteObserver(r *Record, row *observerRow, repeat bool) {
	if !row.due {
		row.due = true
		l.dueObservers = append(l.dueObservers, row)
	}
	news := &row.news
	if r.Observer.Name != "" {
		news.name = r.Observer.Name
	}
	if r.Observer.IATA != "" {
		news.iata = r.Observer.IATA
	}
	if r.Observer.NaiveSkew != nil {
		news.naive.add(*r.Observer.NaiveSkew, r.ReceivedAt)
	}
	if !r.Observer.Heard {
		return
	}
	at := l.text.format(r.ReceivedAt)
	if news.firstHeard == "" || at < news.firstHeard {
		news.firstHeard = at
	}
	news.lastHeard = max(news.lastHeard, at)
	if r.Observation == nil {
		return
	}
	news.lastPacket = max(news.lastPacket, at)
	if !repeat { // a redelivery is not one packet more
		news.packets++
	}
}

func (n *naiveClock) add(skew time.Duration, at time.Time) {
	switch {
	case n.count == 0:
		n.first = at
	case at.Sub(n.last) > naiveMemory:
		n.first, n.count, n.fresh = at, 0, true
	}
	n.count++
	n.last, n.skew = at, skew
}

const (
	// updateHeard: a time in the future, from a clock that was wrong, is cut
	// back to now; otherwise times only grow.
	updateHeard = `UPDATE observers SET
		name = COALESCE(?1, name), iata = COALESCE(?2, iata),
		last_seen = MAX(MIN(COALESCE(last_seen, ''), ?3), ?4),
		first_seen = COALESCE(first_seen, ?5),
		packet_count = COALESCE(packet_count, 0) + ?6,
		last_packet_at = CASE WHEN ?7 IS NULL THEN last_packet_at
			ELSE MAX(MIN(COALESCE(last_packet_at, ''), ?3), ?7) END,
		inactive = 0
		WHERE rowid = ?8`

	updateNames = `UPDATE observers SET name = COALESCE(?1, name), iata = COALESCE(?2, iata) WHERE rowid = ?3`

	updateNaive = `UPDATE observers SET
		clock_skew_seconds = ?1, clock_last_naive_at = ?2,
		clock_skew_count_24h = CASE
			WHEN ?5 OR clock_last_naive_at IS NULL OR clock_last_naive_at < ?3 THEN ?4
			ELSE COALESCE(clock_skew_count_24h, 0) + ?4 END
		WHERE rowid = ?6`
)

func (l *ledger) flushObserver(row *observerRow, now string) error {
	news := row.news
	row.due, row.news = false, observerNews{}
	var err error
	switch {
	case news.lastHeard != "":
		_, err = l.conn.exec(updateHeard, orNull(news.name), orNull(news.iata), now, news.lastHeard,
			news.firstHeard, news.packets, orNull(news.lastPacket), row.rowid)
	case news.name != "" || news.iata != "":
		_, err = l.conn.exec(updateNames, orNull(news.name), orNull(news.iata), row.rowid)
	}
	if n := news.naive; err == nil && n.count > 0 {
		_, err = l.conn.exec(updateNaive, int64(n.skew/time.Second), l.text.format(n.last),
			l.text.format(n.first.Add(-naiveMemory)), n.count, n.fresh, row.rowid)
	}
	if err != nil {
		return fmt.Errorf("update observer: %w", err)
	}
	return nil
}
