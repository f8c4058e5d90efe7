package main

import (
	"net"
	"net/netip"
	"os"
	"slices"

	"corescope-hub/cmd/corescope-hub/internal/config"
)

// thisMachine is what the operating system knows of its own name and addresses.
// What it cannot tell is left out.
func thisMachine() config.Machine {
	var m config.Machine
	m.Hostname, _ = os.Hostname()
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			m.Addresses = append(m.Addresses, prefix.Addr().Unmap())
		}
	}
	return m
}

// lanAddresses are the addresses under which a device on the local network
// reaches this machine, the likeliest first. preferred is the one that leads out.
func lanAddresses(all []netip.Addr, preferred netip.Addr) []netip.Addr {
	var lan []netip.Addr
	for _, a := range all {
		if a.IsPrivate() && a.Is4() {
			lan = append(lan, a)
		}
	}
	slices.SortStableFunc(lan, func(a, b netip.Addr) int {
		switch {
		case a == preferred:
			return -1
		case b == preferred:
			return 1
		}
		return 0
	})
	return lan
}

// outwardAddress is the address of the interface that leads out of this
// machine, if there is one. Nothing is sent: connecting a UDP socket only asks
// for the route.
func outwardAddress() netip.Addr {
	conn, err := net.Dial("udp4", "192.0.2.1:9") // TEST-NET-1, RFC 5737
	if err != nil {
		return netip.Addr{}
	}
	defer conn.Close()
	ap, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr()
}
