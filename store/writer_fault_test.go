package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
)

// SQLite's own limit on the file's size gives the error of a full disk.
func TestFullDiskRefusesAndRecovers(t *testing.T) {
	var full atomic.Bool
	var logged bytes.Buffer
	s := openTest(t, func(o *Options) {
		o.Log = slog.New(slog.NewTextHandler(&logged, nil))
		o.before = func(c *writeConn) error {
			var pages int64 = 1 << 30
			if full.Load() {
				pages = 1 // the least there is: what the file has now
			}
			_, err := c.exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages))
			return err
		}
	})
	put(t, s, packet(alpha, "01"))
	full.Store(true)
	big := func(r *Record) { r.Transmission.DecodedJSON = strings.Repeat("x", 1<<20) }
	for range 3 {
		if res, err := try(t, s, packet(alpha, "02", big)); !errors.Is(err, ErrNotCommitted) || res != (Result{}) {
			t.Fatalf("got %+v, %v; want ErrNotCommitted", res, err)
		}
	}
	stats := s.Stats()
	if stats.CommitErrors != 3 || stats.NotCommitted != 3 || !stats.Failing || !strings.Contains(stats.LastError, "full") {
		t.Errorf("stats: %d commit errors, %d not committed, failing %v, %q", stats.CommitErrors, stats.NotCommitted, stats.Failing, stats.LastError)
	}
	if remedy := "; free some space on the disk of " + s.path; !strings.HasSuffix(stats.LastError, remedy) {
		t.Errorf("%q does not end in %q", stats.LastError, remedy)
	}
	full.Store(false)
	res := put(t, s, packet(alpha, "02", big))
	if want := (Result{TransmissionID: 2, ObservationID: 2, New: true}); res != want {
		t.Errorf("got %+v, want %+v", res, want)
	}
	wantRows(t, s.path, "SELECT hash FROM transmissions", "01", "02")
	wantRows(t, s.path, "SELECT packet_count FROM observers", "2")
	wantRows(t, s.path, "PRAGMA integrity_check", "ok")
	s.Close()
	if got := strings.Count(logged.String(), "commits fail"); got != 1 {
		t.Errorf("failure logged %d times, want once:\n%s", got, &logged)
	}
	if !strings.Contains(logged.String(), "work again") || s.Stats().Failing {
		t.Errorf("recovery not told:\n%s", &logged)
	}
}

func TestFullDiskRefusesTheWholeBatch(t *testing.T) {
	var full atomic.Bool
	g := &gate{}
	s := openTest(t, func(o *Options) {
		o.before = func(c *writeConn) error {
			g.pass(c)
			if full.Load() {
				_, err := c.exec("PRAGMA max_page_count = 1")
				return err
			}
			return nil
		}
	})
	release := g.hold(t, s)
	full.Store(true)
	refused := make(chan error, 2)
	for _, r := range []Record{packet(alpha, "01"), packet(alpha, "02", func(r *Record) { r.Transmission.DecodedJSON = strings.Repeat("x", 1<<20) })} {
		if err := s.Append(t.Context(), r, func(_ Result, err error) { refused <- err }); err != nil {
			t.Fatal(err)
		}
	}
	release()
	for range 2 {
		if err := <-refused; !errors.Is(err, ErrNotCommitted) {
			t.Errorf("got %v, want ErrNotCommitted", err)
		}
	}
	wantRows(t, s.path, "SELECT count(*) FROM transmissions", "0")
}

// poison makes SQLite refuse what carries one hash, name or reason.
const poison = `
	CREATE TRIGGER poison_tx BEFORE INSERT ON transmissions WHEN new.hash = 'bad' BEGIN SELECT RAISE(ABORT, 'poison'); END;
	CREATE TRIGGER poison_obs BEFORE INSERT ON observations WHEN new.direction = 'bad' BEGIN SELECT RAISE(ABORT, 'poison'); END;
	CREATE TRIGGER poison_observer BEFORE UPDATE ON observers WHEN new.name = 'bad' BEGIN SELECT RAISE(ABORT, 'poison'); END;
	CREATE TRIGGER poison_node BEFORE INSERT ON nodes WHEN new.name = 'bad' BEGIN SELECT RAISE(ABORT, 'poison'); END;`

func TestBadRecordDoesNotTakeItsNeighboursDown(t *testing.T) {
	for name, bad := range map[string]Record{
		"transmission": packet("BAD", "bad"),
		"observation":  packet("BAD", "cc", func(r *Record) { r.Observation.Direction = ptr("bad") }),
		"observer":     packet("BAD", "cc", named("bad", "")),
		"node":         advert("cc", func(r *Record) { r.Observer.ID, r.Advert.Name = "BAD", "bad" }),
	} {
		t.Run(name, func(t *testing.T) {
			s, g := openGated(t)
			execSQL(t, s.path, poison)
			release := g.hold(t, s)
			type verdict struct {
				result Result
				err    error
			}
			verdicts := make(chan verdict, 4)
			for _, r := range []Record{packet(alpha, "01"), bad, packet(alpha, "02"), packet(alpha, "01")} {
				if err := s.Append(t.Context(), r, func(res Result, err error) { verdicts <- verdict{res, err} }); err != nil {
					t.Fatal(err)
				}
			}
			release()
			for i, want := range []Result{
				{TransmissionID: 1, ObservationID: 1, New: true}, {},
				{TransmissionID: 2, ObservationID: 2, New: true}, {TransmissionID: 1, ObservationID: 1, Duplicate: true},
			} {
				got := <-verdicts
				if got.result != want || errors.Is(got.err, ErrBadRecord) != (i == 1) {
					t.Errorf("record %d: %+v, %v", i, got.result, got.err)
				}
			}
			wantRows(t, s.path, "SELECT id, packet_count FROM observers", alpha+"|2") // nothing of the bad one is left
			wantRows(t, s.path, "SELECT id, hash FROM transmissions", "1|01", "2|02")
			if got := s.Stats(); got.BadRecords != 1 || got.CommitErrors != 0 || got.Records != 4 {
				t.Errorf("stats: %d bad, %d commit errors, %d records", got.BadRecords, got.CommitErrors, got.Records)
			}
			put(t, s, packet(alpha, "03")) // and what is remembered is right
			wantRows(t, s.path, "SELECT id FROM observations", "1", "2", "3")
		})
	}
}

func TestLockedFileRefusesUntilItIsFree(t *testing.T) {
	s := openTest(t, func(o *Options) {
		o.before = func(c *writeConn) error { _, err := c.exec("PRAGMA busy_timeout = 1"); return err }
	})
	other, err := sql.Open("sqlite", dsn(s.path, "mode=rw"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	conn, err := other.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if _, err := try(t, s, packet(alpha, "01")); !errors.Is(err, ErrNotCommitted) {
		t.Errorf("got %v, want ErrNotCommitted", err)
	}
	if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	put(t, s, packet(alpha, "01"))
}

// A COMMIT that fails leaves it open whether the rows are there. They are not
// claimed, and sent again they are there once. A deferred constraint speaks up
// at COMMIT, not before.
func TestFailedCommitIsNeverClaimed(t *testing.T) {
	s := openTest(t)
	execSQL(t, s.path, `CREATE TABLE pending(transmission_id REFERENCES transmissions(id) DEFERRABLE INITIALLY DEFERRED);
		CREATE TRIGGER dangling AFTER INSERT ON transmissions WHEN new.route_type = 3 BEGIN INSERT INTO pending VALUES(-1); END`)
	res, err := try(t, s, packet(alpha, "01", func(r *Record) { r.Transmission.RouteType = 3 }))
	if !errors.Is(err, ErrNotCommitted) || res != (Result{}) || !strings.Contains(err.Error(), "commit") {
		t.Errorf("got %+v, %v; want ErrNotCommitted", res, err)
	}
	wantRows(t, s.path, "SELECT count(*) FROM transmissions", "0")
	res = put(t, s, packet(alpha, "01"))
	if want := (Result{TransmissionID: 1, ObservationID: 1, New: true}); res != want {
		t.Errorf("got %+v, want %+v", res, want)
	}
}

func TestBrokenConnectionIsReplaced(t *testing.T) {
	var broken atomic.Bool
	s := openTest(t, func(o *Options) {
		o.before = func(c *writeConn) error {
			if broken.Swap(false) {
				_, err := c.exec("BEGIN") // a transaction that nobody ends
				return err
			}
			return nil
		}
	})
	put(t, s, packet(alpha, "01"))
	broken.Store(true)
	if _, err := try(t, s, packet(alpha, "02")); !errors.Is(err, ErrNotCommitted) {
		t.Errorf("got %v, want ErrNotCommitted", err)
	}
	res := put(t, s, packet(alpha, "02"))
	if want := (Result{TransmissionID: 2, ObservationID: 2, New: true}); res != want {
		t.Errorf("got %+v, want %+v", res, want)
	}
	if got := dumpFrom(t, s.writer.conn.held, "PRAGMA foreign_keys")[0]; got != "1" {
		t.Errorf("foreign_keys is %s on the new connection", got)
	}
}
