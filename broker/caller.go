package broker

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
)

// caller is where a client is, as far as is known.
type caller struct {
	remote string       // HOST:PORT; port 0 when a proxy does not say
	origin netip.Prefix // of remote, as far as it tells machines apart: for counting
	lan    bool         // it is on the local network
	behind string       // why a caller that seems near is not on the local network; "" when none is known
}

func callerAt(remote string) caller {
	return caller{remote: remote, origin: originOf(remote), lan: local(remote)}
}

// Network and String make a net.Addr of a caller.
func (c caller) Network() string { return "tcp" }

func (c caller) String() string { return c.remote }

// Why an address does not count as near.
const (
	behindStranger = "it comes through a proxy that is not trusted: name the proxy's address in hub.broker.trustedProxies"
	behindSilent   = "it comes through a trusted proxy that does not say for whom: let the proxy send X-Forwarded-For or the PROXY protocol"
	behindRebound  = "its page comes from a name that is not of the local network: name the page's host in hub.broker.origins"
)

// notNear is c as somebody who may be anywhere.
func (c caller) notNear(why string) caller {
	c.lan, c.behind = false, why
	return c
}

// wayIn is what connections that come the same way have in common.
type wayIn struct {
	b       *Broker
	name    string // of the listener, as in logs and counters
	door    *door
	proxies []netip.Prefix // whose word on the address of a client is taken
	strange sync.Once      // forwarding headers of a near proxy that is not trusted were told of
}

// newWayIn is how o lets in. Wrong passwords count together wherever they are
// tried.
func (b *Broker) newWayIn(o Listener) (*wayIn, error) {
	w := &wayIn{b: b, name: o.Address, door: b.door, proxies: b.opts.Proxies}
	if o.Proxies != nil {
		w.proxies = o.Proxies
	}
	if o.Auth != nil {
		var err error
		if w.door, err = newDoor(*o.Auth); err != nil {
			return nil, err
		}
		w.door.throttle = b.door.throttle
	}
	return w, nil
}

// trusted says whether a is one of the proxies.
func (w *wayIn) trusted(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(w.proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

func (w *wayIn) trustedAt(remote string) bool {
	at, err := netip.ParseAddrPort(remote)
	return err == nil && w.trusted(at.Addr())
}

var errStrangeProxy = errors.New("a PROXY header from a machine that is not in hub.broker.trustedProxies")

// introduced is the caller of a new connection, by its PROXY header if it may
// have one. A trusted proxy that sends none may speak for anybody.
func (w *wayIn) introduced(s *socket) (caller, error) {
	peer := callerAt(s.Conn.RemoteAddr().String())
	trusted := w.trustedAt(peer.remote)
	at, found, err := proxyHeader(s)
	switch {
	case err != nil:
		return peer, err
	case found && !trusted:
		return peer, errStrangeProxy
	case found && at.IsValid():
		return w.named(at), nil
	case trusted:
		return peer.notNear(behindSilent), nil
	}
	return peer, nil
}

// named is the caller that a trusted proxy names. A proxy itself may stand for
// anybody.
func (w *wayIn) named(at netip.AddrPort) caller {
	c := callerAt(at.String())
	if w.trusted(at.Addr()) {
		return c.notNear(behindSilent)
	}
	return c
}

// requested is the caller of an HTTP request over a connection of peer.
func (w *wayIn) requested(peer caller, r *http.Request) caller {
	c := peer
	switch {
	case !w.trustedAt(peer.remote):
		if wasForwarded(r.Header) {
			w.tellOfStranger(peer)
			c = peer.notNear(behindStranger)
		}
	default:
		c = peer.notNear(behindSilent)
		if at := forwardedFor(r.Header, w.trusted); at.IsValid() {
			c = w.named(at)
		}
	}
	if c.lan && !w.b.nearPage(r) {
		c = c.notNear(behindRebound)
	}
	return c
}

// tellOfStranger says, once, that somebody near forwards requests and is not
// trusted. Without a word the operator would wonder why nobody may come in.
func (w *wayIn) tellOfStranger(peer caller) {
	if !peer.lan {
		return
	}
	host, _, _ := net.SplitHostPort(peer.remote)
	w.strange.Do(func() {
		w.b.log.Warn("clients come through a proxy that is not trusted: they do not count as the local network, and all have the proxy's address",
			"listener", w.name, "proxy", host, "hint", `add "`+host+`" to hub.broker.trustedProxies`)
	})
}
