package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// drawn writes down all that a topology holds: a line for each party, in the
// order they are kept.
func (t *topology) drawn() (lines []string) {
	for first := range t.byFirstByte {
		set := &t.byFirstByte[first]
		for _, p := range slices.Concat(set.nodes, set.others) {
			line := fmt.Sprintf("%02x %s", first, p.key)
			if p.isNode {
				line += " node"
			}
			line += " nodes"
			for _, n := range p.neighbours.nodes {
				line += " " + n.key
			}
			line += " others"
			for _, n := range p.neighbours.others {
				line += " " + n.key
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// readTopology reads one afresh from the file. It only reads, so that the writer
// has no reason to do the same.
func readTopology(t testing.TB, path string) (top *topology) {
	t.Helper()
	conn, err := openWriteConn(context.Background(), readerDSN(path))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.close()
	if err := conn.use(func() (err error) { top, err = loadTopology(conn); return err }); err != nil {
		t.Fatal(err)
	}
	return top
}

func TestTopologyIsReadFromTheTables(t *testing.T) {
	s := openTest(t)
	execSQL(t, s.path, "INSERT INTO nodes(public_key) VALUES (?), (?), ('short'), (upper(?)), (NULL)", testKey("b2"), testKey("a1"), testKey("d4"))
	execSQL(t, s.path, "INSERT INTO inactive_nodes(public_key) VALUES (?)", testKey("e5"))
	execSQL(t, s.path, "INSERT INTO neighbor_edges(node_a, node_b) VALUES (?, ?), (?, ?), (?, ?), (?, 'gate'), ('', '')",
		testKey("a1"), testKey("c3"), testKey("a1"), testKey("b2"), testKey("c3"), testKey("c3"), testKey("a1"))
	want := meshOf("a1 b2", "a1-b2 a1-c3").drawn()
	if diff := cmp.Diff(want, readTopology(t, s.path).drawn()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEdgesOfEitherOrderAreOneJoint(t *testing.T) {
	top := meshOf("a1 b2", "b2-a1 a1-b2")
	if diff := cmp.Diff(meshOf("b2 a1", "a1-b2").drawn(), top.drawn()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUndoneChangesLeaveNoTrace(t *testing.T) {
	top := meshOf("a1 b2 c3", "a1-b2 a1-d4")
	before := top.drawn()
	top.addNode(testKey("e5"))
	top.addNode(testKey("a1")) // is one already: its undoing must not take it away
	mark := len(top.changes)
	half := top.drawn()
	top.removeNode(testKey("a1"))
	top.removeNode(testKey("ff")) // was never there
	top.removeEdge(testKey("a1"), testKey("d4"))
	top.removeEdge(testKey("b2"), testKey("c3"))
	top.addEdge(testKey("a1"), testKey("b2"))
	top.addEdge(testKey("f6"), testKey("f7"))
	top.undo(mark)
	if diff := cmp.Diff(half, top.drawn()); diff != "" {
		t.Errorf("back to the mark (-want +got):\n%s", diff)
	}
	top.undo(0)
	if diff := cmp.Diff(before, top.drawn()); diff != "" {
		t.Errorf("back to the beginning (-want +got):\n%s", diff)
	}
	top.removeNode(testKey("a1"))
	top.commit()
	top.undo(0)
	if diff := cmp.Diff(meshOf("b2 c3", "a1-b2 a1-d4").drawn(), top.drawn()); diff != "" {
		t.Errorf("after a commit (-want +got):\n%s", diff)
	}
}

// Whatever happens to the file and its writer, what the writer knows by heart
// is what it would read.
func TestTopologyIsWhatTheTablesHold(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			c := newChaos(t, seed)
			for range 60 {
				step := c.step()
				if diff := cmp.Diff(readTopology(t, c.s.path).drawn(), c.s.writer.ledger.topology.drawn()); diff != "" {
					t.Fatalf("after %s (-file +memory):\n%s", step, diff)
				}
			}
		})
	}
}

// chaos does one thing after the other to a store.
type chaos struct {
	t    *testing.T
	rnd  *rand.Rand
	s    *Store
	gate gate
	mu   sync.Mutex
	next func(*writeConn) error // run ahead of the next transaction, once
	sent int
}

func newChaos(t *testing.T, seed uint64) *chaos {
	c := &chaos{t: t, rnd: rand.New(rand.NewPCG(seed, 2))}
	c.open(filepath.Join(t.TempDir(), "meshcore.db"))
	execSQL(t, c.s.path, poison+`
		CREATE TABLE pending(id REFERENCES transmissions(id) DEFERRABLE INITIALLY DEFERRED);
		CREATE TRIGGER dangling AFTER INSERT ON transmissions WHEN new.route_type = 3 BEGIN INSERT INTO pending VALUES(-1); END;
		CREATE TRIGGER crash BEFORE INSERT ON transmissions WHEN new.route_type = 2 BEGIN SELECT RAISE(ROLLBACK, 'crash'); END;`)
	return c
}

func (c *chaos) open(path string) {
	c.s = openAt(c.t, path, func(o *Options) {
		o.before = func(conn *writeConn) error {
			c.gate.pass(conn)
			c.mu.Lock()
			next := c.next
			c.next = nil
			c.mu.Unlock()
			if next != nil {
				return next(conn)
			}
			return nil
		}
	})
}

// key is one of few, so that they share beginnings and come again.
func (c *chaos) key() string {
	return testKey(fmt.Sprintf("%02x%02x", c.rnd.IntN(4), c.rnd.IntN(4)))
}

func (c *chaos) party() Party {
	if c.rnd.IntN(2) == 0 {
		return Party{Key: c.key()}
	}
	return Party{PathHash: parseHex(c.key()[:2+2*c.rnd.IntN(2)])}
}

func (c *chaos) record() Record {
	c.sent++
	r := packet(alpha, fmt.Sprint(c.sent), via(1, byte(c.rnd.IntN(4)), byte(c.rnd.IntN(4))), travelled)
	if c.rnd.IntN(2) == 0 {
		r = nodeNamed(c.key()[:4], func(r *Record) { r.Transmission.Hash = fmt.Sprint(c.sent) })
	}
	for range c.rnd.IntN(3) {
		r.Adjacent = append(r.Adjacent, Adjacency{c.party(), c.party()})
	}
	return r
}

func (c *chaos) step() string {
	switch c.rnd.IntN(8) {
	case 0:
		c.s.Close()
		c.open(c.s.path)
		return "a restart"
	case 1:
		c.otherProgram()
		c.send() // which notices
		return "another program's writes"
	case 2:
		c.mu.Lock()
		c.next = c.upkeep
		c.mu.Unlock()
		c.send()
		return "upkeep"
	case 3: // others write before it is replaced
		c.mu.Lock()
		c.next = func(*writeConn) error { return errors.New("I/O error") }
		c.mu.Unlock()
		try(c.t, c.s, c.record())
		c.otherProgram()
		c.send(c.record())
		return "a lost connection"
	case 4:
		c.sendWith(func(r *Record) { r.Transmission.RouteType = 3 })
		return "a COMMIT that failed"
	case 5:
		c.sendWith(func(r *Record) { r.Transmission.RouteType = 2 })
		c.send(c.record())
		return "a transaction that SQLite rolled back"
	case 6:
		c.sendWith(func(r *Record) {
			switch c.rnd.IntN(3) {
			case 0:
				r.Transmission.Hash = "bad"
			case 1:
				r.Observation.Direction = ptr("bad")
			default:
				r.Observer.Name = "bad"
			}
		})
		return "a bad record"
	}
	c.send(c.record(), c.record(), c.record(), c.record())
	return "records"
}

// sendWith sends a batch in the midst of which is a record with a fault.
func (c *chaos) sendWith(fault func(*Record)) {
	bad := c.record()
	fault(&bad)
	c.send(c.record(), c.record(), bad, c.record(), c.record())
}

// send puts records into one transaction, with a first one that does nothing,
// and waits until their fate is known.
func (c *chaos) send(records ...Record) {
	release := c.gate.hold(c.t, c.s)
	settled := make(chan struct{}, len(records)+1)
	records = append(records, Record{ReceivedAt: noon, Drop: &Drop{Reason: "last"}})
	for _, r := range records {
		if err := c.s.Append(c.t.Context(), r, func(Result, error) { settled <- struct{}{} }); err != nil {
			c.t.Fatal(err)
		}
	}
	release()
	for range records {
		<-settled
	}
}

func (c *chaos) otherProgram() {
	a, b := c.key(), c.key()
	execSQL(c.t, c.s.path, "INSERT OR IGNORE INTO nodes(public_key) VALUES(?)", c.key())
	execSQL(c.t, c.s.path, "INSERT OR IGNORE INTO neighbor_edges(node_a, node_b) VALUES(?, ?)", min(a, b), max(a, b))
	execSQL(c.t, c.s.path, "DELETE FROM nodes WHERE public_key = ?", c.key())
	execSQL(c.t, c.s.path, "DELETE FROM neighbor_edges WHERE node_a = ?", c.key())
}

// upkeep is the writer's own removal of rows outside of records.
func (c *chaos) upkeep(conn *writeConn) error {
	top := c.s.writer.ledger.topology
	a, b := c.key(), c.key()
	a, b = min(a, b), max(a, b)
	if _, err := conn.exec("DELETE FROM nodes WHERE public_key = ?", b); err != nil {
		return err
	}
	top.removeNode(b)
	if _, err := conn.exec("DELETE FROM neighbor_edges WHERE node_a = ? AND node_b = ?", a, b); err != nil {
		return err
	}
	top.removeEdge(a, b)
	top.commit()
	return nil
}
