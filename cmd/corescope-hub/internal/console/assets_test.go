package console

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestFilesAreTheSameWithAndWithoutCompression(t *testing.T) {
	t.Parallel()
	a := loadAssets()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /assets/{hash}/{name}", a.serve)
	for name := range a.files {
		want, err := assetFiles.ReadFile("assets/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, encoding := range []string{"", "br, gzip"} {
			req, answer := httptest.NewRequest(http.MethodGet, a.path(name), nil), httptest.NewRecorder()
			req.Header.Set("Accept-Encoding", encoding)
			mux.ServeHTTP(answer, req)
			var body io.Reader = answer.Body
			if answer.Header().Get("Content-Encoding") == "gzip" {
				if body, err = gzip.NewReader(body); err != nil || encoding == "" {
					t.Fatalf("%s is compressed for %q: %v", name, encoding, err)
				}
			}
			if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s for %q: %d bytes, want %d: %v", name, encoding, len(got), len(want), err)
			}
		}
	}
}
