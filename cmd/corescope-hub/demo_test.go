package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestDemoShowsAMeshAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	h := startHubWith(t, []string{"--demo"}, `{"mqttSources": [{"name": "real", "broker": "mqtt://real.example"}]}`, "TMPDIR="+temp)
	var day struct {
		Packets []struct{ FirstSeen time.Time }
		Next    string
	}
	if err := json.Unmarshal([]byte(get(t, h.console+"/api/v1/packets?limit=500")), &day); err != nil || len(day.Packets) < 500 || day.Next == "" {
		t.Errorf("a demo begins with %d packets of its past: %v", len(day.Packets), err)
	}
	if newest := day.Packets[0].FirstSeen; time.Since(newest) > time.Hour {
		t.Errorf("the newest packet of the past is of %s", newest)
	}
	awaitText(t, h.console+"/api/v1/sources", `"clients":8`)
	if page := get(t, h.console+"/"); !strings.Contains(page, "invented mesh") {
		t.Error("the page does not say that this is a demo")
	}
	if sources := get(t, h.console+"/api/v1/sources"); strings.Contains(sources, "real.example") {
		t.Errorf("a demo dials other brokers: %s", sources)
	}
	if _, err := os.Stat(h.db); err == nil {
		t.Error("the demo wrote where the real database would be")
	}
	if code := h.stop(syscall.SIGINT); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("%v is left behind: %v", left, err)
	}
}

func TestDemoWritesIntoNoDirectoryThatItDidNotMake(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	real := filepath.Join(dir, "meshcore.db")
	if err := os.WriteFile(real, []byte("real rows"), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := &exec.Cmd{Path: self, Args: []string{program, "serve", "--demo", "--demo-dir", dir}, Dir: t.TempDir()}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "leave --demo-dir out") {
		t.Errorf("%v: %s", err, out)
	}
	if text, _ := os.ReadFile(real); string(text) != "real rows" {
		t.Errorf("the real file holds %q", text)
	}
}

func TestDemoGoesOnInItsOwnDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "demo")
	for range 2 {
		h := startHubWith(t, []string{"--demo", "--demo-dir", dir}, "")
		if code := h.stop(syscall.SIGTERM); code != exitOK {
			t.Fatalf("exit code %d\n%s", code, h.log)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "meshcore.db")); err != nil {
		t.Error(err)
	}
}
