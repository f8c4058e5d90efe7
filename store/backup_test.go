package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestBackupIsWholeAndOpens(t *testing.T) {
	s := openTest(t)
	for i := range 50 {
		put(t, s, packet(fmt.Sprintf("OBS%d", i%7), fmt.Sprintf("%016x", i)))
	}
	dst := filepath.Join(t.TempDir(), "backup.db")
	if err := s.Backup(t.Context(), dst); err != nil {
		t.Fatal(err)
	}
	put(t, s, packet(alpha, "later"))
	wantRows(t, dst, "PRAGMA integrity_check", "ok")
	wantRows(t, dst, "SELECT count(*) FROM observations", "50")
	wantRows(t, dst, "SELECT hash FROM transmissions WHERE hash = 'later'")
	restored := openAt(t, dst)
	if res := put(t, restored, packet("OBS3", "new")); res.ObservationID != 51 {
		t.Errorf("the restored file goes on at %d, want 51", res.ObservationID)
	}
	if left, _ := filepath.Glob(dst + ".part*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// VACUUM INTO would number the observers of such a file anew.
func TestBackupKeepsUndeclaredRowids(t *testing.T) {
	path := coreScopeFile(t, `INSERT INTO observers(rowid, id) VALUES(3, 'a'), (5, 'b'), (9, 'c')`)
	s := openAt(t, path)
	dst := filepath.Join(t.TempDir(), "backup.db")
	if err := s.Backup(t.Context(), dst); err != nil {
		t.Fatal(err)
	}
	wantRows(t, dst, "SELECT rowid, id FROM observers", "3|a", "5|b", "9|c")
}

func TestBackupWhileWriting(t *testing.T) {
	s := openTest(t, func(o *Options) { o.QueueDepth, o.MaxBatch = 32, 8 })
	stop := make(chan struct{})
	written := make(chan int)
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				written <- i
				return
			default:
				s.Append(context.Background(), packet(alpha, fmt.Sprintf("%016x", i)), nil)
			}
		}
	}()
	dir := t.TempDir()
	for i := range 3 {
		if err := s.WaitAfter(t.Context(), int64(50*(i+1))); err != nil {
			t.Fatal(err)
		}
		before := s.LastObservation()
		dst := filepath.Join(dir, fmt.Sprintf("backup%d.db", i))
		if err := s.Backup(t.Context(), dst); err != nil {
			t.Fatal(err)
		}
		wantRows(t, dst, "PRAGMA integrity_check", "ok")
		wantRows(t, dst, fmt.Sprintf("SELECT count(*) >= %d, count(*) - max(packet_count), count(*) - max(o.id) FROM observations o, observers", before), "1|0|0")
	}
	close(stop)
	<-written
}

func TestBackupDoesNotOverwrite(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"))
	other := filepath.Join(t.TempDir(), "precious")
	write(t, other, "precious")
	for _, dst := range []string{other, s.path} {
		err := s.Backup(t.Context(), dst)
		if err == nil {
			t.Fatalf("%s: overwritten", dst)
		}
		wantOneLine(t, err, dst, "exists")
	}
	if got, _ := os.ReadFile(other); string(got) != "precious" {
		t.Errorf("file holds %q", got)
	}
}

func TestBackupLeavesNothingWhenItFails(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"))
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Backup(ctx, filepath.Join(dir, "backup.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "missing", "backup.db")); err == nil {
		t.Error("backed up into a directory that is not there")
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	put(t, s, packet(alpha, "02")) // and the snapshot is let go
}
