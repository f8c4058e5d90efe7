package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

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
