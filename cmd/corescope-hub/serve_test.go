package main

import (
	"context"
	"database/sql"
	"log/slog"
	"math"
	"runtime/debug"
	"syscall"
	"testing"
	"testing/fstest"
)

// It changes a limit of the whole process, so it cannot run beside others.
func TestMemoryLimitOfTheConfigYieldsToGOMEMLIMIT(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	for _, tc := range []struct {
		name string
		mb   int
		vars []string
		want int64
	}{
		{"not given", 0, nil, enough},
		{"GOMEMLIMIT", 1000, []string{"PATH=/bin", "GOMEMLIMIT=2GiB"}, enough},
		{"given", 1000, []string{"PATH=/bin"}, 1000 << 20},
		{"more than there can be", math.MaxInt, nil, math.MaxInt32 << 20},
	} {
		limitMemory(tc.mb, tc.vars, fstest.MapFS{}, slog.New(slog.DiscardHandler))
		if got := debug.SetMemoryLimit(-1); got != tc.want {
			t.Errorf("%s: limit is %d bytes, want %d", tc.name, got, tc.want)
		}
	}
}

func TestSignalStopsTheHubCleanly(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		h := startHub(t, "")
		done(t, h.client("observer").Publish(packetTopic, 1, false, packetMessage(1)))
		if code := h.stop(s); code != exitOK {
			t.Errorf("%v: exit code %d\n%s", s, code, h.log)
		}
		if n := count(t, h.open(), `SELECT count(*) FROM transmissions`); n != 1 {
			t.Errorf("%v: %d transmissions", s, n)
		}
	}
}

func TestSignalsTogetherAreOneWish(t *testing.T) {
	t.Parallel()
	h := startHub(t, "")
	release := lock(t, h.db)
	token := h.client("observer").Publish(packetTopic, 1, false, packetMessage(1))
	awaitText(t, h.console+"/metrics", "corescope_hub_broker_in_flight 1\n")
	for range 3 {
		if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		h.log.await("stopping")
	}
	release()
	if code := h.wait(); code != exitOK {
		t.Errorf("exit code %d\n%s", code, h.log)
	}
	done(t, token)
	if n := count(t, h.open(), `SELECT count(*) FROM transmissions`); n != 1 {
		t.Errorf("%d transmissions", n)
	}
}

func TestLaterSignalStopsAHubThatCannotCommit(t *testing.T) {
	t.Parallel()
	h := startHub(t, "")
	release := lock(t, h.db)
	defer release()
	client := h.client("observer")
	token := client.Publish(packetTopic, 1, false, packetMessage(1))
	if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	h.log.await("still stopping")
	if code := h.stop(syscall.SIGTERM); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	select {
	case <-token.Done():
		if token.Error() == nil {
			t.Error("a message that is in no database was acknowledged")
		}
	default:
	}
}

// lock takes SQLite's write lock of the file, so that nobody can commit.
func lock(t *testing.T, path string) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(context.Background(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() { conn.Close(); db.Close() }
}
