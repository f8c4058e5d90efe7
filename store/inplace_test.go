package store

import (
	"errors"
	"os"
	"testing"
)

func TestRemovedWALCostsNothingThatWasAcked(t *testing.T) {
	for name, files := range map[string][]string{"WAL": {"-wal"}, "WAL and index": {"-wal", "-shm"}} {
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
			wantRows(t, s.path, "SELECT hash FROM transmissions ORDER BY hash", "01", "02", "03", "04")
			wantRows(t, s.path, "PRAGMA integrity_check", "ok")
		})
	}
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
	}
	if _, err := os.Stat(s.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a fresh file was made: %v", err)
	}
}

// The operator moved the file of a running hub, stopped the hub, and starts it.
func TestNoFreshFileIsMadeBesideAWAL(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"))
	if err := os.Rename(s.path, s.path+".away"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second lets go of the file
		if _, err := try(t, s, packet(alpha, "02")); !errors.Is(err, ErrNotCommitted) {
			t.Fatalf("got %v, want ErrNotCommitted", err)
		}
	}
	s.Close()
	again, err := Open(t.Context(), s.path, testOptions())
	if err == nil {
		again.Close()
		t.Fatal("opened")
	}
	wantOneLine(t, err, s.path, "the file is gone, but its WAL is there", "move the file back")
	if err := os.Rename(s.path+".away", s.path); err != nil {
		t.Fatal(err)
	}
	openAt(t, s.path)
	wantRows(t, s.path, "SELECT hash FROM transmissions WHERE hash = '01'", "01")
}
