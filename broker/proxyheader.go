package broker

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// The PROXY protocol: what a proxy says, before the first byte of its client,
// about where that client is. Source: haproxy's doc/proxy-protocol.txt.
const (
	proxyV1 = "PROXY "
	proxyV2 = "\r\n\r\n\x00\r\nQUIT\n"

	maxProxyV1 = 107     // bytes, the end of the line included
	maxProxyV2 = 4 << 10 // bytes after the first 16; proxies send some hundred
)

var errProxyHeader = errors.New("the PROXY header is malformed")

// proxyHeader looks for a PROXY header at the start of s and takes it. client is
// where the proxy's client is; invalid when the proxy speaks for itself or does
// not say. Whoever sends no header is not kept waiting for more than a first
// byte.
func proxyHeader(s *socket) (client netip.AddrPort, found bool, err error) {
	first, err := s.peek(s.Conn, 1)
	if err != nil {
		return netip.AddrPort{}, false, err
	}
	start, read := proxyV1, readProxyV1
	if first[0] == proxyV2[0] {
		start, read = proxyV2, readProxyV2
	}
	for n := 1; n <= len(start); n++ {
		if first, err = s.peek(s.Conn, n); err != nil {
			return netip.AddrPort{}, false, err
		}
		if first[n-1] != start[n-1] {
			return netip.AddrPort{}, false, nil
		}
	}
	client, err = read(s)
	return client, true, err
}

// readProxyV1 reads a line such as
//
//	PROXY TCP4 203.0.113.9 192.0.2.1 51000 1883
func readProxyV1(s *socket) (netip.AddrPort, error) {
	var line []byte
	for n := len(proxyV1); ; n++ {
		if n > maxProxyV1 {
			return netip.AddrPort{}, fmt.Errorf("%w: no end of line", errProxyHeader)
		}
		var err error
		if line, err = s.peek(s.Conn, n); err != nil {
			return netip.AddrPort{}, err
		}
		if bytes.HasSuffix(line, []byte("\r\n")) {
			break
		}
	}
	text := string(line[len(proxyV1) : len(line)-2])
	s.skip(len(line))
	part := strings.Split(text, " ")
	if part[0] == "UNKNOWN" {
		return netip.AddrPort{}, nil
	}
	if len(part) != 5 || part[0] != "TCP4" && part[0] != "TCP6" {
		return netip.AddrPort{}, fmt.Errorf("%w: not TCP4 or TCP6 with two addresses and two ports", errProxyHeader)
	}
	from, err := netip.ParseAddr(part[1])
	port, portErr := strconv.ParseUint(part[3], 10, 16)
	if err != nil || portErr != nil || from.Is4() != (part[0] == "TCP4") || from.Zone() != "" {
		return netip.AddrPort{}, fmt.Errorf("%w: no such address", errProxyHeader)
	}
	return netip.AddrPortFrom(from.Unmap(), uint16(port)), nil
}

// readProxyV2 reads the binary form: 12 bytes that begin every header, version
// and command, family and protocol, the length of the rest, two addresses, two
// ports, and fields that nobody here needs.
func readProxyV2(s *socket) (client netip.AddrPort, err error) {
	const fixed = len(proxyV2) + 4
	head, err := s.peek(s.Conn, fixed)
	if err != nil {
		return client, err
	}
	version, command, family := head[12]>>4, head[12]&0xF, head[13]
	rest := int(binary.BigEndian.Uint16(head[14:]))
	if version != 2 || command > 1 || rest > maxProxyV2 {
		return client, fmt.Errorf("%w: version %d, command %d, %d bytes", errProxyHeader, version, command, rest)
	}
	if head, err = s.peek(s.Conn, fixed+rest); err != nil {
		return client, err
	}
	body := head[fixed:]
	size := map[byte]int{0x11: 4, 0x21: 16}[family] // TCP over IPv4, TCP over IPv6
	switch {
	case command == 0 || size == 0: // the proxy itself, as for a health check; or a family without addresses
	case len(body) < 2*size+4:
		err = fmt.Errorf("%w: no room for its addresses", errProxyHeader)
	default:
		from, _ := netip.AddrFromSlice(body[:size])
		client = netip.AddrPortFrom(from.Unmap(), binary.BigEndian.Uint16(body[2*size:]))
	}
	s.skip(fixed + rest)
	return client, err
}
