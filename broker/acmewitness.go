package broker

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
)

// problem is what an authority found wrong (RFC 7807).
type problem struct {
	Type   string `json:"type"`
	Detail string `json:"detail"`
}

func (p problem) Error() string {
	return strings.TrimPrefix(p.Type, problemSpace) + ": " + p.Detail
}

const problemSpace = "urn:ietf:params:acme:error:"

// remedy says what to do about a certificate that cannot be got (RFC 8555,
// 6.7).
func (p problem) remedy() string {
	switch strings.TrimPrefix(p.Type, problemSpace) {
	case "":
		return "this machine has to reach the certificate authority (hub.broker.tls.ca)"
	case "dns":
		return "let the domain's DNS records (A, AAAA) lead to this machine"
	case "connection", "tls", "incorrectResponse", "unauthorized":
		return "the authority has to reach this hub at the domain: port 443 leading to a tls or wss listener, or port 80 to hub.broker.tls.httpListen; look at DNS, router and firewall"
	case "rateLimited":
		return "too many attempts: wait; to try things out, use the authority's staging directory (hub.broker.tls.ca)"
	case "caa", "rejectedIdentifier", "unsupportedIdentifier":
		return "this authority may not or will not certify the domain: look at its CAA record, and at hub.broker.tls.domains"
	case "invalidContact", "unsupportedContact":
		return "correct hub.broker.tls.email, or leave it out"
	}
	return "look at what the authority says; it is tried again by itself"
}

// witness hears what the authority answers: the library keeps to itself why a
// challenge failed.
type witness struct {
	next http.RoundTripper

	mu   sync.Mutex
	stop context.Context
	said problem // the first problem since take
}

// until makes every question end with ctx.
func (w *witness) until(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stop = ctx
}

// take returns the first problem that was heard of since it was last asked.
func (w *witness) take() problem {
	w.mu.Lock()
	defer w.mu.Unlock()
	said := w.said
	w.said = problem{}
	return said
}

// RoundTrip passes a question on, and looks at the answer.
func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	stop := w.stop
	w.mu.Unlock()
	if stop != nil && stop.Err() != nil {
		return nil, stop.Err()
	}
	answer, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	const most = 1 << 20
	body, err := io.ReadAll(io.LimitReader(answer.Body, most))
	if err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	w.read(answer.Header.Get("Content-Type"), body)
	return answer, nil
}

// read looks for a problem: as a document of its own, or in the challenges of an
// authorization. A lost nonce is none, the library asks again.
func (w *witness) read(kind string, body []byte) {
	if !strings.Contains(kind, "json") {
		return
	}
	var said struct {
		problem
		Challenges []struct {
			Error *problem `json:"error"`
		} `json:"challenges"`
	}
	if json.Unmarshal(body, &said) != nil {
		return
	}
	if strings.HasPrefix(said.Type, problemSpace) && said.Type != problemSpace+"badNonce" {
		w.hear(said.problem)
	}
	for _, c := range said.Challenges {
		if c.Error != nil {
			w.hear(*c.Error)
		}
	}
}

func (w *witness) hear(p problem) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.said == (problem{}) {
		w.said = p
	}
}
