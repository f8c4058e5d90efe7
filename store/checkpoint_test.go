package store

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

func TestCheckpointKeepsTheWALSmall(t *testing.T) {
	const limit = 100 * pageSize
	s := openTest(t, func(o *Options) { o.CheckpointBytes = limit })
	for i := range 400 { // some fifteen pages each
		put(t, s, packet(alpha, fmt.Sprintf("%016x", i)))
	}
	// The file keeps the size it once had. Commits go on while it is copied, and
	// here without a pause.
	if got := s.Stats().WALBytes; got > 10*limit {
		t.Errorf("WAL of %d bytes, and the limit is %d", got, limit)
	}
	s.Close() // after the last checkpoint
	stats := s.Stats()
	if stats.Checkpoints == 0 || stats.CheckpointErrors != 0 || stats.CheckpointSeconds.Count != stats.Checkpoints {
		t.Errorf("%d checkpoints, %d failed, %d timed", stats.Checkpoints, stats.CheckpointErrors, stats.CheckpointSeconds.Count)
	}
}

func TestNoCheckpointBelowTheLimit(t *testing.T) {
	s := openTest(t, func(o *Options) { o.CheckpointInterval = 0 })
	for i := range 20 {
		put(t, s, packet(alpha, fmt.Sprintf("%016x", i)))
	}
	if got := s.Stats(); got.Checkpoints != 0 || got.WALBytes == 0 {
		t.Errorf("%d checkpoints, WAL of %d bytes", got.Checkpoints, got.WALBytes)
	}
}

func TestIdleHubCheckpointsWhenTheIntervalIsOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	synctest.Test(t, func(t *testing.T) {
		opts := DefaultOptions()
		opts.CheckpointInterval = 10 * time.Minute
		s, err := Open(t.Context(), path, opts)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		put(t, s, packet(alpha, "01"))
		for _, step := range []struct {
			after time.Duration
			want  uint64
		}{{9 * time.Minute, 0}, {time.Minute + time.Second, 1}, {24 * time.Hour, 1}} {
			time.Sleep(step.after)
			synctest.Wait()
			if got := s.Stats().Checkpoints; got != step.want {
				t.Errorf("%d checkpoints %s later, want %d", got, step.after, step.want)
			}
		}
		put(t, s, packet(alpha, "02"))
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		if got := s.Stats().Checkpoints; got != 2 {
			t.Errorf("%d checkpoints after another record, want 2", got)
		}
	})
}

func TestCloseLeavesTheFileAlone(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(s.path + suffix); err == nil {
			t.Errorf("%s is still there", suffix)
		}
	}
	wantRows(t, s.path, "SELECT count(*) FROM observations", "1")
	wantRows(t, s.path, "PRAGMA journal_mode", "wal")
}

// A reader in the middle of something keeps the WAL from being copied, not the
// hub from working or from closing.
func TestReaderDoesNotHoldUpTheHub(t *testing.T) {
	s := openTest(t, func(o *Options) { o.CheckpointBytes = 20 * pageSize })
	put(t, s, packet(alpha, "00"))
	reader, err := openAsServer(t, s.path).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if _, err := reader.ExecContext(t.Context(), "BEGIN; SELECT * FROM observations"); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < 50; i++ {
		put(t, s, packet(alpha, fmt.Sprintf("%016x", i)))
	}
	if got := dumpFrom(t, reader, "SELECT count(*) FROM observations")[0]; got != "1" {
		t.Errorf("the reader sees %s rows in its snapshot, want 1", got)
	}
	if got := s.Stats(); got.CheckpointErrors != 0 || got.CommitErrors != 0 {
		t.Errorf("%d checkpoint errors, %d commit errors", got.CheckpointErrors, got.CommitErrors)
	}
	if _, err := reader.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	// Once it has gone, what is in the WAL is copied, and the WAL starts again.
	grown := s.writer.wal.length.Load()
	for i := 50; s.writer.wal.length.Load() >= grown; i++ {
		put(t, s, packet(alpha, fmt.Sprintf("%016x", i)))
		if i == 1000 {
			t.Fatalf("a WAL of %d pages, it was %d", s.writer.wal.length.Load(), grown)
		}
	}
}

// Commits do not wait for a checkpoint that is being made.
func TestCommitsGoOnDuringACheckpoint(t *testing.T) {
	s := openTest(t, func(o *Options) { o.CheckpointBytes = 100 * pageSize })
	c := s.writer.wal
	c.mu.Lock() // as a round does
	defer c.mu.Unlock()
	c.start.Store(0)
	defer c.start.Store(-1)
	for i := 0; c.length.Load() < 2*c.limit; i++ {
		put(t, s, packet(alpha, fmt.Sprintf("%016x", i)))
	}
}

// A round copies what is committed during it, or leaves it to the next one: in
// the end all of it is in the file.
func TestCheckpointLeavesNothingBehind(t *testing.T) {
	s := openTest(t, func(o *Options) { o.CheckpointBytes = 20 * pageSize })
	for i := range 200 {
		put(t, s, packet(alpha, fmt.Sprintf("%016x", i)))
	}
	c := s.writer.wal
	for left := int64(1); left > 0; { // another may be copying at this moment
		left = c.round()
	}
	if got := s.Stats(); got.CheckpointErrors != 0 {
		t.Errorf("%d checkpoints failed", got.CheckpointErrors)
	}
}
