package broker

import (
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

func TestForwardingHeadersNameTheLastHopThatIsNotTrusted(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.9.0.0/16"), netip.MustParsePrefix("fd00::/8")}
	way := &wayIn{proxies: proxies}
	for name, tc := range map[string]struct {
		listed, named []string // X-Forwarded-For, Forwarded
		want          string   // "" when nobody can know
	}{
		"nothing":                         {nil, nil, ""},
		"one hop":                         {[]string{"203.0.113.9"}, nil, "203.0.113.9:0"},
		"with a port":                     {[]string{"203.0.113.9:51000"}, nil, "203.0.113.9:51000"},
		"IPv6":                            {[]string{"2001:db8::9"}, nil, "[2001:db8::9]:0"},
		"IPv6 in brackets":                {[]string{"[2001:db8::9]"}, nil, "[2001:db8::9]:0"},
		"IPv6 with a port":                {[]string{"[2001:db8::9]:51000"}, nil, "[2001:db8::9]:51000"},
		"mapped IPv4":                     {[]string{"::ffff:203.0.113.9"}, nil, "203.0.113.9:0"},
		"what the client wrote is beyond": {[]string{"192.168.1.1, 203.0.113.9"}, nil, "203.0.113.9:0"},
		"written over several lines":      {[]string{"192.168.1.1", "203.0.113.9,10.9.0.1"}, nil, "203.0.113.9:0"},
		"proxies are passed over":         {[]string{"192.168.1.1, 203.0.113.9, 10.9.3.3, fd00::1, 127.0.0.1"}, nil, "203.0.113.9:0"},
		"only proxies: the farthest":      {[]string{"10.9.3.3, 127.0.0.1"}, nil, "10.9.3.3:0"},
		"nonsense nearest":                {[]string{"203.0.113.9, unknown"}, nil, ""},
		"nonsense behind proxies":         {[]string{"203.0.113.9, <script>, 127.0.0.1"}, nil, ""},
		"nonsense beyond":                 {[]string{"nonsense, 203.0.113.9"}, nil, "203.0.113.9:0"},
		"empty hop":                       {[]string{"203.0.113.9,"}, nil, ""},
		"Forwarded":                       {nil, []string{`for=203.0.113.9;proto=https;by=10.9.0.1`}, "203.0.113.9:0"},
		"Forwarded, quoted IPv6":          {nil, []string{`proto=https; For="[2001:db8::9]:51000"`}, "[2001:db8::9]:51000"},
		"Forwarded, several":              {nil, []string{`for=192.168.1.1, for=203.0.113.9, for=127.0.0.1`}, "203.0.113.9:0"},
		"Forwarded, hidden":               {nil, []string{`for=_gazonk`}, ""},
		"Forwarded without for":           {nil, []string{`proto=https`}, ""},
		"both, agreed":                    {[]string{"203.0.113.9"}, []string{`for="203.0.113.9:51000"`}, "203.0.113.9:0"},
		"both, one from the client":       {[]string{"203.0.113.9"}, []string{`for=192.168.1.1`}, ""},
		"too many proxies to follow":      {[]string{"203.0.113.9," + strings.Repeat("127.0.0.1,", maxForwardHops) + "127.0.0.1"}, nil, "127.0.0.1:0"},
		"a hop of great length":           {[]string{strings.Repeat("9", maxForwardBytes)}, nil, ""},
	} {
		at := forwardedFor(http.Header{"X-Forwarded-For": tc.listed, "Forwarded": tc.named}, way.trusted)
		got := ""
		if at.IsValid() {
			got = at.String()
		}
		if got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
}

// webLogin connects over WebSocket with headers and returns the reason of the
// CONNACK, or -1 when there is none.
func webLogin(t *testing.T, addr string, header http.Header) int {
	t.Helper()
	ws, _, err := websocket.Dial(t.Context(), "ws://"+addr, &websocket.DialOptions{Subprotocols: []string{"mqtt"}, HTTPHeader: header})
	if err != nil {
		return -1
	}
	defer ws.CloseNow()
	if err := ws.Write(t.Context(), websocket.MessageBinary, connectOptions{id: "a", version: 4}.packet()); err != nil {
		return -1
	}
	_, answer, err := ws.Read(t.Context())
	if err != nil || len(answer) != 4 || answer[0] != 0x20 {
		return -1
	}
	return int(answer[3])
}

func TestForwardedClientIsOnTheLocalNetworkOnlyByATrustedWord(t *testing.T) {
	t.Parallel()
	const in, refused = 0, 5
	near, far := http.Header{"X-Forwarded-For": {"192.168.1.9"}}, http.Header{"X-Forwarded-For": {"203.0.113.9"}}
	const name = "ws://127.0.0.1:0"
	for who, proxies := range map[string][]netip.Prefix{"stranger": nil, "trusted": loopback} {
		b := start(t, verdictSink(storeAll), func(o *Options) { o.Listen, o.Proxies = Listeners(name), proxies })
		for what, tc := range map[string]struct {
			header            http.Header
			stranger, trusted int
		}{
			"says near":     {near, refused, in},
			"says far":      {far, refused, refused},
			"says loopback": {http.Header{"X-Forwarded-For": {"127.0.0.1"}}, refused, refused},
			"only Via":      {http.Header{"Via": {"1.1 somebody"}}, refused, refused},
			"silent":        {nil, in, refused},
		} {
			want := tc.stranger
			if who == "trusted" {
				want = tc.trusted
			}
			if got := webLogin(t, b.Addr(name), tc.header); got != want {
				t.Errorf("%s, %s: CONNACK %d, want %d", who, what, got, want)
			}
		}
	}
}

func TestProxyThatIsNotTrustedIsToldOfOnce(t *testing.T) {
	t.Parallel()
	log := new(lines)
	const name = "ws://127.0.0.1:0"
	b := start(t, verdictSink(storeAll), func(o *Options) { o.Listen, o.Log = Listeners(name), slog.New(slog.NewTextHandler(log, nil)) })
	for range 3 {
		webLogin(t, b.Addr(name), http.Header{"X-Forwarded-For": {"203.0.113.9"}})
	}
	if text := log.String(); strings.Count(text, `add \"127.0.0.1\" to hub.broker.trustedProxies`) != 1 {
		t.Errorf("not once in the log:\n%s", text)
	}
}

func TestForwardedClientsAreCountedByTheirAddress(t *testing.T) {
	t.Parallel()
	const name = "ws://127.0.0.1:0"
	b := start(t, verdictSink(storeAll), func(o *Options) {
		o.Listen, o.Proxies, o.MaxPerAddress, o.Auth.Anonymous = Listeners(name), loopback, 1, AnonymousAll
	})
	dial := func(client, id string) (*websocket.Conn, error) {
		ws, _, err := websocket.Dial(t.Context(), "ws://"+b.Addr(name), &websocket.DialOptions{HTTPHeader: http.Header{"X-Forwarded-For": {client}}})
		if err == nil {
			t.Cleanup(func() { ws.CloseNow() })
			ws.Write(t.Context(), websocket.MessageBinary, connectOptions{id: id, version: 4}.packet())
			_, _, err = ws.Read(t.Context())
		}
		return ws, err
	}
	if _, err := dial("203.0.113.1", "a"); err != nil {
		t.Error(err)
	}
	if _, err := dial("203.0.113.2", "b"); err != nil {
		t.Error(err)
	}
	if s := b.Sessions(); len(s) != 2 || s[0].Remote != "203.0.113.1:0" {
		t.Errorf("sessions %+v", s)
	}
	if _, err := dial("203.0.113.1", "c"); err == nil {
		t.Error("one address has two connections")
	}
}

func TestPageMustComeFromANameOfTheLocalNetworkOrOneThatIsKnown(t *testing.T) {
	t.Parallel()
	const in, refused, forbidden = 0, 5, -1
	const name = "ws://127.0.0.1:0"
	b := start(t, verdictSink(storeAll), func(o *Options) {
		o.Listen, o.Origins, o.Proxies = Listeners(name), []string{"map.example.net", "*.example.org"}, []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}
		o.TLS.ACME.Domains = nil
	})
	for origin, tc := range map[string]struct {
		host string // "" for the address
		want int
	}{
		"http://" + b.Addr(name):  {"", in},
		"http://hub:8080":         {"hub:8080", in},
		"http://hub.local":        {"hub.local", in},
		"http://hub.home.arpa":    {"hub.home.arpa", in},
		"http://rebound.example":  {"rebound.example", refused}, // a stranger's name that leads here
		"https://map.example.net": {"", in},
		"https://x.example.org":   {"", in},
		"https://evil.example":    {"", forbidden},
		"null":                    {"", forbidden},
	} {
		header := http.Header{"Origin": {origin}}
		ws, _, err := websocket.Dial(t.Context(), "ws://"+b.Addr(name), &websocket.DialOptions{HTTPHeader: header, Host: tc.host})
		got := forbidden
		if err == nil {
			ws.Write(t.Context(), websocket.MessageBinary, connectOptions{id: "a", version: 4}.packet())
			if _, answer, err := ws.Read(t.Context()); err == nil {
				got = int(answer[3])
			}
			ws.CloseNow()
		}
		if got != tc.want {
			t.Errorf("origin %s, host %q: %d, want %d", origin, tc.host, got, tc.want)
		}
	}
}
