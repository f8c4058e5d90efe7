package broker

import (
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
)

// restoreHost makes r.Host the name that the client knows us by, when a trusted
// proxy says it. Origins are compared with it.
func (w *wayIn) restoreHost(r *http.Request) {
	if host := r.Header.Get("X-Forwarded-Host"); host != "" && w.trustedAt(r.RemoteAddr) {
		r.Host = host
	}
}

// nearPage says whether a request may come from a page of the local network, or
// from no page. A page of the internet whose name leads, all of a sudden, to an
// address of ours has the right origin, too: so the name must be one that nobody
// can register, or that the operator knows.
func (b *Broker) nearPage(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if _, err := netip.ParseAddr(host); err == nil || !strings.Contains(host, ".") {
		return true
	}
	for _, suffix := range []string{".localhost", ".local", ".lan", ".internal", ".home.arpa"} {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return slices.Contains(b.opts.TLS.ACME.Domains, host) || slices.ContainsFunc(b.opts.Origins, func(pattern string) bool {
		if _, after, ok := strings.Cut(pattern, "://"); ok {
			pattern = after
		}
		known, _ := path.Match(strings.ToLower(pattern), strings.ToLower(u.Host))
		return known
	})
}
