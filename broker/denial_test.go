package broker

import (
	"strings"
	"testing"
)

func TestRefusedClientLearnsWhy(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) {
		o.Auth.Anonymous, o.MaxSessions = AnonymousNone, 1
		o.Auth.UsersFile = usersFile(t, "anna:viewer:secret")
	})
	connect(t, b.addr, connectOptions{id: "in", user: "anna", password: "secret"})
	for name, tc := range map[string]struct {
		o      connectOptions
		v3, v5 byte
	}{
		"no login":              {connectOptions{id: "a"}, 5, 0x87},
		"wrong password":        {connectOptions{id: "a", user: "anna", password: "guess"}, 5, 0x86},
		"one session too many":  {connectOptions{id: "a", user: "anna", password: "secret"}, 3, 0x97},
		"a line break in an id": {connectOptions{id: "a\nb", user: "anna", password: "secret"}, 2, 0x85},
	} {
		for version, want := range map[byte]byte{3: tc.v3, 4: tc.v3, 5: tc.v5} {
			tc.o.version = version
			c := dialRaw(t, b.addr)
			c.version = version
			c.send(tc.o.packet())
			if h, body := c.read(); h != 0x20 || body[1] != want {
				t.Errorf("%s, version %d: got % x % x, want CONNACK %x", name, version, h, body, want)
			}
			c.expectClosed()
		}
	}
}

func TestNamesThatShowAsSomethingElseAreRefused(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{
		"": true, "meshcore_7A31": true, "ESP32_ab12": true, "Hügel 📡": true, "👩‍🚀": true, strings.Repeat("x", maxName): true,
		"a\nb": false, "a\x00": false, "a\x7f": false, "a\u0085b": false, "a\u2028b": false,
		"gpj.\u202eexe": false, "\u2066a\u2069": false, strings.Repeat("x", maxName+1): false,
	} {
		if got := decentName(name); got != ok {
			t.Errorf("%q: %v, want %v", name, got, ok)
		}
	}
}
