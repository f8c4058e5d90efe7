package config

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corescope-hub/broker"
)

// load reads a config from text.
func load(t *testing.T, text string, env ...string) (*Config, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "c.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(file, env)
}

func upstreamOf(t *testing.T, c *Config) broker.Upstream {
	t.Helper()
	all := c.BrokerOptions(Machine{}, slog.New(slog.DiscardHandler)).Upstreams
	if len(all) != 1 {
		t.Fatalf("%d upstreams", len(all))
	}
	return all[0]
}

func TestOptionsOfASourceReachTheBroker(t *testing.T) {
	t.Parallel()
	c, err := load(t, `{
		"mqttSources": [{ "name": "far", "broker": "mqtts://far.example", "connectTimeoutSec": 5, "region": "ZRH", "topics": ["meshcore/ZRH/#"] }],
		"hub": {
			"bridges": { "silence": "90s" },
			"sources": { "far": { "clientId": "me", "qos": 0, "republish": true, "tls": { "caFile": "ca", "certFile": "c", "keyFile": "k" } } },
		},
	}`)
	if err != nil {
		t.Fatal(err)
	}
	u := upstreamOf(t, c)
	if u.ClientID != "me" || u.QoS != 0 || !u.Republish || u.TLS != (broker.UpstreamTLS{CAFile: "ca", CertFile: "c", KeyFile: "k"}) {
		t.Errorf("options: %+v", u)
	}
	if u.Name != "far" || u.URL != "mqtts://far.example:8883" || u.ConnectTimeout != 5*time.Second || u.Region != "ZRH" || u.Topics[0] != "meshcore/ZRH/#" || u.Silence != 90*time.Second {
		t.Errorf("source: %+v", u)
	}
}

func TestSourceWithoutOptionsIsLeftAtTheDefaults(t *testing.T) {
	t.Parallel()
	c, err := load(t, `{}`, "MQTT_BROKER=mqtt://far.example", `CORESCOPE_HUB_SOURCES={"env":{"republish":true}}`)
	if err != nil {
		t.Fatal(err)
	}
	u, want := upstreamOf(t, c), broker.DefaultUpstream()
	if u.QoS != want.QoS || u.ClientID != "" || u.Silence != want.Silence || u.ConnectTimeout != want.ConnectTimeout || u.Topics[0] != want.Topics[0] || !u.Republish {
		t.Errorf("got %+v", u)
	}
}

func TestSourceThatLogsInWithATokenRenewsIt(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "node.key")
	if err := os.WriteFile(key, []byte(strings.Repeat("1f", 64)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := load(t, `{
		"mqttSources": [{ "name": "far", "broker": "wss://far.example/mqtt" }],
		"hub": { "sources": { "far": { "token": { "keyFile": "`+key+`", "lifetime": "30m" } } } },
	}`)
	if err != nil {
		t.Fatal(err)
	}
	login := upstreamOf(t, c).Login
	at := time.Unix(1_800_000_000, 0)
	first, err := login(at)
	if err != nil {
		t.Fatal(err)
	}
	again, err := login(at.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if !first.Expires.Equal(at.Add(30*time.Minute)) || first.Password == again.Password || first.Username != again.Username || !strings.HasPrefix(first.Username, "v1_") {
		t.Errorf("first %+v, again %+v", first, again)
	}
	if strings.Count(first.Password, ".") != 2 {
		t.Errorf("no token: %s", first.Password)
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if _, err := login(at); err == nil || !strings.Contains(err.Error(), key) {
		t.Errorf("without the key file: %v", err)
	}
}

func TestOptionsThatNoSourceCanUseAreRefused(t *testing.T) {
	t.Parallel()
	const plain = `"mqttSources": [{ "name": "far", "broker": "mqtt://far.example" }, { "name": "safe", "broker": "mqtts://u:p@safe.example" }]`
	for options, want := range map[string]string{
		`{ "fra": {} }`:                                                `hub.sources["fra"]: no source has this name: use the name of one in mqttSources: "far", "safe"`,
		`{ "far": { "qos": 3 } }`:                                      `hub.sources["far"].qos 3: no such quality of service: write 0, 1 or 2`,
		`{ "far": { "qso": 1 } }`:                                      `hub.sources["far"].qso: no such setting: the nearest is hub.sources["far"].qos`,
		`{ "far": { "tls": { "caFile": "x" } } }`:                      `the source "mqtt://far.example:1883" has no TLS: use mqtts:// or wss:// in its broker`,
		`{ "safe": { "tls": { "certFile": "x" } } }`:                   `hub.sources["safe"].tls: half of a certificate`,
		`{ "far": { "token": { "audience": "x" } } }`:                  `hub.sources["far"].token: no key`,
		`{ "safe": { "token": { "keyFile": "x" } } }`:                  `the source has a username, too`,
		`{ "far": { "token": { "keyFile": "x", "lifetime": "3s" } } }`: `hub.sources["far"].token.lifetime "3s": too short`,
		`{ "far": { "republish": "yes" } }`:                            `hub.sources["far"].republish "yes": neither true nor false`,
		`[]`:                                                           `hub.sources []: not an object`,
	} {
		_, err := load(t, `{ `+plain+`, "hub": { "sources": `+options+` } }`)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", options, err, want)
		}
	}
	if _, err := load(t, `{ "hub": { "sources": { "far": {} } } }`); err == nil || !strings.HasSuffix(err.Error(), `no source has this name: add it to mqttSources, or take this out`) {
		t.Errorf("without sources: %v", err)
	}
	if _, err := load(t, `{ "hub": { "bridges": { "silence": "10ms" } } }`); err == nil || !strings.Contains(err.Error(), "hub.bridges.silence") {
		t.Errorf("silence: %v", err)
	}
	if _, err := load(t, `{}`, "CORESCOPE_HUB_SOURCES=[]"); err == nil || !strings.Contains(err.Error(), "hub.sources") {
		t.Errorf("environment: %v", err)
	}
}

func TestAddressOfASourceShowsNoSecret(t *testing.T) {
	t.Parallel()
	c, err := load(t, `{ "mqttSources": [{ "broker": "wss://user:hunter2@far.example/mqtt?token=hunter2#hunter2" }] }`)
	if err != nil {
		t.Fatal(err)
	}
	s := c.Sources()[0]
	if s.Address() != "wss://far.example:443/mqtt" || s.Name != s.Address() || s.Username != "user" {
		t.Errorf("address %q, name %q, user %q", s.Address(), s.Name, s.Username)
	}
}
