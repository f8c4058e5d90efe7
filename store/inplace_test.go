package store

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRemovedWALCostsNothingThatWasAcked(t *testing.T) {
	for name, files := range map[string][]string{"WAL": {"-wal"}, "WAL and index": {"-wal", "-shm"}, "index": {"-shm"}} {
		t.Run(name, func(t *testing.T) {
			s := openTest(t)
			put(t, s, packet(alpha, "01"), packet(alpha, "02"))
			if _, err := s.ObservationsAfter(t.Context(), 0, 1); err != nil { // a reader stays connected
				t.Fatal(err)
			}
			for _, f := range files {
				if err := os.Remove(s.path + f); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := try(t, s, packet(alpha, "03")); !errors.Is(err, ErrNotCommitted) {
				t.Fatalf("got %v, want ErrNotCommitted", err)
			}
			put(t, s, packet(alpha, "03"), packet(alpha, "04"))
			if rows, err := s.ObservationsAfter(t.Context(), 0, 9); err != nil || len(rows) != 4 {
				t.Errorf("the reader sees %d rows, want 4: %v", len(rows), err)
			}
			wantRows(t, s.path, "SELECT hash FROM transmissions ORDER BY hash", "01", "02", "03", "04")
			wantRows(t, s.path, "PRAGMA integrity_check", "ok")
		})
	}
}

// beginReading opens a transaction that sees what is committed so far.
func beginReading(t *testing.T, pool *sql.DB) (end func()) {
	t.Helper()
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "BEGIN; SELECT count(*) FROM transmissions"); err != nil {
		t.Fatal(err)
	}
	return func() {
		endRead(conn)
		conn.Close()
	}
}

// impatient makes the writer wait for no reader.
func impatient(o *Options) {
	o.before = func(c *writeConn) error {
		_, err := c.exec("PRAGMA busy_timeout = 0")
		return err
	}
}

// What a reader keeps from being copied is only in the WAL without a name, which
// only the writer still has open.
func TestRemovedWALIsKeptWhileAReaderNeedsIt(t *testing.T) {
	for _, ours := range []bool{true, false} {
		s := openTest(t, impatient)
		put(t, s, packet(alpha, "01"))
		pool := s.read
		if !ours {
			var err error
			if pool, err = sql.Open("sqlite", readerDSN(s.path)); err != nil {
				t.Fatal(err)
			}
		}
		end := beginReading(t, pool)
		put(t, s, packet(alpha, "02"))
		if err := os.Remove(s.path + "-wal"); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := try(t, s, packet(alpha, "03")); !errors.Is(err, ErrNotCommitted) {
				t.Errorf("got %v, want ErrNotCommitted", err)
			}
		}
		end()
		if !ours {
			pool.Close()
		}
		put(t, s, packet(alpha, "03"), packet(alpha, "04"))
		s.Close()
		wantRows(t, s.path, "SELECT hash FROM transmissions ORDER BY hash", "01", "02", "03", "04")
		wantRows(t, s.path, "PRAGMA integrity_check", "ok")
	}
}

// As sqlite3 leaves one when it is asked for something after the WAL was removed.
func TestEmptyWALInTheirPlaceCostsNothingThatWasAcked(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"), packet(alpha, "02"))
	if err := errors.Join(os.Remove(s.path+"-wal"), os.WriteFile(s.path+"-wal", nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, err := try(t, s, packet(alpha, "03")); !errors.Is(err, ErrNotCommitted) {
		t.Fatalf("got %v, want ErrNotCommitted", err)
	}
	put(t, s, packet(alpha, "03"))
	s.Close()
	wantRows(t, s.path, "SELECT hash FROM transmissions ORDER BY hash", "01", "02", "03")
	wantRows(t, s.path, "PRAGMA integrity_check", "ok")
}

func TestNothingIsAckedWhileTheFileIsElsewhere(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"))
	for _, f := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(s.path+f, s.path+".away"+f); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if _, err := try(t, s, packet(alpha, "02")); !errors.Is(err, ErrNotCommitted) {
			t.Fatalf("got %v, want ErrNotCommitted", err)
		}
		if got := s.Stats().LastError; !strings.HasPrefix(got, s.path+": moved, removed or replaced") {
			t.Errorf("told %q", got)
		}
	}
	if _, err := os.Stat(s.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a fresh file was made: %v", err)
	}
	if err := os.Rename(s.path+".away", s.path); err != nil {
		t.Fatal(err)
	}
	put(t, s, packet(alpha, "02"))
	wantRows(t, s.path, "PRAGMA integrity_check", "ok")
}

// putInPlace puts another database under the name of s's.
func putInPlace(t *testing.T, s *Store, other string) {
	t.Helper()
	if err := errors.Join(os.Rename(s.path, s.path+".away"), os.Rename(other, s.path)); err != nil {
		t.Fatal(err)
	}
}

func TestDatabaseInThePlaceOfOursIsTakenOnlyAsItShouldBe(t *testing.T) {
	for _, tc := range []struct {
		name, edit string
		taken      bool
	}{
		{"another of the hub's", "", true},
		{"an older hub's", "PRAGMA user_version = 1", latestVersion() == 1},
		{"one without tables", "DROP TABLE observations", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := openTest(t)
			put(t, s, packet(alpha, "01"))
			other := filepath.Join(t.TempDir(), "other.db")
			openAt(t, other).Close()
			execSQL(t, other, tc.edit)
			putInPlace(t, s, other)
			for range 2 {
				if _, err := try(t, s, packet(alpha, "02")); !errors.Is(err, ErrNotCommitted) && !tc.taken {
					t.Errorf("got %v, want ErrNotCommitted", err)
				}
			}
			if tc.taken {
				put(t, s, packet(alpha, "03"))
				wantRows(t, s.path, "SELECT count(*) FROM transmissions WHERE hash = '03'", "1")
			}
			wantRows(t, s.path+".away", "SELECT hash FROM transmissions WHERE hash = '01'", "01")
			wantRows(t, s.path, "SELECT count(*) FROM transmissions WHERE hash = '01'", "0")
		})
	}
}

// A WAL is not marked with the database that it belongs to: SQLite would write
// its pages into any other.
func TestWALLeftBehindIsNotTakenForAnotherDatabases(t *testing.T) {
	s := openTest(t, impatient)
	put(t, s, packet(alpha, "01"))
	reader, err := sql.Open("sqlite", readerDSN(s.path)) // keeps the WAL from being emptied
	if err != nil {
		t.Fatal(err)
	}
	end := beginReading(t, reader)
	put(t, s, packet(alpha, "02"))
	other := filepath.Join(t.TempDir(), "other.db")
	openAt(t, other).Close()
	putInPlace(t, s, other)
	for range 2 {
		if _, err := try(t, s, packet(alpha, "03")); !errors.Is(err, ErrNotCommitted) {
			t.Errorf("got %v, want ErrNotCommitted", err)
		}
	}
	end()
	reader.Close()
	put(t, s, packet(alpha, "04"))
	wantRows(t, s.path, "SELECT hash FROM transmissions", "04")
	wantRows(t, s.path, "PRAGMA integrity_check", "ok")
	wantRows(t, s.path+".away", "SELECT hash FROM transmissions WHERE hash < '03'", "01", "02")
}

// The hub was killed, and its file moved without the WAL.
func TestNoFreshFileIsMadeBesideAWAL(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"))
	path := filepath.Join(t.TempDir(), "meshcore.db")
	copyFile(t, s.path+"-wal", path+"-wal")
	again, err := Open(t.Context(), path, testOptions())
	if err == nil {
		again.Close()
		t.Fatal("opened")
	}
	wantOneLine(t, err, path, "the file is gone, but its WAL is there", "move the file back")
	copyFile(t, s.path, path)
	openAt(t, path)
	wantRows(t, path, "SELECT hash FROM transmissions", "01")
}
