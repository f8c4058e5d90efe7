package config

import (
	"net/netip"
	"reflect"
	"testing"
)

func TestSources(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		config Config
		want   []Source
	}{
		"none": {},
		"older form": {
			Config{MQTT: LegacySource{Broker: "mqtt://a", Topic: "mesh/#"}},
			[]Source{{Name: "default", Broker: "mqtt://a:1883", Topics: []string{"mesh/#", "meshcore/#"}}},
		},
		"older form, overlapping": {
			Config{MQTT: LegacySource{Broker: "mqtt://a", Topic: "meshcore/SEA/#"}},
			[]Source{{Name: "default", Broker: "mqtt://a:1883", Topics: []string{"meshcore/#"}}},
		},
		"older form beside a list": {
			Config{MQTT: LegacySource{Broker: "mqtt://a"}, MQTTSources: []Source{{Name: "n", Broker: "mqtt://b", Topics: []string{"x"}}}},
			[]Source{{Name: "n", Broker: "mqtt://b:1883", Topics: []string{"x"}}},
		},
		"names": {
			Config{MQTTSources: []Source{{Broker: "mqtt://b"}, {Broker: "mqtt://b"}, {Name: "n", Broker: "mqtt://c"}}},
			[]Source{
				{Name: "mqtt://b:1883", Broker: "mqtt://b:1883", Topics: []string{"meshcore/#"}},
				{Name: "mqtt://b:1883 (2)", Broker: "mqtt://b:1883", Topics: []string{"meshcore/#"}},
				{Name: "n", Broker: "mqtt://c:1883", Topics: []string{"meshcore/#"}},
			},
		},
		"ports": {
			Config{MQTTSources: []Source{{Name: "1", Broker: "mqtts://[::1]"}, {Name: "2", Broker: "ws://h/mqtt"}, {Name: "3", Broker: "wss://h:9/x"}}},
			[]Source{
				{Name: "1", Broker: "mqtts://[::1]:8883", Topics: []string{"meshcore/#"}},
				{Name: "2", Broker: "ws://h:80/mqtt", Topics: []string{"meshcore/#"}},
				{Name: "3", Broker: "wss://h:9/x", Topics: []string{"meshcore/#"}},
			},
		},
		"no scheme": { // as CoreScope's MQTT library takes them
			Config{MQTTSources: []Source{{Name: "1", Broker: "h:1884"}, {Name: "2", Broker: ":1883"}, {Name: "3", Broker: "h"}}},
			[]Source{
				{Name: "1", Broker: "mqtt://h:1884", Topics: []string{"meshcore/#"}},
				{Name: "2", Broker: "mqtt://localhost:1883", Topics: []string{"meshcore/#"}},
				{Name: "3", Broker: "mqtt://h:1883", Topics: []string{"meshcore/#"}},
			},
		},
		"login in the URL": {
			Config{MQTTSources: []Source{{Broker: "mqtts://u:p@b:1"}, {Broker: "mqtt://u:p@b:1", Username: "v", Password: "q"}}},
			[]Source{
				{Name: "mqtts://b:1", Broker: "mqtts://b:1", Username: "u", Password: "p", Topics: []string{"meshcore/#"}},
				{Name: "mqtt://b:1", Broker: "mqtt://b:1", Username: "v", Password: "q", Topics: []string{"meshcore/#"}},
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tc.config.Sources(); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
		})
	}
}

func TestSourceThatIsThisHub(t *testing.T) {
	t.Parallel()
	machine := Machine{
		Hostname:  "pi",
		Addresses: []netip.Addr{netip.MustParseAddr("192.168.1.20"), netip.MustParseAddr("fd00::20")},
	}
	cases := []struct {
		broker, listener string
		want             bool
	}{
		{"mqtt://localhost:1883", "tcp://:1883", true},
		{"mqtt://localhost", "tcp://:1883", true},
		{"mqtt://LOCALHOST:1883", "tcp://0.0.0.0:1883", true},
		{"mqtt://127.0.0.1:1883", "tcp://[::]:1883", true},
		{"mqtt://[::1]:1883", "tcp://localhost:1883", true},
		{"mqtt://192.168.1.20:1883", "tcp://:1883", true},
		{"mqtt://[fd00::20]:1883", "tcp://:1883", true},
		{"mqtt://pi:1883", "tcp://:1883", true},
		{"mqtt://pi.local:1883", "tcp://192.168.1.20:1883", true},
		{"ws://localhost:1883", "tcp://:1883", true},
		{"mqtt://localhost:1884", "tcp://:1883", false},
		{"mqtts://localhost", "tcp://:1883", false},
		{"mqtt://192.168.1.21:1883", "tcp://:1883", false},
		{"mqtt://mosquitto:1883", "tcp://:1883", false},
		{"mqtt://localhost:1883", "tcp://192.168.1.20:1883", false},
		{"mqtt://192.168.1.20:1883", "tcp://127.0.0.1:1883", false},
		{"mqtt://localhost:0", "tcp://:0", false},
	}
	for _, tc := range cases {
		if got := (Source{Broker: tc.broker}).Self([]string{"tcp://127.9.9.9:9", tc.listener}, machine); got != tc.want {
			t.Errorf("%s with a listener at %s: got %v", tc.broker, tc.listener, got)
		}
	}
}
