package corescope

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const asked = "2026-11-24T11:59:58.5Z"

func requestFor(id string, nodes ...byte) string {
	var keys []string
	for _, n := range nodes {
		keys = append(keys, key(n))
	}
	text, _ := json.Marshal(map[string]any{"id": id, "requestedAt": asked, "reason": "geo-prune", "pubkeys": keys})
	return string(text)
}

func TestRequestedNodesAreDeletedAndTheRequestAnswered(t *testing.T) {
	x, logged := exchanged(t, 1, 2, 3)
	put(t, x, "prune-requests/request-0123abcdEF.json", requestFor("0123abcdEF", 1, 3, 9))
	x.answerRequests(t.Context())
	var got map[string]any
	if err := json.Unmarshal([]byte(get(t, x, "prune-requests/result-0123abcdEF.json")), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"id": "0123abcdEF", "requestedAt": asked, "completedAt": "2026-11-24T12:00:00Z", "deleted": 2.0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if there(t, x, "prune-requests/request-0123abcdEF.json") {
		t.Error("the request is still there")
	}
	if got := left(t, x, 1, 2, 3); got != 1 {
		t.Errorf("%d nodes are left, want 1", got)
	}
	if !strings.Contains(logged.String(), "geo-prune") || !strings.Contains(logged.String(), "rows=2") {
		t.Errorf("not told:\n%s", logged)
	}
}

func TestNoDirectoryOfRequestsIsNoTrouble(t *testing.T) {
	x, logged := exchanged(t)
	x.answerRequests(t.Context())
	if logged.Len() > 0 || there(t, x, requestsDir) {
		t.Errorf("made, or told:\n%s", logged)
	}
}

// What is not a request that can be done is answered with the reason, and goes.
func TestUnusableRequestIsAnsweredAndRemoved(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret.json")
	if err := os.WriteFile(secret, []byte(requestFor("ab", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]func(path string) error{
		"not JSON":           func(path string) error { return os.WriteFile(path, []byte(`{"id":`), 0o644) },
		"another's id":       func(path string) error { return os.WriteFile(path, []byte(requestFor("cd", 1)), 0o644) },
		"an id out of place": func(path string) error { return os.WriteFile(path, []byte(requestFor("../../ab", 1)), 0o644) },
		"keys of no text":    func(path string) error { return os.WriteFile(path, []byte(`{"id":"ab","pubkeys":[1]}`), 0o644) },
		"a time that is none": func(path string) error {
			return os.WriteFile(path, []byte(`{"id":"ab","requestedAt":"soon","pubkeys":["`+key(1)+`"]}`), 0o644)
		},
		"a link to a request":  func(path string) error { return os.Symlink(secret, path) },
		"a link into the void": func(path string) error { return os.Symlink(secret+".none", path) },
		"a pipe":               func(path string) error { return syscall.Mkfifo(path, 0o644) },
		"a directory":          func(path string) error { return os.Mkdir(path, 0o755) },
		"too large": func(path string) error {
			return os.WriteFile(path, []byte(requestFor("ab", 1)+strings.Repeat(" ", requestBytes)), 0o644)
		},
		"endless": func(path string) error {
			f, err := os.Create(path)
			if err == nil {
				err = f.Truncate(1 << 40)
				f.Close()
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			x, _ := exchanged(t, 1)
			put(t, x, "prune-requests/other", "")
			if err := make(filepath.Join(x.opts.Dir, requestsDir, "request-ab.json")); err != nil {
				t.Fatal(err)
			}
			x.answerRequests(t.Context())
			if got := get(t, x, "prune-requests/result-ab.json"); !strings.Contains(got, `"error": "`) || !strings.Contains(got, `"deleted": 0`) {
				t.Errorf("answer %q", got)
			}
			if there(t, x, "prune-requests/request-ab.json") {
				t.Error("the request is still there")
			}
			if left(t, x, 1) != 1 {
				t.Error("a node was deleted")
			}
			if _, err := os.Stat(secret); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFilesOfOtherNamesAreLeftAlone(t *testing.T) {
	x, logged := exchanged(t, 1)
	names := []string{
		"request-.json", "request-xyz.json", "request-ab.json.tmp", "request-ab", "result-ab.json", "Request-ab.json",
		"request-" + strings.Repeat("a", 65) + ".json", "request-ab\n.json", "request-ab;rm -rf.json", "request-..json",
	}
	for _, name := range names {
		put(t, x, "prune-requests/"+name, requestFor("ab", 1))
	}
	x.answerRequests(t.Context())
	entries, err := os.ReadDir(filepath.Join(x.opts.Dir, requestsDir))
	if err != nil || len(entries) != len(names) {
		t.Errorf("%d files, want %d: %v", len(entries), len(names), err)
	}
	if left(t, x, 1) != 1 || logged.Len() > 0 {
		t.Errorf("something was done:\n%s", logged)
	}
}

func TestRequestsAreNotReadThroughALink(t *testing.T) {
	x, logged := exchanged(t, 1)
	elsewhere := t.TempDir()
	if err := os.WriteFile(filepath.Join(elsewhere, "request-ab.json"), []byte(requestFor("ab", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(x.opts.Dir, requestsDir)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		x.answerRequests(t.Context())
	}
	if left(t, x, 1) != 1 {
		t.Error("a node was deleted")
	}
	if got := strings.Count(logged.String(), "not usable"); got != 1 {
		t.Errorf("told %d times, want once:\n%s", got, logged)
	}
}

// A link in place of the answer is replaced, not written through.
func TestAnswerIsNotWrittenThroughALink(t *testing.T) {
	x, _ := exchanged(t, 1)
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	put(t, x, "prune-requests/request-ab.json", requestFor("ab", 1))
	if err := os.Symlink(victim, filepath.Join(x.opts.Dir, requestsDir, "result-ab.json.tmp")); err != nil {
		t.Fatal(err)
	}
	x.answerRequests(t.Context())
	if text, err := os.ReadFile(victim); string(text) != "mine" {
		t.Errorf("the victim holds %q, %v", text, err)
	}
	if got := get(t, x, "prune-requests/result-ab.json"); !strings.Contains(got, `"deleted": 1`) {
		t.Errorf("answer %q", got)
	}
}

// As after a crash before the request was removed: its nodes may have come back.
func TestAnsweredRequestIsNotDoneAgain(t *testing.T) {
	x, _ := exchanged(t, 1)
	put(t, x, "prune-requests/request-ab.json", requestFor("ab", 1))
	put(t, x, "prune-requests/result-ab.json", "{}")
	x.answerRequests(t.Context())
	if left(t, x, 1) != 1 || there(t, x, "prune-requests/request-ab.json") || get(t, x, "prune-requests/result-ab.json") != "{}" {
		t.Error("the request was done again, or is still there")
	}
}

func TestRequestIsDoneOnlyIfItCanBeAnswered(t *testing.T) {
	x, logged := exchanged(t, 1)
	put(t, x, "prune-requests/request-ab.json", requestFor("ab", 1))
	put(t, x, "prune-requests/result-ab.json.tmp/in the way", "")
	for range 2 {
		x.answerRequests(t.Context())
	}
	if left(t, x, 1) != 1 {
		t.Error("a node was deleted")
	}
	if got := strings.Count(logged.String(), "not answered"); got != 1 {
		t.Errorf("told %d times, want once:\n%s", got, logged)
	}
}

func TestManyRequestsAreAnsweredByAndBy(t *testing.T) {
	x, _ := exchanged(t, 1)
	const requests = 2*requestsAtATime + 5
	for i := range requests {
		put(t, x, fmt.Sprintf("prune-requests/request-%02x.json", i), requestFor(fmt.Sprintf("%02x", i)))
	}
	for i := range 300 {
		put(t, x, fmt.Sprintf("prune-requests/a%03d", i), "")
	}
	for _, want := range []int{requestsAtATime, 2 * requestsAtATime, requests} {
		x.answerRequests(t.Context())
		answers, err := filepath.Glob(filepath.Join(x.opts.Dir, requestsDir, "result-*.json"))
		if err != nil || len(answers) != want || answers[want-1] != filepath.Join(x.opts.Dir, requestsDir, fmt.Sprintf("result-%02x.json", want-1)) {
			t.Errorf("%d answers, want the first %d", len(answers), want)
		}
	}
}

func TestRequestWaitsForTheNextHub(t *testing.T) {
	x, _ := exchanged(t, 1)
	put(t, x, "prune-requests/request-ab.json", requestFor("ab", 1))
	x.opts.Store.Close()
	x.answerRequests(t.Context())
	entries, err := os.ReadDir(filepath.Join(x.opts.Dir, requestsDir))
	if err != nil || len(entries) != 1 || entries[0].Name() != "request-ab.json" {
		t.Errorf("left: %v, %v", entries, err)
	}
}
