package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// deployFile reads a file below deploy.
func deployFile(t *testing.T, elem ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"..", "..", "deploy"}, elem...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// checkCommand fails the test when the command line is none of ours.
func checkCommand(t *testing.T, where string, args []string) {
	t.Helper()
	parser, err := newParser(environment{stdout: t.Output(), stderr: t.Output()}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(doubleDashes(args)); err != nil {
		t.Errorf("%s: %v: %v", where, args, err)
	}
}

func TestUnitStartsARealCommand(t *testing.T) {
	t.Parallel()
	lines := regexp.MustCompile(`(?m)^Exec[A-Za-z]*=(.*)$`).FindAllStringSubmatch(deployFile(t, "systemd", "corescope-hub.service"), -1)
	if len(lines) == 0 {
		t.Fatal("no Exec line")
	}
	for _, l := range lines {
		words := strings.Fields(l[1])
		if words[0] != "/usr/bin/corescope-hub" || len(words) < 2 {
			t.Errorf("%s: not our program with a command", l[0])
		}
		checkCommand(t, l[0], words[1:])
	}
}

func TestUnitRunsAsTheUserThatIsMade(t *testing.T) {
	t.Parallel()
	user := regexp.MustCompile(`(?m)^User=(.+)$`).FindStringSubmatch(deployFile(t, "systemd", "corescope-hub.service"))
	made := regexp.MustCompile(`(?m)^u (\S+) `).FindStringSubmatch(deployFile(t, "systemd", "corescope-hub.sysusers"))
	if user == nil || made == nil || user[1] != made[1] {
		t.Errorf("the unit runs as %v, and made is %v", user, made)
	}
}

func TestUnitIsAcceptedBySystemd(t *testing.T) {
	t.Parallel()
	analyze := needTool(t, "systemd-analyze")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	unit := strings.ReplaceAll(deployFile(t, "systemd", "corescope-hub.service"), "/usr/bin/corescope-hub", self)
	path := filepath.Join(t.TempDir(), "corescope-hub.service")
	if err := os.WriteFile(path, []byte(unit), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", path).CombinedOutput()
	if err != nil || strings.Contains(string(out), "corescope-hub.service") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

func TestImageStartsARealCommandAsNobody(t *testing.T) {
	t.Parallel()
	dockerfile := deployFile(t, "docker", "Dockerfile")
	var entry, start, health []string
	for word, into := range map[string]*[]string{"ENTRYPOINT": &entry, "CMD": &start, "HEALTHCHECK": &health} {
		m := regexp.MustCompile(`(?m)^` + word + ` .*?(\[.*\])$`).FindStringSubmatch(dockerfile)
		if m == nil {
			t.Fatalf("no %s", word)
		}
		if err := json.Unmarshal([]byte(m[1]), into); err != nil {
			t.Fatalf("%s: %v", m[0], err)
		}
	}
	if !slices.Equal(entry, []string{"/corescope-hub"}) || health[0] != entry[0] {
		t.Errorf("entry point %v, health check %v", entry, health)
	}
	checkCommand(t, "CMD", start)
	checkCommand(t, "HEALTHCHECK", health[1:])
	if !regexp.MustCompile(`(?m)^USER [1-9][0-9]*:[1-9][0-9]*$`).MatchString(dockerfile) {
		t.Error("runs as root, or as a user by a name that a scratch image does not know")
	}
}
