package main

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"corescope-hub/broker"
)

// simulateInto runs the simulate command and returns its exit code and what it
// printed.
func simulateInto(t *testing.T, broker string, flags ...string) (out, errs string, code int) {
	t.Helper()
	var o, e strings.Builder
	env := environment{stdin: strings.NewReader(""), stdout: &o, stderr: &e}
	code = run(t.Context(), env, append([]string{"simulate", "--broker", broker}, flags...))
	return o.String(), e.String(), code
}

func TestSimulatedMeshIsStored(t *testing.T) {
	t.Parallel()
	h := startHub(t, "")
	out, errs, code := simulateInto(t, h.mqtt, "--rate=600", "--count=400")
	if code != exitOK || errs != "" || !strings.Contains(out, "ended: ") || strings.Contains(out, "missed") {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	db := h.open()
	for what, question := range map[string]string{
		"packets heard by several observers": `SELECT count(*) FROM (SELECT transmission_id FROM observations GROUP BY transmission_id HAVING count(DISTINCT observer_idx) > 2)`,
		"nodes known by their adverts":       `SELECT count(*) FROM nodes WHERE name = 'Kiln Yard' AND lat > 57`,
		"observers with a status":            `SELECT count(*) FROM observers WHERE model IS NOT NULL AND noise_floor < -100`,
	} {
		if n := count(t, db, question); n == 0 {
			t.Errorf("no %s", what)
		}
	}
}

func TestSimulateSaysWhatToDoWhenItCannotConnect(t *testing.T) {
	t.Parallel()
	hash, err := broker.HashPassword("right")
	if err != nil {
		t.Fatal(err)
	}
	users := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(users, []byte("ann:observer:"+hash+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := startHub(t, fmt.Sprintf(`{"hub": {"broker": {"auth": {"anonymous": false, "usersFile": %q}}}}`, users))
	u, err := url.Parse(h.mqtt)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, broker, want string
		flags              []string
	}{
		{"no login", h.mqtt, "give one with --user", nil},
		{"wrong password", "mqtt://ann:wrong@" + u.Host, "give one with --user", nil},
		{"no such scheme", "http://ann:wrong@" + u.Host, "write mqtt://HOST:PORT", nil},
		{"no nodes", h.mqtt, "0 nodes: write 4 to", []string{"--nodes=0"}},
		{"nothing at all", h.mqtt, "packets a minute, more than 0", []string{"--rate=0"}},
		{"no password file", h.mqtt, "check the path", []string{"--user=ann", "--password-file=there-is-none"}},
		{"nowhere", h.mqtt, "write a latitude and a longitude", []string{"--near=57"}},
	} {
		_, errs, code := simulateInto(t, tc.broker, append(tc.flags, "--observers=2")...)
		if code != exitFailed || !strings.Contains(errs, tc.want) || strings.Contains(errs, "wrong@") {
			t.Errorf("%s: exit code %d: %s", tc.name, code, errs)
		}
	}
	if out, errs, code := simulateInto(t, h.mqtt, "--user=ann", "--password=right", "--observers=1", "--count=1"); code != exitOK {
		t.Errorf("with the login: exit code %d: %s%s", code, out, errs)
	}
}

// A line that is written over would fill a log.
func TestProgressIsPlainLinesWhereNobodyWatches(t *testing.T) {
	t.Parallel()
	for _, terminal := range []bool{false, true} {
		var out strings.Builder
		p := newProgress(struct{ io.Writer }{&out})
		p.terminal = terminal
		p.at("a long first line")
		p.last = p.last.Add(-2 * progressElsewhere)
		p.at("then")
		p.at("too soon")
		p.say("end")
		want := "a long first line\nthen\nend\n"
		if terminal {
			want = "\ra long first line\rthen             \r    \rend\n"
		}
		if out.String() != want {
			t.Errorf("terminal %v: %q, want %q", terminal, out.String(), want)
		}
	}
}
