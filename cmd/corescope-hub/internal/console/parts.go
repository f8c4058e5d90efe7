package console

import (
	"compress/gzip"
	"io"
	"net/http"
)

// parts is an answer that goes out in parts, compressed where that is understood.
type parts struct {
	rc  *http.ResponseController
	to  io.Writer
	zip *gzip.Writer // nil without compression
}

// newParts begins the answer.
func newParts(w http.ResponseWriter, r *http.Request) *parts {
	p := &parts{rc: http.NewResponseController(w), to: w}
	notToKeep(w.Header())
	if takesGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		p.zip, _ = gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is right
		p.to = p.zip
	}
	w.WriteHeader(http.StatusOK)
	return p
}

// write sends a part; at once, when the next one may take a while. What fails is
// the client's loss.
func (p *parts) write(b []byte, atOnce bool) {
	_, _ = p.to.Write(b)
	if !atOnce {
		return
	}
	if p.zip != nil {
		_ = p.zip.Flush()
	}
	_ = p.rc.Flush()
}

func (p *parts) close() {
	if p.zip != nil {
		_ = p.zip.Close()
	}
}
