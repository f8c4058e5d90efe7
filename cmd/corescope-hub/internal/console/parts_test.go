package console

import (
	"bufio"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"corescope-hub/store"
)

func TestBarOfAPageIsSentBeforeItsContentIsKnown(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"identity", "gzip"} {
		release := make(chan struct{})
		url := start(t, Options{Sources: func() Sources { <-release; return Sources{Sources: []Source{}} }})
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/sources", nil)
		client := &http.Client{}
		if encoding == "identity" {
			req.Header.Set("Accept-Encoding", encoding)
		}
		resp, err := client.Do(req) // which unpacks by itself
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		r := bufio.NewReader(resp.Body)
		for line := ""; !strings.Contains(line, "<main"); {
			if line, err = r.ReadString('\n'); err != nil {
				t.Fatalf("%s: the bar does not come: %v", encoding, err)
			}
		}
		close(release)
		rest, err := io.ReadAll(r)
		if err != nil || !strings.HasSuffix(string(rest), "</html>\n") || !strings.Contains(string(rest), `id="state"`) {
			t.Errorf("%s: %v: the rest is %.200s", encoding, err, rest)
		}
	}
}

func TestPageThatCannotBeReadSaysWhy(t *testing.T) {
	t.Parallel()
	closed, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "meshcore.db"), store.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	url := start(t, Options{Store: func() *store.Store { return closed }})
	for _, path := range []string{"/observers", "/nodes", "/system"} {
		if _, body := get(t, url+path); !strings.Contains(body, "Not to be shown now") || !strings.Contains(body, "The database could not be read") || strings.Contains(body, `id="state"`) {
			t.Errorf("%s: %s", path, body)
		}
	}
}

// Live begins with what a screen shows, and goes on from there without a gap.
func TestLiveBeginsWithTheNewestAndLeavesNoGap(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for n := range firstPackets + 3 {
		f.add(t, n, 1, 3, `{"type":"ACK","extraHash":"0a0b0c0d"}`)
	}
	body := f.get(t, "/", 200)
	state := body[strings.Index(body, `id="state"`):]
	if n := strings.Count(state, `"firstSeen"`); n != firstPackets {
		t.Errorf("the script begins with %d packets, want %d", n, firstPackets)
	}
	if !strings.Contains(state, `"next":"4"`) {
		t.Errorf("the next page does not begin after the fourth: %.400s", state)
	}
	if n := strings.Count(body[:strings.Index(body, `id="state"`)], "<tr><td>"); n != firstPackets+3 {
		t.Errorf("without scripts there are %d packets", n)
	}
}
