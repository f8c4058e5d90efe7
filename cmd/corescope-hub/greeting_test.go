package main

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func addrs(texts ...string) []netip.Addr {
	var out []netip.Addr
	for _, s := range texts {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

func TestGreetingGivesAddressesThatAnObserverCanUse(t *testing.T) {
	t.Parallel()
	lan := addrs("192.168.1.20", "10.0.0.5")
	cases := map[string]struct {
		g    greeting
		want []string
	}{
		"every address": {
			greeting{listeners: []listening{{scheme: "tcp://", bound: "[::]:1883", who: "anyone on this machine and on private networks; nobody from elsewhere"}}, console: "[::]:8080", lan: lan},
			[]string{"MQTT      tcp://192.168.1.20:1883", "pages     http://192.168.1.20:8080\n", "health    http://192.168.1.20:8080/readyz", `server = "192.168.1.20"`, "port = 1883", "set mqtt1.server 192.168.1.20", "set mqtt1.port 1883", "anyone on this machine and on private networks; nobody from elsewhere"},
		},
		"no network": {
			greeting{listeners: []listening{{scheme: "tcp://", bound: "0.0.0.0:1883", who: "anyone who can reach the port, without a password"}}},
			[]string{"MQTT      tcp://localhost:1883", `server = "localhost"`, "no address on a private network", "anyone who can reach the port"},
		},
		"this machine only": {
			greeting{listeners: []listening{{scheme: "tcp://", bound: "127.0.0.1:1883", who: "anyone on this machine and on private networks; nobody from elsewhere"}}, lan: lan},
			[]string{"MQTT      tcp://127.0.0.1:1883", "set mqtt1.server 127.0.0.1", "listens on this machine only (hub.broker.listen)"},
		},
		"one address": {
			greeting{listeners: []listening{{scheme: "tcp://", bound: "127.0.0.1:4001", who: "nobody: hub.broker.auth.anonymous is false"}, {scheme: "tcp://", bound: "10.0.0.5:1883", who: "nobody: hub.broker.auth.anonymous is false"}}, lan: lan},
			[]string{"MQTT      tcp://127.0.0.1:4001", "MQTT      tcp://10.0.0.5:1883", "set mqtt1.server 10.0.0.5", "nobody: hub.broker.auth.anonymous is false"},
		},
		"listeners that differ": {
			greeting{listeners: []listening{{"tcp://", "10.0.0.5:1883", "", "everybody"}, {"ws://", "[::]:8080", "/mqtt", "nobody"}}, lan: lan},
			[]string{"MQTT      ws://192.168.1.20:8080/mqtt", "publish   on tcp://10.0.0.5:1883: everybody", "publish   on ws://192.168.1.20:8080/mqtt: nobody"},
		},
		"bridges": {
			greeting{listeners: []listening{{scheme: "tcp://", bound: "[::]:1883", who: "WHO"}}, bridged: []string{"mqtts://far:8883"}, self: []string{"mqtt://localhost:1883"}, data: "/srv/meshcore.db"},
			[]string{"bridge    mqtts://far:8883", "source    mqtt://localhost:1883 is this hub itself: not dialled", "data      /srv/meshcore.db"},
		},
	}
	for name, tc := range cases {
		var b strings.Builder
		greet(&b, tc.g)
		for _, want := range tc.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: no %q in\n%s", name, want, &b)
			}
		}
		if tc.g.console == "" && strings.Contains(b.String(), "readyz") {
			t.Errorf("%s: the console is off:\n%s", name, &b)
		}
	}
}

func TestLANAddressesBeginWithTheOneThatLeadsOut(t *testing.T) {
	t.Parallel()
	all := addrs("127.0.0.1", "172.17.0.1", "fd00::1", "192.168.1.20", "8.8.8.8", "10.0.0.5")
	got := lanAddresses(all, netip.MustParseAddr("192.168.1.20"))
	if want := addrs("192.168.1.20", "172.17.0.1", "10.0.0.5"); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
