package main

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"corescope-hub/store"
)

// notifySocket is the socket on which systemd would listen; next returns what is
// sent to it, one datagram at a time.
func notifySocket(t *testing.T) (path string, next func() string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return path, func() string {
		t.Helper()
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 4096)
		n, err := conn.Read(b)
		if err != nil {
			t.Fatalf("systemd is told nothing: %v", err)
		}
		return string(b[:n])
	}
}

func TestSystemdIsToldWhenTheHubIsReadyLivesAndStops(t *testing.T) {
	t.Parallel()
	path, next := notifySocket(t)
	h := startHub(t, "", "NOTIFY_SOCKET="+path, "WATCHDOG_USEC=150000")
	if got := next(); !strings.HasPrefix(got, "READY=1\nSTATUS=Listening for MQTT on tcp://") {
		t.Errorf("first it was told %q", got)
	}
	h.client("observer") // it is ready
	for range 3 {
		if got := next(); got != "WATCHDOG=1" {
			t.Errorf("then it was told %q", got)
		}
	}
	if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	got := next()
	for got == "WATCHDOG=1" {
		got = next()
	}
	if !strings.HasPrefix(got, "STOPPING=1\n") {
		t.Errorf("at the end it was told %q", got)
	}
	if code := h.wait(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

func TestWriterThatHangsDoesNotFeedTheWatchdog(t *testing.T) {
	t.Parallel()
	path, next := notifySocket(t)
	var queued atomic.Int64
	asked := make(chan struct{})
	stats := func() store.Stats {
		asked <- struct{}{}
		return store.Stats{QueueDepth: int(queued.Load())}
	}
	ctx, cancel := context.WithCancel(t.Context())
	log := newLineLog(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		supervisor{socket: path, watchdog: time.Millisecond}.watch(ctx, stats, slog.New(slog.NewTextHandler(log, nil)))
	}()
	<-asked // where it begins
	<-asked
	if got := next(); got != stateAlive {
		t.Fatalf("idle: %q", got)
	}
	queued.Store(2) // records wait, and nothing is committed
	for range 20 {
		<-asked
	}
	cancel()
	for running := true; running; {
		select {
		case <-asked:
		case <-done:
			running = false
		}
	}
	if got := next(); !strings.HasPrefix(got, stateStopping) { // what was told before would come before
		t.Errorf("a hub that hangs says %q", got)
	}
	if n := strings.Count(log.String(), "writer hangs"); n != 1 {
		t.Errorf("it is logged %d times", n)
	}
}

func TestSupervisorIsReadFromTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		vars []string
		want supervisor
	}{
		{"no systemd", []string{"PATH=/bin"}, supervisor{}},
		{"no watchdog", []string{"NOTIFY_SOCKET=/run/systemd/notify"}, supervisor{socket: "/run/systemd/notify"}},
		{"abstract", []string{"NOTIFY_SOCKET=@notify", "WATCHDOG_USEC=2000000"}, supervisor{"@notify", 2 * time.Second}},
		{"ours", []string{"NOTIFY_SOCKET=/n", "WATCHDOG_USEC=1000", "WATCHDOG_PID=" + strconv.Itoa(os.Getpid())}, supervisor{"/n", time.Millisecond}},
		{"a parent's", []string{"WATCHDOG_PID=1", "NOTIFY_SOCKET=/n", "WATCHDOG_USEC=1000"}, supervisor{socket: "/n"}},
		{"no UNIX socket", []string{"NOTIFY_SOCKET=vsock:2:1234"}, supervisor{}},
		{"no number", []string{"WATCHDOG_USEC=soon"}, supervisor{}},
	} {
		if got := supervisorOf(tc.vars); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
	}
}

func TestUnitWaitsForWhatTheHubSays(t *testing.T) {
	t.Parallel()
	unit := deployFile(t, "systemd", "corescope-hub.service")
	for _, line := range []string{"Type=notify", "WatchdogSec=", "Restart=on-failure"} {
		if !strings.Contains(unit, "\n"+line) {
			t.Errorf("no line %s", line)
		}
	}
}
