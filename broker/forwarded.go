package broker

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// forwardHeaders are what HTTP proxies add to the requests that they pass on.
// One of them is enough to know that a request comes from somebody else than the
// connection does.
var forwardHeaders = []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "X-Forwarded-Host", "X-Forwarded-Proto", "Cf-Connecting-Ip", "Via"}

func wasForwarded(h http.Header) bool {
	return slices.ContainsFunc(forwardHeaders, func(name string) bool { return len(h[name]) > 0 })
}

// Bounds of what is read of a forwarding header: the hops nearest to us.
const (
	maxForwardHops  = 16
	maxForwardBytes = 2 << 10
)

// forwardedFor is who a request comes from, by the word of proxies that are
// trusted: the last hop that is none of them. It is invalid when they do not
// say, or when the two headers for it name different hosts: a proxy writes one
// of them, and the other came through it as the client wrote it.
func forwardedFor(h http.Header, trusted func(netip.Addr) bool) netip.AddrPort {
	listed, ok := lastStranger(hops(h["X-Forwarded-For"], func(hop string) string { return hop }), trusted)
	named, also := lastStranger(hops(h["Forwarded"], forParameter), trusted)
	switch {
	case ok && also && listed.Addr() != named.Addr():
		return netip.AddrPort{}
	case also && !ok:
		return named
	}
	return listed
}

// hops are the hops of a header from the nearest to the farthest.
func hops(lines []string, read func(hop string) string) (near []string) {
	left := maxForwardBytes
	for _, line := range slices.Backward(lines) {
		for line != "" && len(near) < maxForwardHops {
			i := strings.LastIndexByte(line, ',')
			hop := line[i+1:]
			if left -= len(hop) + 1; left < 0 {
				return near
			}
			near = append(near, read(strings.TrimSpace(hop)))
			line = line[:max(i, 0)]
		}
	}
	return near
}

// forParameter is the value of for= in a hop of Forwarded (RFC 7239).
func forParameter(hop string) string {
	for pair := range strings.SplitSeq(hop, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if strings.EqualFold(name, "for") {
			return strings.Trim(value, `"`)
		}
	}
	return ""
}

// lastStranger walks from the nearest hop to the first that is not trusted. What
// lies beyond it, or beyond one that is no address, anybody may have written.
// When every hop is trusted it is the farthest.
func lastStranger(near []string, trusted func(netip.Addr) bool) (client netip.AddrPort, found bool) {
	for _, hop := range near {
		at, ok := parseHop(hop)
		if !ok {
			return netip.AddrPort{}, true
		}
		client, found = at, true
		if !trusted(at.Addr()) {
			break
		}
	}
	return client, found
}

// parseHop reads an address with or without a port, an IPv6 one with or without
// brackets.
func parseHop(hop string) (netip.AddrPort, bool) {
	if at, err := netip.ParseAddrPort(hop); err == nil {
		return netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port()), true
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(hop, "["), "]"))
	return netip.AddrPortFrom(a.Unmap().WithZone(""), 0), err == nil
}
