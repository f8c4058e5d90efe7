package console

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

func TestFirstLoadIsSmallAndKeptForEver(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for n := range 100 {
		f.add(t, n, n%8, 3, `{"type":"ACK","extraHash":"0a0b0c0d"}`)
	}
	load := func(path string) (int, http.Header) {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+path, nil)
		req.Header.Set("Accept-Encoding", "gzip")
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var body bytes.Buffer
		if _, err := body.ReadFrom(resp.Body); err != nil || resp.StatusCode != 200 {
			t.Fatalf("%s: %d %v", path, resp.StatusCode, err)
		}
		return body.Len(), resp.Header
	}
	a := loadAssets()
	total, header := load("/")
	if policy := header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	for _, name := range []string{"pages.css", "app.js", "dom.js", "inter.woff2", "mark.svg", "live.js", "rows.js", "frame.js"} {
		n, header := load(a.path(name))
		total += n
		if !strings.Contains(header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %v", name, header)
		}
	}
	if total > 150_000 {
		t.Errorf("the first load takes %d bytes, more than 150 kB", total)
	}
	t.Logf("first load: %d bytes", total)
	if _, header := load("/assets/000000000000/app.js"); header.Get("Cache-Control") != "no-store" {
		t.Error("a browser keeps a file under the hash of another")
	}
}
