package simulate

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Target is the broker to publish to.
type Target struct {
	Username, Password string
	InsecureSkipVerify bool // take any TLS certificate

	url *url.URL
}

// schemes of brokers, as the MQTT library calls them, and their ports.
var schemes = map[string]struct{ library, port string }{
	"mqtt": {"tcp", "1883"}, "tcp": {"tcp", "1883"},
	"mqtts": {"ssl", "8883"}, "ssl": {"ssl", "8883"}, "tls": {"ssl", "8883"},
	"ws": {"ws", "80"}, "wss": {"wss", "443"},
}

// ParseTarget reads a broker's address: mqtt://HOST:PORT, or another scheme. The
// port may be left out, and so may the scheme. A login in it is taken.
func ParseTarget(address string) (Target, error) {
	if !strings.Contains(address, "://") {
		address = "mqtt://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || schemes[u.Scheme].library == "" {
		return Target{}, fmt.Errorf("broker %q: not an address: write mqtt://HOST:PORT, or mqtts, ws or wss", withoutLogin(address))
	}
	var t Target
	if u.User != nil {
		t.Username = u.User.Username()
		t.Password, _ = u.User.Password()
		u.User = nil
	}
	s := schemes[u.Scheme]
	u.Scheme = s.library
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), s.port)
	}
	t.url = u
	return t, nil
}

// withoutLogin is what of an address may be shown.
func withoutLogin(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return "…" + address[i:]
	}
	return address
}

// String is the address, without a login.
func (t Target) String() string { return t.url.Scheme + "://" + t.url.Host + t.url.EscapedPath() }

func (t Target) address() string { return t.url.String() }

func (t Target) tlsConfig() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.url.Hostname(), InsecureSkipVerify: t.InsecureSkipVerify}
}
