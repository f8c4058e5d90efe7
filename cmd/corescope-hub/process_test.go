package main

import (
	"bufio"
	"context"
	"database/sql"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// patience is how long anything may take before a test gives up.
const patience = 60 * time.Second

// hubProcess is a hub in a process of its own.
type hubProcess struct {
	t       *testing.T
	cmd     *exec.Cmd
	mqtt    string // tcp://HOST:PORT
	console string // http://HOST:PORT; "" when off
	db      string // path of the database
	log     *lineLog
}

// startHub runs `corescope-hub serve` on free ports of loopback, in a new
// directory, and waits until it says that it runs. config is a file's text, ""
// for none. The hub is stopped when the test ends, and has to stop cleanly.
func startHub(t *testing.T, config string, env ...string) *hubProcess {
	t.Helper()
	return startHubWith(t, nil, config, env...)
}

// startHubWith is startHub with more flags.
func startHubWith(t *testing.T, flags []string, config string, env ...string) *hubProcess {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{program, "serve"}, flags...)
	if config != "" {
		path := filepath.Join(dir, "hub.json")
		if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-config", path)
	}
	h := &hubProcess{t: t, db: filepath.Join(dir, "data", "meshcore.db"), log: newLineLog(t)}
	h.cmd = &exec.Cmd{
		Path: self, Args: args, Dir: dir, Stderr: h.log,
		Env: append(os.Environ(), append([]string{
			"CORESCOPE_HUB_BROKER_LISTEN=tcp://127.0.0.1:0",
			"CORESCOPE_HUB_CONSOLE_LISTEN=127.0.0.1:0",
			"CORESCOPE_HUB_STORE_COMMIT_INTERVAL=0s",
		}, env...)...),
	}
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if h.cmd.ProcessState == nil {
			if code := h.stop(syscall.SIGTERM); code != exitOK {
				t.Errorf("the hub stopped with exit code %d", code)
			}
		}
	})
	h.readGreeting(out)
	return h
}

// readGreeting finds the addresses in what the hub says when it runs.
func (h *hubProcess) readGreeting(out io.Reader) {
	h.t.Helper()
	mqttLine := regexp.MustCompile(`^ +MQTT +(tcp://\S+)$`)
	consoleLine := regexp.MustCompile(`^ +health +(http://[^/]+)/readyz`)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := mqttLine.FindStringSubmatch(lines.Text()); m != nil {
			h.mqtt = m[1]
		}
		if m := consoleLine.FindStringSubmatch(lines.Text()); m != nil {
			h.console = m[1]
		}
		if strings.Contains(lines.Text(), "reboot") { // its last line
			break
		}
	}
	if h.mqtt == "" {
		_ = h.cmd.Wait()
		h.t.Fatalf("the hub did not start: %v", h.cmd.ProcessState)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the process
}

// stop sends a signal and returns the exit code.
func (h *hubProcess) stop(s os.Signal) int {
	h.t.Helper()
	if err := h.cmd.Process.Signal(s); err != nil {
		h.t.Fatal(err)
	}
	return h.wait()
}

func (h *hubProcess) wait() int {
	h.t.Helper()
	guard := time.AfterFunc(patience, func() { _ = h.cmd.Process.Kill() })
	defer guard.Stop()
	_ = h.cmd.Wait() // the exit code says it
	return h.cmd.ProcessState.ExitCode()
}

// client connects a client that is disconnected when the test ends.
func (h *hubProcess) client(id string, configure ...func(*mqtt.ClientOptions)) mqtt.Client {
	h.t.Helper()
	opts := mqtt.NewClientOptions().AddBroker(h.mqtt).SetClientID(id).SetAutoReconnect(false)
	for _, f := range configure {
		f(opts)
	}
	c := mqtt.NewClient(opts)
	done(h.t, c.Connect())
	h.t.Cleanup(func() { c.Disconnect(100) })
	return c
}

// done waits for a token.
func done(t testing.TB, token mqtt.Token) {
	t.Helper()
	if !token.WaitTimeout(patience) {
		t.Fatal("no answer from the broker")
	}
	if err := token.Error(); err != nil {
		t.Fatal(err)
	}
}

// open opens the hub's database as another reader does.
func (h *hubProcess) open() *sql.DB {
	h.t.Helper()
	db, err := sql.Open("sqlite", "file:"+h.db+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { db.Close() })
	return db
}

// count answers a question whose answer is one number.
func count(t *testing.T, db *sql.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// lineLog keeps what the hub logs, and lets a test wait for a line.
type lineLog struct {
	t       *testing.T
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{} // closed and replaced at each write
}

func newLineLog(t *testing.T) *lineLog { return &lineLog{t: t, changed: make(chan struct{})} }

// Write implements io.Writer.
func (l *lineLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	close(l.changed)
	l.changed = make(chan struct{})
	return len(p), nil
}

// String is all that was logged.
func (l *lineLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// await waits until the log contains text.
func (l *lineLog) await(text string) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	for {
		l.mu.Lock()
		found, changed := strings.Contains(l.text.String(), text), l.changed
		l.mu.Unlock()
		if found {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			l.t.Fatalf("no %q in the log:\n%s", text, l)
		}
	}
}
