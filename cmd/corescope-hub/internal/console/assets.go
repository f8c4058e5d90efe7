package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// assetFiles are what pages load: styles, modules and the font, which is Inter
// under the SIL Open Font License, with its licence beside it.
//
//go:embed assets
var assetFiles embed.FS

// asset is one file, as it is sent. Without compression it is in assetFiles, a
// part of the program: to keep it here too would be half a megabyte for nothing.
type asset struct {
	kind string // Content-Type
	gzip []byte // nil for what is compressed already
}

// assets are all files under one hash of what they hold, so that browsers keep
// them for ever and modules can import each other by their plain names.
type assets struct {
	hash  string
	files map[string]asset
	style string // base.css, to be put into a page
}

var assetKinds = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".woff2": "font/woff2",
	".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
}

// loadAssets reads the embedded files, which are always there.
func loadAssets() *assets {
	all := &assets{files: make(map[string]asset)}
	sum := sha256.New()
	entries, err := fs.ReadDir(assetFiles, "assets") // sorted by name
	if err != nil {
		panic(err)
	}
	for _, entry := range entries {
		b, err := assetFiles.ReadFile("assets/" + entry.Name())
		if err != nil {
			panic(err)
		}
		if entry.Name() == "base.css" {
			all.style = string(b)
		}
		sum.Write([]byte(entry.Name()))
		sum.Write(b)
		a := asset{kind: assetKinds[path.Ext(entry.Name())]}
		if a.kind != "font/woff2" {
			a.gzip = compress(b, gzip.BestCompression)
		}
		all.files[entry.Name()] = a
	}
	all.hash = hex.EncodeToString(sum.Sum(nil))[:12]
	all.style = strings.ReplaceAll(all.style, "url(inter.woff2)", "url("+all.path("inter.woff2")+")")
	return all
}

func compress(b []byte, level int) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, level) // which is one of the package's
	_, _ = z.Write(b)                        // into memory
	_ = z.Close()
	return out.Bytes()
}

// path is where a browser finds a file.
func (a *assets) path(name string) string { return "/assets/" + a.hash + "/" + name }

// serve answers GET /assets/{hash}/{name}. A page of an earlier version, still
// open, gets what there is now, and no browser keeps it under the old name.
func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	file, ok := a.files[name]
	if !ok {
		plain(w, http.StatusNotFound, "no such file\n")
		return
	}
	h := w.Header()
	h.Set("Content-Type", file.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-store")
	if r.PathValue("hash") == a.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if file.gzip != nil && takesGzip(r) {
		h.Set("Content-Encoding", "gzip")
		_, _ = w.Write(file.gzip) // the client's loss
		return
	}
	f, err := assetFiles.Open("assets/" + name)
	if err != nil {
		panic(err) // it was there when the hub started
	}
	_, _ = io.Copy(w, f)
}

func takesGzip(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
}

// inlineHash allows one inline script or style in a Content-Security-Policy.
func inlineHash(script string) string {
	sum := sha256.Sum256([]byte(script))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
