package store

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// takeOverFile makes this test binary a hub that takes over the file it names,
// and kills itself ahead of statement takeOverLife, if that is given.
const (
	takeOverFile = "STORE_TEST_TAKE_OVER_FILE"
	takeOverLife = "STORE_TEST_TAKE_OVER_LIFE"
)

func takeOverOrDie(path string) error {
	opts := testOptions()
	opts.CacheBytes = 16 * pageSize // most of the transaction is in the WAL before it is committed
	conn, err := openWriteConn(context.Background(), writerDSN(path, "rw", opts))
	if err != nil {
		return err
	}
	life, err := strconv.Atoi(os.Getenv(takeOverLife))
	if err != nil {
		return err
	}
	db := &countdown{querier: conn.held, n: life, spend: func() error {
		return errors.Join(syscall.Kill(os.Getpid(), syscall.SIGKILL), errors.New("killed, and still here"))
	}}
	_, err = migrate(context.Background(), db, path, slog.New(slog.DiscardHandler))
	return errors.Join(err, conn.close())
}

// takeOverIn runs a hub on a file until ctx ends, and reports whether it lived.
func takeOverIn(t *testing.T, ctx context.Context, path string, life int) (lived bool) {
	t.Helper()
	hub := exec.CommandContext(ctx, os.Args[0])
	hub.Env = append(os.Environ(), takeOverFile+"="+path, takeOverLife+"="+strconv.Itoa(life))
	out, err := hub.CombinedOutput()
	switch {
	case hub.ProcessState == nil && ctx.Err() != nil: // it was over before it began
		return false
	case err == nil, hub.ProcessState != nil && hub.ProcessState.Success(): // or it ended just as ctx did
		return true
	}
	if status, ok := hub.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("hub ended by itself: %v\n%s", err, out)
	}
	return false
}

// kill -9 between two statements, and at any moment within them: the file is
// CoreScope's or the hub's, and the next hub opens it.
func TestKilledWhileTakingOver(t *testing.T) {
	t.Parallel()
	const packets = 200
	source, path := filepath.Join(t.TempDir(), "source.db"), filepath.Join(t.TempDir(), "meshcore.db")
	makeLargeFile(t, source, adoptScript(t, "first.sql"), 4*packets)
	oldSchema, rows := dump(t, source, "SELECT * FROM sqlite_schema"), commonRows(t, source)

	round := func(ctx context.Context, life int) (lived bool) {
		t.Helper()
		copyFile(t, source, path)
		lived = takeOverIn(t, ctx, path, life)
		schema := dump(t, path, "SELECT * FROM sqlite_schema")
		if untouched := slices.Equal(schema, oldSchema); !untouched {
			checkShape(t, path)
			checkMarks(t, path)
		} else if lived {
			t.Error("not taken over")
		}
		if !slices.Equal(commonRows(t, path), rows) {
			t.Errorf("killed ahead of statement %d: rows changed", life)
		}
		openAt(t, path).Close()
		checkShape(t, path)
		wantRows(t, path, "PRAGMA quick_check", "ok")
		wantRows(t, path, "SELECT count(*), sum(last_seen = 0) FROM transmissions", strconv.Itoa(packets)+"|0")
		return lived
	}
	start := time.Now()
	if !round(t.Context(), 1000) {
		t.Fatal("killed by nobody")
	}
	whole := time.Since(start)
	for life, lived := rand.IntN(20), false; !lived; life += 1 + rand.IntN(40) {
		lived = round(t.Context(), life)
	}
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), rand.N(whole))
		round(ctx, 1000)
		cancel()
	}
}
