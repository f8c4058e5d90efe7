package config

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"corescope-hub/broker"
)

func TestListenerIsAnAddressOrAnObject(t *testing.T) {
	t.Parallel()
	c, err := Load(write(t, "c.json", `{"dbPath": "/srv/mesh.db", "hub": {"broker": {
		"listen": [
			"tcp://:1883",
			{"address": "wss://:443", "auth": {"anonymous": false, "token": {"audiences": ["hub.example.net"]}}, "trustedProxies": []},
			{"address": "ws://127.0.0.1:8083", "trustedProxies": ["127.0.0.1", "10.1.2.3/24"]},
		],
		"tls": {"domains": ["hub.example.net"], "agree": true, "email": "a@b.example"},
		"trustedProxies": ["fd00::1"], "origins": ["*.example.net"],
		"auth": {"usersFile": "users", "token": {"maxLifetime": "1h"}},
	}}}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	o := c.BrokerOptions(Machine{}, nil)
	all := broker.DefaultAuth()
	all.UsersFile, all.Tokens.MaxLifetime = "users", 3600e9
	far := all
	far.Anonymous, far.Tokens.Audiences = broker.AnonymousNone, []string{"hub.example.net"}
	want := []broker.Listener{
		{Address: "tcp://:1883"},
		{Address: "wss://:443", Auth: &far, Proxies: []netip.Prefix{}},
		{Address: "ws://127.0.0.1:8083", Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.1.2.0/24")}},
	}
	if !reflect.DeepEqual(o.Listen, want) || !reflect.DeepEqual(o.Auth, all) {
		t.Errorf("got  %+v, %+v\nwant %+v, %+v", o.Listen, o.Auth, want, all)
	}
	acme := broker.ACME{Domains: []string{"hub.example.net"}, Agreed: true, Email: "a@b.example", Directory: "https://acme-v02.api.letsencrypt.org/directory", Dir: "/srv/acme"}
	if !reflect.DeepEqual(o.TLS, broker.TLS{ACME: acme}) {
		t.Errorf("got %+v, want %+v", o.TLS, acme)
	}
	if len(o.Proxies) != 1 || len(o.Origins) != 1 {
		t.Errorf("proxies %v, origins %v", o.Proxies, o.Origins)
	}
}

func TestBadWayInSaysWhatToWrite(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ broker, want string }{
		"unknown key":            {`"listen": [{"address": "tcp://:1", "anonymus": true}]`, "hub.broker.listen[0].anonymus: no such setting"},
		"a number":               {`"listen": [1883]`, "hub.broker.listen[0] 1883: not an object"},
		"no address":             {`"listen": [{"auth": {"anonymous": true}}]`, `hub.broker.listen "": not a listener`},
		"audience of a listener": {`"listen": [{"address": "tcp://:1", "auth": {"token": {"audiences": ["https://a"]}}}]`, "hub.broker.listen[0].auth.token.audiences"},
		"not agreed":             {`"listen": ["wss://:443"], "tls": {"domains": ["hub.example.net"]}`, "hub.broker.tls.agree false: the terms"},
		"no domain":              {`"listen": ["wss://:443"], "tls": {"domains": ["*.example.net"], "agree": true}`, `"*.example.net": not a host name`},
		"an address":             {`"listen": ["wss://:443"], "tls": {"domains": ["192.0.2.1"], "agree": true}`, `"192.0.2.1": not a host name`},
		"domain and files":       {`"listen": ["wss://:443"], "tls": {"domains": ["hub.example.net"], "agree": true, "certFile": "c", "keyFile": "k"}`, "take one of them out"},
		"authority":              {`"listen": ["wss://:443"], "tls": {"domains": ["hub.example.net"], "agree": true, "ca": "acme"}`, `hub.broker.tls.ca "acme": not the directory`},
		"nobody wants it":        {`"tls": {"domains": ["hub.example.net"], "agree": true}`, "no listener needs a certificate"},
		"HTTP address":           {`"listen": ["wss://:443"], "tls": {"domains": ["hub.example.net"], "agree": true, "httpListen": "80"}`, `hub.broker.tls.httpListen "80": not an address`},
		"proxy":                  {`"trustedProxies": ["caddy"]`, `hub.broker.trustedProxies "caddy": not an address or a network`},
		"everybody":              {`"trustedProxies": ["0.0.0.0/0"]`, "that is everybody"},
		"proxy of a listener":    {`"listen": [{"address": "tcp://:1", "trustedProxies": ["::/0"]}]`, "hub.broker.listen[0].trustedProxies"},
		"origin":                 {`"origins": ["https://map.example.net/"]`, "not a host"},
	} {
		_, err := Load(write(t, "c.json", `{"hub": {"broker": {`+tc.broker+`}}}`), nil)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
}

func TestWhoMayPublishIsSaidInWords(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a    Auth
		want string
	}{
		{Auth{Anonymous: "lan"}, "anyone on this machine and on private networks; nobody from elsewhere"},
		{Auth{Anonymous: "lan", UsersFile: "u"}, "anyone on this machine and on private networks; from elsewhere with a password"},
		{Auth{Anonymous: "true", UsersFile: "u"}, "anyone who can reach the port, without a password"},
		{Auth{Anonymous: "false", UsersFile: "u", Token: Token{Audiences: []string{"*"}}}, "whoever has a device token or a password"},
		{Auth{Anonymous: "false"}, "nobody: hub.broker.auth.anonymous is false, and there are neither users nor audiences of tokens"},
	} {
		if got := tc.a.Who(); got != tc.want {
			t.Errorf("%+v: %s", tc.a, got)
		}
	}
}
