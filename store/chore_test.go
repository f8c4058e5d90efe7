package store

import (
	"database/sql/driver"
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

// manyOld fills a store with old packets, each heard by a few observers, and
// returns how many rows they are.
func manyOld(t *testing.T, s *Store, packets, observers int) (rows int) {
	t.Helper()
	for i := range packets {
		for j := range observers {
			if err := s.Append(t.Context(), packet(fmt.Sprint(j), fmt.Sprintf("%016x", i), at(ago(11))), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	put(t, s, Record{ReceivedAt: ago(11), Observer: Observer{ID: "0"}}) // all before it is committed
	return packets * (observers + 1)
}

// meter counts the rows that each transaction changes.
type meter struct {
	seen int64
	most int64 // in one transaction, all that the transaction before it did included
}

func (m *meter) pass(c *writeConn) error {
	var cols [1]driver.Value
	if _, err := c.query(cols[:], "SELECT total_changes()"); err != nil {
		return err
	}
	total, _ := cols[0].(int64)
	m.most = max(m.most, total-m.seen)
	m.seen = total
	return nil
}

func TestPieceOfMaintenanceStaysBelowItsRows(t *testing.T) {
	var m meter
	s := retained(t, func(o *Options) { o.before = m.pass; o.VacuumPages = 0 })
	rows := manyOld(t, s, 600, 10)
	put(t, s, Record{ReceivedAt: noon, Observer: Observer{ID: "0"}}) // so that the meter has seen it all
	m.most = 0
	maintain(t, s)
	if m.most == 0 || m.most > mostRows {
		t.Errorf("up to %d rows changed in one transaction, want at most %d", m.most, mostRows)
	}
	if u := s.Stats().Upkeep["packets"]; u.Rows != uint64(rows) || u.Chores < uint64(rows/mostRows) {
		t.Errorf("%d rows in %d pieces, want %d rows", u.Rows, u.Chores, rows)
	}
	wantRows(t, s.path, "SELECT (SELECT count(*) FROM transmissions), (SELECT count(*) FROM observations)", "0|0")
}

// tickingClock is a clock that goes on by a step at every look.
type tickingClock struct {
	step  time.Duration
	looks atomic.Int64
}

func (c *tickingClock) now() time.Time {
	return noon.Add(time.Duration(c.looks.Add(1)) * c.step)
}

// With the clock of this test every row takes 2 ms or more, as on a slow card.
func TestPieceOfMaintenanceIsShortOnSlowStorage(t *testing.T) {
	clock := tickingClock{step: 2 * time.Millisecond}
	s := retained(t, func(o *Options) { o.now = clock.now })
	manyOld(t, s, 60, 3)
	maintain(t, s)
	wantRows(t, s.path, "SELECT count(*) FROM transmissions", "0")
	seconds := s.Stats().ChoreSeconds
	for _, b := range seconds.Buckets {
		if b.UpperBound == .05 && b.Count != seconds.Count {
			t.Errorf("%d of %d pieces took more than 50 ms", seconds.Count-b.Count, seconds.Count)
		}
	}
	if u := s.Stats().Upkeep["packets"]; u.Chores < 10 {
		t.Errorf("%d rows in %d pieces", u.Rows, u.Chores)
	}
}

func TestPiecesGrowAndShrinkWithTheStorage(t *testing.T) {
	for _, tc := range []struct {
		name string
		rows int
		used int
		took time.Duration
		want int
	}{
		{"fast", 16, 16, time.Millisecond, 24},
		{"fast, and the next thing was too large", 16, 5, time.Millisecond, 24},
		{"as wanted", 100, 100, 9 * time.Millisecond, 100},
		{"slow", 100, 100, 24 * time.Millisecond, 50},
		{"slow and cut short", 100, 40, 24 * time.Millisecond, 20},
		{"very slow", 100, 8, time.Second, leastRows},
		{"largest", mostRows, mostRows, 0, mostRows},
	} {
		c := chore{allowance: allowance{rows: tc.rows, used: tc.used}, took: tc.took}
		if got := c.nextRows(); got != tc.want {
			t.Errorf("%s: %d rows next, want %d", tc.name, got, tc.want)
		}
	}
}

// A record that comes while maintenance has the writer is in the very next
// transaction.
func TestRecordWaitsForOnePieceOfMaintenanceOnly(t *testing.T) {
	const there = "SELECT count(*) FROM transmissions WHERE hash = 'live'"
	entered, held := make(chan struct{}), make(chan struct{})
	var armed atomic.Bool
	var before atomic.Int64 // transactions begun from then on that did not see the record
	s := retained(t, func(o *Options) {
		o.before = func(c *writeConn) error {
			if armed.Swap(false) {
				close(entered)
				<-held
			}
			var cols [1]driver.Value
			if _, err := c.query(cols[:], there); err != nil {
				return err
			}
			if cols[0] == int64(0) {
				before.Add(1)
			}
			return nil
		}
	})
	manyOld(t, s, 300, 10)
	armed.Store(true)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.doJobs(t.Context(), s.jobs(), trusting(s))
	}()
	<-entered // a piece of maintenance has the writer
	before.Store(0)
	if err := s.Append(t.Context(), packet(alpha, "live"), nil); err != nil {
		t.Fatal(err)
	}
	close(held)
	<-done
	put(t, s, packet(alpha, "after"))
	if got := before.Load(); got != 2 {
		t.Errorf("the record is in transaction %d after it came, want 2: that of the maintenance, and its own", got)
	}
	wantRows(t, s.path, "SELECT hash FROM transmissions ORDER BY id", "live", "after")
}
