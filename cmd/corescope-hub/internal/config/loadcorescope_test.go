package config

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestCoreScopeKeysAreFoundInAnyCaseAndNullKeepsTheDefault(t *testing.T) {
	t.Parallel()
	c, err := Load(write(t, "c.json", "\xef\xbb\xbf"+`{"DBPATH": "x.db", "retention": {"nodedays": 3, "packetDays": null}, "hub": null}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.DBPath != "x.db" || c.Retention.NodeDays != 3 || c.Retention.PacketDays != 0 || c.Hub.Console.Listen != ":8080" {
		t.Errorf("got %+v", c)
	}
}

func TestEnvironmentOfCoreScope(t *testing.T) {
	t.Parallel()
	path := write(t, "c.json", `{"dbPath": "f.db", "mqttSources": [{"name": "a", "broker": "mqtt://a"}]}`)
	c, err := Load(path, []string{"DB_PATH=", "MQTT_BROKER=mqtts://b:8883", "MQTT_TOPIC=mesh/#"})
	if err != nil {
		t.Fatal(err)
	}
	if c.DBPath != "f.db" {
		t.Errorf("an empty DB_PATH set %q", c.DBPath)
	}
	want := []Source{{Name: "env", Broker: "mqtts://b:8883", Topics: []string{"mesh/#"}}}
	if got := c.Sources(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for seconds, want := range map[int]time.Duration{0: 30 * time.Second, -1: 30 * time.Second, 45: 45 * time.Second, math.MaxInt: 876_000 * time.Hour} {
		if got := (Source{ConnectTimeoutSec: seconds}).ConnectTimeout(); got != want {
			t.Errorf("connectTimeoutSec %d is %s, want %s", seconds, got, want)
		}
	}
}

func TestEmptyDatabasePathIsTheDefault(t *testing.T) {
	t.Parallel()
	c, err := Load(write(t, "c.json", `{"dbPath": ""}`), nil)
	if err != nil || c.DBPath != Default().DBPath {
		t.Errorf("got %q, %v", c.DBPath, err)
	}
}

func TestSettingsThatAreNotAppliedAreWarnedAbout(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{}`: "",
		`{"geo_filter": {"polygon": [[47, -123], [48, -123], [48, -121]], "latMin": 1}}`: "",
		`{"geo_filter": {"latMin": 1, "latMax": 2, "lonMin": 3, "lonMax": 4}}`:           "",
		`{"geo_filter": {"latMin": 1, "latMax": 2, "lonMin": 3}}`:                        "geo_filter has neither",
		`{"clientRxCoverage": {"enabled": true}, "retention": {"nodeDays": 3}}`:          "",
		`{"retention": {"packetDays": 30, "clientRxDays": 30}}`:                          "",

		// CoreScope's ingestor starts with each of these.
		`{"channelKeys": {"_comment": "name to hex", "_x": ""}}`:                                      "",
		`{"channelKeys": {"Club": "abc"}}`:                                                            `channelKeys: channel "Club" is left out: the secret is not hex; write 32 or 64 hex digits`,
		`{"channelKeys": {"Club": "abcd"}}`:                                                           `channelKeys: channel "Club" is left out: the secret has 4 hex digits`,
		`{"geo_filter": {"polygon": [[1, 2], [3, 4]]}}`:                                               "geo_filter.polygon has 2 corners and is not an area",
		`{"geo_filter": {"polygon": [[1, 2, 100], [3, 4, 100], [5, 2, 100]]}}`:                        "",
		`{"geo_filter": {"polygon": [[1, 2], [3, 4], [91, 0]]}}`:                                      "geo_filter.polygon: [91 0] is not a place on Earth",
		`{"geo_filter": {"polygon": [[1, 2], [3, 4], [5, 2]], "bufferKm": -1}}`:                       "geo_filter.bufferKm -1 is negative: it is taken as 0",
		`{"geo_filter": {"latMin": 48, "latMax": 47, "lonMin": 1, "lonMax": 2}}`:                      "geo_filter.latMin 48 is north of latMax 47: every node is outside",
		`{"foreignAdverts": {"mode": "hide"}}`:                                                        `foreignAdverts.mode "hide" is neither "flag" nor "drop": it is taken as "flag"`,
		`{"foreignAdverts": {"mode": " Drop "}}`:                                                      "",
		`{"dbPath": "", "mqtt": {"broker": "unused"}, "mqttSources": [{"broker": "localhost:1883"}]}`: "",
	} {
		c, err := Load(write(t, "c.json", text), nil)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(c.Warnings(), "\n")
		if want == "" && got != "" || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q", text, got)
		}
	}
}
