package broker

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
)

// v2 is a PROXY header of version 2 with a body.
func v2(command, family byte, body []byte) string {
	head := append([]byte(proxyV2), 0x20|command, family)
	return string(append(binary.BigEndian.AppendUint16(head, uint16(len(body))), body...))
}

// v2Addresses is the body for a client and 192.0.2.1:1883.
func v2Addresses(client string) []byte {
	at := netip.MustParseAddrPort(client)
	from, to := at.Addr().AsSlice(), netip.MustParseAddr("192.0.2.1").AsSlice()
	if at.Addr().Is6() {
		to = netip.MustParseAddr("2001:db8::1").AsSlice()
	}
	body := append(append([]byte{}, from...), to...)
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(body, at.Port()), 1883)
}

func TestProxyHeaderIsReadAndNothingBeyondIt(t *testing.T) {
	t.Parallel()
	const rest = "\x10\x0c\x00\x04MQTT"
	long := strings.Repeat("x", maxProxyV2+1)
	for name, tc := range map[string]struct {
		bytes  string
		client string // "" for none
		found  bool
		err    error
	}{
		"none":                         {rest, "", false, nil},
		"version 1":                    {"PROXY TCP4 203.0.113.9 192.0.2.1 51000 1883\r\n" + rest, "203.0.113.9:51000", true, nil},
		"version 1, IPv6":              {"PROXY TCP6 2001:db8::9 2001:db8::1 51000 1883\r\n" + rest, "[2001:db8::9]:51000", true, nil},
		"version 1, mapped IPv4":       {"PROXY TCP6 ::ffff:203.0.113.9 ::1 51000 1883\r\n" + rest, "203.0.113.9:51000", true, nil},
		"version 1, unknown":           {"PROXY UNKNOWN\r\n" + rest, "", true, nil},
		"version 1, unknown with more": {"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n" + rest, "", true, nil},
		"version 1, no address":        {"PROXY TCP4 host 192.0.2.1 51000 1883\r\n", "", true, errProxyHeader},
		"version 1, wrong family":      {"PROXY TCP4 ::1 ::1 51000 1883\r\n", "", true, errProxyHeader},
		"version 1, port too large":    {"PROXY TCP4 203.0.113.9 192.0.2.1 66000 1883\r\n", "", true, errProxyHeader},
		"version 1, negative port":     {"PROXY TCP4 203.0.113.9 192.0.2.1 -1 1883\r\n", "", true, errProxyHeader},
		"version 1, two spaces":        {"PROXY TCP4  203.0.113.9 192.0.2.1 51000 1883\r\n", "", true, errProxyHeader},
		"version 1, a zone":            {"PROXY TCP6 fe80::1%eth0 ::1 51000 1883\r\n", "", true, errProxyHeader},
		"version 1, without end":       {"PROXY TCP4 203.0.113.9 192.0.2.1 51000 1883" + long, "", true, errProxyHeader},
		"version 2":                    {v2(1, 0x11, v2Addresses("203.0.113.9:51000")) + rest, "203.0.113.9:51000", true, nil},
		"version 2, IPv6":              {v2(1, 0x21, v2Addresses("[2001:db8::9]:51000")) + rest, "[2001:db8::9]:51000", true, nil},
		"version 2 with more fields":   {v2(1, 0x11, append(v2Addresses("203.0.113.9:51000"), "\x03\x00\x04abcd"...)) + rest, "203.0.113.9:51000", true, nil},
		"version 2, health check":      {v2(0, 0, nil) + rest, "", true, nil},
		"version 2, Unix socket":       {v2(1, 0x31, make([]byte, 216)) + rest, "", true, nil},
		"version 2, cut short":         {v2(1, 0x11, []byte{203, 0, 113, 9}) + rest, "", true, errProxyHeader},
		"version 2, unknown command":   {v2(7, 0x11, v2Addresses("203.0.113.9:51000")), "", true, errProxyHeader},
		"version 2, too long":          {v2(1, 0x11, []byte(long)), "", true, errProxyHeader},
		"version 3":                    {proxyV2 + "\x31\x11\x00\x00", "", true, errProxyHeader},
		"like one and then not":        {"PROXIES", "", false, nil},
	} {
		ours, theirs := net.Pipe()
		go func() { theirs.Write([]byte(tc.bytes)); theirs.Close() }()
		s := &socket{Conn: ours}
		at, found, err := proxyHeader(s)
		client := ""
		if at.IsValid() {
			client = at.String()
		}
		if client != tc.client || found != tc.found || !errors.Is(err, tc.err) {
			t.Errorf("%s: client %q, found %v, %v", name, client, found, err)
		}
		if want, after, ok := strings.Cut(tc.bytes, rest); ok && tc.err == nil {
			got := make([]byte, len(rest))
			if _, err := bufio.NewReader(s).Read(got); err != nil || string(got) != rest {
				t.Errorf("%s: after the header comes %q, %v (%q %q)", name, got, err, want, after)
			}
		}
		ours.Close()
	}
}

func TestProxyHeaderMayComeByTheByte(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"PROXY TCP4 203.0.113.9 192.0.2.1 51000 1883\r\n", v2(1, 0x11, v2Addresses("203.0.113.9:51000"))} {
		ours, theirs := net.Pipe()
		go func() {
			for _, c := range []byte(header) {
				theirs.Write([]byte{c})
			}
		}()
		if at, found, err := proxyHeader(&socket{Conn: ours}); err != nil || !found || at.String() != "203.0.113.9:51000" {
			t.Errorf("%q: %v, %v, %v", header, at, found, err)
		}
		ours.Close()
		theirs.Close()
	}
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func TestTrustedProxySaysWhereAClientIs(t *testing.T) {
	t.Parallel()
	const plain, secure = "tcp://127.0.0.1:0", "tls://127.0.0.1:0"
	b := start(t, verdictSink(storeAll), func(o *Options) {
		o.Listen, o.TLS, o.Proxies = Listeners(plain, secure), certificateFiles(t), loopback
		o.Auth.UsersFile = usersFile(t, "anna:viewer:secret")
	})
	for header, want := range map[string]string{
		"PROXY TCP4 203.0.113.9 192.0.2.1 51000 1883\r\n": "203.0.113.9:51000",
		v2(1, 0x11, v2Addresses("10.0.0.9:51000")):        "10.0.0.9:51000",
	} {
		for _, name := range []string{plain, secure} {
			c := dialRaw(t, b.Addr(name))
			c.send([]byte(header))
			if name == secure {
				c.secure()
			}
			c.login(connectOptions{id: "a", user: "anna", password: "secret"})
			until(t, "session there", func() bool { return len(b.Sessions()) == 1 }) // it is shown a moment after its CONNACK
			if s := b.Sessions(); s[0].Remote != want {
				t.Errorf("%s: %+v, want %s", name, s, want)
			}
			c.conn.Close()
			until(t, "session gone", func() bool { return len(b.Sessions()) == 0 })
		}
	}
}

func TestLocalNetworkIsJudgedByTheRealAddress(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) { o.Proxies = loopback })
	for header, ok := range map[string]bool{
		"PROXY TCP4 192.168.1.9 192.0.2.1 51000 1883\r\n": true,
		"PROXY TCP4 203.0.113.9 192.0.2.1 51000 1883\r\n": false,
		"PROXY TCP4 127.0.0.1 192.0.2.1 51000 1883\r\n":   false, // the proxy itself may stand for anybody
		"PROXY UNKNOWN\r\n": false,
		"":                  false, // it does not say
	} {
		c := dialRaw(t, b.addr)
		c.send(append([]byte(header), connectOptions{id: "a", version: 4}.packet()...))
		if h, body := c.read(); h != 0x20 || body[1] == 0 != ok {
			t.Errorf("%q: CONNACK % x, let in should be %v", header, body, ok)
		}
	}
}

func TestConnectionsThroughAProxyAreCountedByTheRealAddress(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) { o.MaxPerAddress, o.Proxies, o.Auth.Anonymous = 1, loopback, AnonymousAll })
	through := func(client, id string) *rawClient {
		c := dialRaw(t, b.addr)
		c.send([]byte("PROXY TCP4 " + client + " 192.0.2.1 51000 1883\r\n"))
		c.send(connectOptions{id: id, version: 4}.packet())
		return c
	}
	for i := range 3 {
		if h, body := through(fmt.Sprintf("203.0.113.%d", i), fmt.Sprint(i)).read(); h != 0x20 || body[1] != 0 {
			t.Errorf("client %d: % x % x", i, h, body)
		}
	}
	through("203.0.113.1", "again").expectClosed()
	if n := b.Stats().RefusedConnections; n != 1 {
		t.Errorf("refused %d connections, want 1", n)
	}
}

func TestProxyHeaderOfAStrangerIsRefusedAndTold(t *testing.T) {
	t.Parallel()
	log := new(lines)
	b := start(t, verdictSink(storeAll), func(o *Options) { o.Log = slog.New(slog.NewTextHandler(log, nil)) })
	c := dialRaw(t, b.addr)
	c.send(append([]byte("PROXY TCP4 192.168.1.9 192.0.2.1 51000 1883\r\n"), connectOptions{id: "a", version: 4}.packet()...))
	c.expectClosed()
	until(t, "it is counted", func() bool { return b.Stats().RefusedProxies == 1 })
	if text := log.String(); !strings.Contains(text, "hub.broker.trustedProxies") {
		t.Errorf("the remedy is not in the log:\n%s", text)
	}
}

func TestListenerMayHaveItsOwnProxies(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) {
		o.Proxies = loopback
		o.Listen[0].Proxies = []netip.Prefix{}
	})
	connect(t, b.addr, connectOptions{id: "a"}).ping() // from loopback, directly
}
