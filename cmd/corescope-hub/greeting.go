package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// greeting is what an operator wants to know once the hub runs.
type greeting struct {
	listeners []listening
	console   string       // HOST:PORT, as bound; "" when off
	data      string       // path of the database
	demo      bool         // its packets are invented
	bridged   []string     // sources that are dialled
	self      []string     // sources that are this hub
	lan       []netip.Addr // of this machine, the likeliest first
}

// listening is a listener that is open.
type listening struct {
	scheme string // of hub.broker.listen, as tcp://
	bound  string // HOST:PORT
	path   string // of WebSocket, where it is not any
	who    string // may publish
}

// greet tells where the hub is and what to do next, ready to paste.
func greet(w io.Writer, g greeting) {
	var b strings.Builder
	fmt.Fprintln(&b, "corescope-hub is running. Ctrl-C stops it.")
	if g.demo {
		fmt.Fprintln(&b, "This is a demo: every node and packet is invented.")
	}
	fmt.Fprintln(&b)
	for _, l := range g.listeners {
		fmt.Fprintln(&b, "  MQTT     ", g.reach(l.scheme, l.bound)+l.path)
	}
	g.whoMayPublish(&b)
	fmt.Fprintln(&b, "  data     ", g.data)
	if g.console != "" {
		fmt.Fprintln(&b, "  pages    ", g.reach("http://", g.console))
		fmt.Fprintln(&b, "  health   ", g.reach("http://", g.console)+"/readyz and /metrics")
	}
	for _, s := range g.bridged {
		fmt.Fprintln(&b, "  bridge   ", s)
	}
	for _, s := range g.self {
		fmt.Fprintln(&b, "  source   ", s, "is this hub itself: not dialled, its observers come here directly")
	}
	if host, port, ok := g.observerAddress(); ok {
		fmt.Fprintf(&b, observerSettings, host, port)
		switch addr, err := netip.ParseAddr(host); {
		case host == "localhost":
			fmt.Fprint(&b, noNetwork)
		case err == nil && addr.IsLoopback():
			fmt.Fprint(&b, onlyHere)
		}
	}
	_, _ = io.WriteString(w, b.String()) // the hub runs whether or not somebody reads this
}

// whoMayPublish says it once, or for each listener when they differ.
func (g greeting) whoMayPublish(w io.Writer) {
	differs := func(l listening) bool { return l.who != g.listeners[0].who }
	if !slices.ContainsFunc(g.listeners, differs) {
		fmt.Fprintln(w, "  publish  ", g.listeners[0].who)
		return
	}
	for _, l := range g.listeners {
		fmt.Fprintf(w, "  publish   on %s%s: %s\n", g.reach(l.scheme, l.bound), l.path, l.who)
	}
}

// noNetwork explains a name that no other machine can use.
const noNetwork = `
  This machine has no address on a private network. Where an observer runs on
  another one, put a name or address in the place of localhost that it can reach.
`

// onlyHere explains an address that no other machine can use.
const onlyHere = `
  The hub listens on this machine only (hub.broker.listen). Where an observer runs
  on another one, let it listen on every address, as tcp://:1883 does.
`

// observerSettings are for the three kinds of observer that are most common.
const observerSettings = `
Next, point an observer here; SEA stands for the airport nearest to it.

  meshcoretomqtt (/etc/mctomqtt/config.d/99-user.toml) and
  meshcore-packet-capture (/etc/meshcore-packet-capture/config.d/99-user.toml):

    [general]
    iata = "SEA"
    [[broker]]
    name = "corescope-hub"
    enabled = true
    server = "%[1]s"
    port = %[2]s
    transport = "tcp"
    tls = { enabled = false }
    auth = { method = "none" }

  Firmware that publishes by itself, on its console:

    set mqtt.iata SEA
    set mqtt1.preset custom
    set mqtt1.server %[1]s
    set mqtt1.port %[2]s
    reboot
`

// reach is the address that others dial for one that we listen on.
func (g greeting) reach(scheme, bound string) string {
	host, port, every := splitBound(bound)
	if !every {
		return scheme + net.JoinHostPort(host, port)
	}
	if len(g.lan) == 0 {
		return scheme + net.JoinHostPort("localhost", port)
	}
	return scheme + net.JoinHostPort(g.lan[0].String(), port)
}

// observerAddress is what an observer on the local network is to be given: the
// first plain listener that it can reach, or else the first.
func (g greeting) observerAddress() (host, port string, ok bool) {
	for _, l := range g.listeners {
		h, p, err := net.SplitHostPort(g.reach("", l.bound))
		if err != nil || l.scheme != "tcp://" {
			continue
		}
		if !ok {
			host, port, ok = h, p, true
		}
		if addr, err := netip.ParseAddr(h); err == nil && !addr.IsLoopback() {
			return h, p, true
		}
	}
	return host, port, ok
}

// splitBound takes HOST:PORT apart; every is true when HOST is all addresses.
func splitBound(bound string) (host, port string, every bool) {
	host, port, err := net.SplitHostPort(bound)
	if err != nil {
		return bound, "", false
	}
	addr, err := netip.ParseAddr(host)
	return host, port, host == "" || err == nil && addr.IsUnspecified()
}
