package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
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
		{"fast", 16, 16, time.Millisecond, 32},
		{"fast, and the next thing was too large", 16, 5, time.Millisecond, 32},
		{"as wanted", 100, 100, 15 * time.Millisecond, 100},
		{"slow", 100, 100, 40 * time.Millisecond, 50},
		{"slow and cut short", 100, 40, 40 * time.Millisecond, 20},
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
		s.doJobs(t.Context(), s.jobs())
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

// shared does work in one transaction with records: it asks for both while the
// writer waits for CommitInterval to be over.
func shared(t *testing.T, work sweep, edit func(*Options), records ...Record) (s *Store, recordErrs []error, workErr error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "meshcore.db")
	synctest.Test(t, func(t *testing.T) {
		opts := DefaultOptions()
		opts.CommitInterval, opts.CheckpointInterval = time.Hour, 0
		if edit != nil {
			edit(&opts)
		}
		var err error
		if s, err = Open(t.Context(), path, opts); err != nil {
			t.Fatal(err)
		}
		put(t, s, packet(alpha, "00"))
		asked, settled := make(chan error, 1), make(chan error, len(records))
		go func() {
			_, err := s.sweep(t.Context(), "test", work)
			asked <- err
		}()
		synctest.Wait() // the writer has it in hand
		for _, r := range records {
			if err := s.Append(t.Context(), r, func(_ Result, err error) { settled <- err }); err != nil {
				t.Fatal(err)
			}
		}
		workErr = <-asked
		for range records {
			recordErrs = append(recordErrs, <-settled)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, recordErrs, workErr
}

// Maintenance costs a busy hub no flush of its own, and comes after the records.
func TestMaintenanceSharesTheTransactionOfRecords(t *testing.T) {
	var seen string
	s, recordErrs, workErr := shared(t, func(l *ledger, a *allowance) (bool, error) {
		rows, err := l.conn.all(1, "SELECT hash FROM transmissions ORDER BY id")
		seen = fmt.Sprint(rows)
		return false, err
	}, nil, packet(alpha, "01"), packet(alpha, "02"))
	if err := errors.Join(append(recordErrs, workErr)...); err != nil {
		t.Fatal(err)
	}
	if seen != "[[00] [01] [02]]" {
		t.Errorf("maintenance saw %s", seen)
	}
	if got := s.Stats().Commits; got != 2 {
		t.Errorf("%d transactions of records, want 2", got)
	}
}

func TestFailedMaintenanceTakesNoRecordWithIt(t *testing.T) {
	broken := errors.New("does not work")
	s, recordErrs, workErr := shared(t, func(l *ledger, a *allowance) (bool, error) {
		if _, err := l.conn.exec("UPDATE observers SET packet_count = 99"); err != nil {
			return false, err
		}
		return false, broken
	}, nil, packet(alpha, "01"), packet(alpha, "02"))
	if err := errors.Join(recordErrs...); err != nil {
		t.Errorf("records: %v", err)
	}
	if !errors.Is(workErr, broken) {
		t.Errorf("maintenance: %v, want %v", workErr, broken)
	}
	wantRows(t, s.path, "SELECT packet_count FROM observers", "3")
	if st := s.Stats(); st.Upkeep["test"].Errors != 1 || st.CommitErrors != 0 || st.Records != 3 {
		t.Errorf("%+v, %d commit errors, %d records", st.Upkeep, st.CommitErrors, st.Records)
	}
}

// What fails at COMMIT may be anybody's fault.
func TestMaintenanceThatCannotBeCommittedTakesNoRecordWithIt(t *testing.T) {
	s, recordErrs, workErr := shared(t, func(l *ledger, a *allowance) (bool, error) {
		_, err := l.conn.exec("PRAGMA defer_foreign_keys = ON")
		if err == nil {
			_, err = l.conn.exec("DELETE FROM transmissions")
		}
		a.use(1, true)
		return false, err
	}, nil, packet(alpha, "01"))
	if err := errors.Join(recordErrs...); err != nil {
		t.Errorf("record: %v", err)
	}
	if workErr == nil || !strings.Contains(workErr.Error(), "commit") {
		t.Errorf("maintenance: %v, want a failed commit", workErr)
	}
	wantRows(t, s.path, "SELECT hash FROM transmissions", "00", "01")
}

// A connection that maintenance has ruined is replaced before the records.
func TestMaintenanceThatRuinsTheConnectionTakesNoRecordWithIt(t *testing.T) {
	s, recordErrs, workErr := shared(t, func(l *ledger, a *allowance) (bool, error) {
		_, err := l.conn.exec("BEGIN") // within the transaction: an error of no record
		return false, err
	}, nil, packet(alpha, "01"))
	if err := errors.Join(recordErrs...); err != nil || workErr == nil {
		t.Errorf("record: %v; maintenance: %v", err, workErr)
	}
	wantRows(t, s.path, "SELECT hash FROM transmissions", "00", "01")
}

func TestBadRecordDoesNotStopMaintenance(t *testing.T) {
	bad := packet(alpha, "bad", func(r *Record) { r.Transmission.RouteType = 3 })
	refuse := func(o *Options) {
		o.before = func(c *writeConn) error {
			_, err := c.exec(`CREATE TEMP TRIGGER IF NOT EXISTS refuse BEFORE INSERT ON main.transmissions
				WHEN new.route_type = 3 BEGIN SELECT RAISE(ABORT, 'refused'); END`)
			return err
		}
	}
	s, recordErrs, workErr := shared(t, func(l *ledger, a *allowance) (bool, error) {
		_, err := l.conn.exec("UPDATE observers SET iata = 'PDX'")
		a.use(1, true)
		return false, err
	}, refuse, bad, packet(alpha, "01", func(r *Record) { r.Observer.IATA = "" }))
	if workErr != nil || !errors.Is(recordErrs[0], ErrBadRecord) || recordErrs[1] != nil {
		t.Errorf("maintenance: %v; records: %v", workErr, recordErrs)
	}
	wantRows(t, s.path, "SELECT hash FROM transmissions", "00", "01")
	wantRows(t, s.path, "SELECT iata FROM observers", "PDX")
}

// On an idle hub, maintenance commits no more often than records may.
func TestMaintenanceKeepsTheDistanceOfCommits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	synctest.Test(t, func(t *testing.T) {
		opts := DefaultOptions()
		opts.CommitInterval, opts.CheckpointInterval = 250*time.Millisecond, 0
		s, err := Open(t.Context(), path, opts)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		put(t, s, packet(alpha, "00"))
		var at []time.Duration
		start := time.Now()
		pieces := func(changed bool) sweep {
			n := 0
			return func(l *ledger, a *allowance) (bool, error) {
				at = append(at, time.Since(start))
				a.use(1, changed)
				n++
				return n < 4, nil
			}
		}
		for _, changed := range []bool{true, false} {
			if _, err := s.sweep(t.Context(), "test", pieces(changed)); err != nil {
				t.Fatal(err)
			}
		}
		const ms = time.Millisecond
		want := []time.Duration{250 * ms, 500 * ms, 750 * ms, 1000 * ms, 1250 * ms, 1250 * ms, 1250 * ms, 1250 * ms}
		if fmt.Sprint(at) != fmt.Sprint(want) { // one that changes nothing is no flush
			t.Errorf("done at %v, want %v", at, want)
		}
	})
}

func TestMaintenanceWithNothingToDoWritesNothing(t *testing.T) {
	s := retained(t)
	for i := range 40 {
		put(t, s, announcement(fmt.Sprint(i), byte(i)))
	}
	before := s.Stats()
	maintain(t, s)
	after := s.Stats()
	if before.WALBytes != after.WALBytes || s.writer.wal.length.Load()*pageSize > before.WALBytes {
		t.Errorf("the WAL grew from %d to %d bytes", before.WALBytes, after.WALBytes)
	}
	wantUpkeep(t, s, nil)
}

func TestCloseEndsMaintenance(t *testing.T) {
	s := retained(t)
	manyOld(t, s, 200, 5)
	ended := make(chan error, 1)
	go func() { ended <- s.Maintain(t.Context()) }()
	waitFor(t, s, func(st Stats) bool { return st.Upkeep["packets"].Chores > 0 })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("maintenance: %v", err)
	}
	if _, err := s.DeleteNodes(t.Context(), []string{"aa"}); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v, want ErrClosed", err)
	}
}

func TestContextEndsMaintenance(t *testing.T) {
	s := retained(t)
	manyOld(t, s, 200, 5)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Maintain(ctx) }()
	waitFor(t, s, func(st Stats) bool { return st.Upkeep["packets"].Chores > 0 })
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("maintenance: %v", err)
	}
	put(t, s, packet(alpha, "live"))
}

// All that senders bring while everything is pruned is there afterwards.
func TestNothingIsLostDuringMaintenance(t *testing.T) {
	s := retained(t, func(o *Options) { o.MaxBatch = 32 })
	manyOld(t, s, 600, 4)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Maintain(ctx) }()
	const senders, each = 4, 100
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			for j := range each {
				// Half of them were there before, and may have been pruned just now.
				r := packet(fmt.Sprint("LIVE", i), fmt.Sprintf("%016x", j+550), at(noon))
				if err := s.Append(t.Context(), r, func(_ Result, err error) {
					if err != nil {
						t.Errorf("not stored: %v", err)
					}
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	waitFor(t, s, func(st Stats) bool { return st.Upkeep["vacuum"].Chores > 0 }) // the last job
	cancel()
	if err := errors.Join(<-ended, s.Close()); err != nil {
		t.Error(err)
	}
	wantRows(t, s.path, "SELECT count(*) FROM transmissions", fmt.Sprint(each))
	wantRows(t, s.path, "SELECT count(*) FROM observations o JOIN observers obs ON obs.rowid = o.observer_idx WHERE obs.id LIKE 'LIVE%'", fmt.Sprint(senders*each))
	wantRows(t, s.path, "SELECT sum(packet_count) FROM observers WHERE id LIKE 'LIVE%'", fmt.Sprint(senders*each))
	wantRows(t, s.path, "PRAGMA foreign_key_check")
	wantRows(t, s.path, "PRAGMA integrity_check", "ok")
}
