package console

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestProfilesAreWhatTheGoToolsRead(t *testing.T) {
	mux := http.NewServeMux()
	profiles(mux)
	server := httptest.NewServer(mux)
	defer server.Close()
	get := func(path string) (int, []byte) {
		t.Helper()
		resp, err := http.Get(server.URL + "/debug/pprof/" + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, body
	}
	for _, name := range []string{"heap?gc=1", "allocs", "goroutine", "block", "mutex", "threadcreate", "profile?seconds=1"} {
		status, body := get(name)
		z, err := gzip.NewReader(bytes.NewReader(body))
		if status != http.StatusOK || err != nil {
			t.Errorf("%s: status %d, %v", name, status, err)
			continue
		}
		if text, err := io.ReadAll(z); err != nil || len(text) == 0 {
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		}
	}
	if status, body := get("trace?seconds=1"); status != http.StatusOK || !bytes.HasPrefix(body, []byte("go 1.")) {
		t.Errorf("trace: status %d, %.20q", status, body)
	}
	if status, body := get("goroutine?debug=2"); status != http.StatusOK || !strings.Contains(string(body), "TestProfiles") {
		t.Errorf("goroutine as text: status %d, %.100q", status, body)
	}
	if _, body := get(""); !strings.Contains(string(body), "\nheap ") {
		t.Errorf("list: %q", body)
	}
	if status, _ := get("no-such"); status != http.StatusNotFound {
		t.Errorf("unknown profile: status %d", status)
	}
}
