package store

import (
	"bytes"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A hub that failed and to which nobody publishes finds out by itself that the
// fault is gone, with a pause between the tries, and then leaves the file alone.
func TestFailingWriterTriesAgainByItself(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	synctest.Test(t, func(t *testing.T) {
		var faulty atomic.Bool
		var tries atomic.Int64
		var logged bytes.Buffer
		opts := DefaultOptions()
		opts.Log = slog.New(slog.NewTextHandler(&logged, nil))
		opts.before = func(*writeConn) error {
			tries.Add(1)
			if faulty.Load() {
				return errors.New("I/O error")
			}
			return nil
		}
		s, err := Open(t.Context(), path, opts)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		put(t, s, packet(alpha, "01"))
		faulty.Store(true)
		if _, err := try(t, s, packet(alpha, "02")); !errors.Is(err, ErrNotCommitted) {
			t.Fatalf("got %v, want ErrNotCommitted", err)
		}
		for _, step := range []struct {
			name    string
			heal    bool
			after   time.Duration
			tries   int64
			failing bool
		}{
			{"at once", false, 0, 2, true},
			{"a minute later", false, 12*probePause + probePause/2, 2 + 12, true},
			{"when the fault is gone", true, probePause, 2 + 12 + 1, false},
			{"a day later", true, 24 * time.Hour, 2 + 12 + 1, false},
		} {
			faulty.Store(!step.heal)
			time.Sleep(step.after)
			synctest.Wait()
			stats := s.Stats()
			if tries.Load() != step.tries || stats.Failing != step.failing {
				t.Errorf("%s: %d tries, failing %v; want %d, %v", step.name, tries.Load(), stats.Failing, step.tries, step.failing)
			}
			if stats.Commits != 1 || stats.CommitErrors != 1 || stats.LastError != "I/O error" {
				t.Errorf("%s: %d commits, %d failed, %q; want those of records", step.name, stats.Commits, stats.CommitErrors, stats.LastError)
			}
		}
		if got := logged.String(); strings.Count(got, "commits fail") != 1 || strings.Count(got, "work again") != 1 {
			t.Errorf("not told once each:\n%s", got)
		}
		put(t, s, packet(alpha, "02"))
	})
	wantRows(t, path, "SELECT hash FROM transmissions", "01", "02")
}

// What a probe writes is written, so that it fails as a record would, and it
// changes nothing.
func TestProbeWritesAndChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	openAt(t, path).Close()
	opts := testOptions()
	opts.Log = slog.New(slog.DiscardHandler)
	s, err := open(t.Context(), path, opts) // the writer is the test's
	if err != nil {
		t.Fatal(err)
	}
	defer s.read.Close()
	w := s.writer
	defer w.close()
	version := dumpFrom(t, w.conn.held, "PRAGMA user_version")[0]
	for range 3 {
		w.watchWAL()
		was := w.wal.length.Load()
		w.probe()
		w.watchWAL()
		if got := w.wal.length.Load(); got != was+1 {
			t.Errorf("%d pages in the WAL, there were %d: want one more", got, was)
		}
	}
	if got := dumpFrom(t, w.conn.held, "PRAGMA user_version")[0]; got != version {
		t.Errorf("user_version %s, want %s", got, version)
	}
}
