package main

import (
	"bufio"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/alecthomas/kong"
)

// Every command has examples, and each of them is run as it stands, in one
// directory and beside a hub that runs.
func TestExamplesOfEveryCommandWork(t *testing.T) {
	t.Parallel()
	sh := needTool(t, "bash")
	parser, err := newParser(environment{stdout: t.Output(), stderr: t.Output()}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	h := startHub(t, `{"hashChannels": ["#test"]}`)
	done(t, h.client("observer").Publish(packetTopic, 1, false, packetMessage(1)))
	s := &exampleShell{sh: sh, hub: h, dir: t.TempDir(), bin: t.TempDir()}
	s.prepare(t)
	left := map[string]bool{}
	for name := range examples {
		left[name] = true
	}
	for _, name := range leaves(parser.Model.Node) {
		if len(examples[name]) == 0 {
			t.Errorf("%s has no example", name)
		}
		delete(left, name)
		for _, e := range examples[name] {
			s.run(t, name, e)
		}
	}
	if len(left) > 0 {
		t.Errorf("examples of commands that there are not: %v", left)
	}
}

// leaves are the names of the commands that can be called.
func leaves(node *kong.Node) (names []string) {
	for _, child := range node.Children {
		switch {
		case child.Hidden:
		case len(child.Children) > 0:
			names = append(names, leaves(child)...)
		default:
			names = append(names, commandName(child))
		}
	}
	return names
}

type exampleShell struct {
	sh, dir, bin string
	hub          *hubProcess
}

// prepare makes the files that examples name.
func (s *exampleShell) prepare(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(s.bin, program)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"hub.json": "{}", "node.key": strings.Repeat("4b", 64)} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// run runs one example, and has it end well. The ports are those of the hub that
// runs, or free ones for what opens them.
func (s *exampleShell) run(t *testing.T, command string, e example) {
	t.Helper()
	line := e.line
	mqtt, err := url.Parse(s.hub.mqtt)
	if err != nil {
		t.Fatal(err)
	}
	if command == "simulate" && !strings.Contains(line, "--broker") {
		line += " --broker mqtt://localhost:1883"
	}
	line = strings.ReplaceAll(line, "localhost:1883", mqtt.Host)
	console := strings.TrimPrefix(s.hub.console, "http://")
	if command == "serve" || command == "check" {
		console = "127.0.0.1:0"
	}
	if e.endless {
		line = "exec " + line
	}
	cmd := exec.CommandContext(t.Context(), s.sh, "-c", line)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "PATH="+s.bin+":"+os.Getenv("PATH"), "TMPDIR="+s.dir,
		"CORESCOPE_HUB_BROKER_LISTEN=tcp://127.0.0.1:0", "CORESCOPE_HUB_CONSOLE_LISTEN="+console)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if e.endless {
		if _, err := lines.ReadString('\n'); err != nil {
			t.Errorf("%s: says nothing: %v", e.line, err)
		}
		_ = cmd.Process.Signal(syscall.SIGINT)
	}
	_, _ = io.Copy(io.Discard, lines)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%s: %v: %s", e.line, err, &errs)
	}
}
