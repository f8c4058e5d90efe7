package broker

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mosquittoBroker is a real broker, of another make than ours, that can be
// stopped and started again at the same address.
type mosquittoBroker struct {
	t    *testing.T
	path string
	addr string
	conf string
	cmd  *exec.Cmd
}

// mosquitto runs one that lets everybody in.
func mosquitto(t *testing.T) (addr string) {
	t.Helper()
	return newMosquitto(t, "allow_anonymous true").addr
}

// newMosquitto runs one with the lines of settings, on a free port; DIR in them
// is a directory of its own.
func newMosquitto(t *testing.T, settings ...string) *mosquittoBroker {
	t.Helper()
	m := &mosquittoBroker{t: t, path: mosquittoTool(t, "mosquitto")}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.addr = ln.Addr().String()
	port := ln.Addr().(*net.TCPAddr).Port
	ln.Close()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil { // it may change its user
		t.Fatal(err)
	}
	m.conf = filepath.Join(dir, "mosquitto.conf")
	text := fmt.Sprintf("user root\nlistener %d 127.0.0.1\n%s\n", port, strings.ReplaceAll(strings.Join(settings, "\n"), "DIR", dir))
	if err := os.WriteFile(m.conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	m.start()
	t.Cleanup(func() { m.stop(os.Kill) })
	return m
}

// mosquittoTool is the path of a program of the Debian packages mosquitto and
// mosquitto-clients. Without it the test is skipped, or fails when HUB_REQUIRE
// names mosquitto.
func mosquittoTool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if path = "/usr/sbin/" + name; fileExists(path) {
		return path
	}
	if slices.Contains(strings.Split(os.Getenv("HUB_REQUIRE"), ","), "mosquitto") {
		t.Fatalf("mosquitto is required: %v", err)
	}
	t.Skipf("needs %[1]s: install the Debian packages mosquitto and mosquitto-clients; HUB_REQUIRE=mosquitto makes this a failure", name)
	return ""
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (m *mosquittoBroker) start() {
	m.t.Helper()
	m.cmd = exec.Command(m.path, "-c", m.conf)
	if err := m.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	until(m.t, "mosquitto listens", func() bool {
		conn, err := net.Dial("tcp", m.addr)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

func (m *mosquittoBroker) stop(s os.Signal) {
	if m.cmd == nil {
		return
	}
	m.cmd.Process.Signal(s)
	m.cmd.Wait()
	m.cmd = nil
}
