package config

import (
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"corescope-hub/broker"
	"corescope-hub/ingest"
	"corescope-hub/store"
)

func TestDefaultsAreThoseOfThePackages(t *testing.T) {
	t.Parallel()
	c := Default()
	log := slog.New(slog.DiscardHandler)
	wantBroker := broker.DefaultOptions()
	wantBroker.Log = log
	wantBroker.Observers.File = "data/observers" // beside the database
	if got := c.BrokerOptions(Machine{}, log); !reflect.DeepEqual(got, wantBroker) {
		t.Errorf("broker:\ngot  %+v\nwant %+v", got, wantBroker)
	}
	gotStore := c.StoreOptions(nil)
	if len(gotStore.Blacklist) == 0 {
		gotStore.Blacklist = nil // an empty list and none mean the same
	}
	if !reflect.DeepEqual(gotStore, store.DefaultOptions()) {
		t.Errorf("store:\ngot  %+v\nwant %+v", gotStore, store.DefaultOptions())
	}
	got, want := c.IngestOptions(Machine{}), ingest.DefaultOptions()
	for _, list := range []*[]string{&got.IATAWhitelist, &got.ObserverBlacklist, &got.IATAFilter} {
		if len(*list) == 0 {
			*list = nil // an empty list and none mean the same
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("ingest:\ngot  %+v\nwant %+v", got, want)
	}
}

func TestAreaReachesIngest(t *testing.T) {
	t.Parallel()
	box := &ingest.Box{LatMin: 47, LatMax: 48, LonMin: -123, LonMax: -121}
	triangle := []ingest.Position{{Lat: 47, Lon: -123}, {Lat: 48, Lon: -123}, {Lat: 48, Lon: -121}}
	const limits = `"latMin": 47, "latMax": 48, "lonMin": -123, "lonMax": -121`
	for text, want := range map[string]ingest.GeoFilter{
		`{}`: {},
		`{"geo_filter": {"polygon": [[47, -123], [48, -123], [48, -121]], "bufferKm": 10}}`: {Polygon: triangle, BufferKm: 10},
		`{"geo_filter": {` + limits + `}, "foreignAdverts": {"mode": " Drop "}}`:            {Box: box, Drop: true},
		`{"geo_filter": {` + limits + `}, "foreignAdverts": {"mode": "Flag"}}`:              {Box: box},
		`{"geo_filter": {` + limits + `}, "foreignAdverts": {"mode": ""}}`:                  {Box: box},
		`{"geo_filter": {"latMin": 47, "latMax": 48, "lonMin": -123}}`:                      {},
	} {
		c, err := Load(write(t, "c.json", text), nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := c.IngestOptions(Machine{}).Geo; !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", text, got, want)
		}
	}
}

func TestSettingsReachThePackages(t *testing.T) {
	t.Parallel()
	c, err := Load(write(t, "c.json", `{
		"mqttSources": [
			{"name": "self", "broker": "mqtt://localhost:1883", "iataFilter": ["SEA"]},
			{"name": "far", "broker": "mqtts://far.example", "username": "u", "password": "p", "rejectUnauthorized": false,
			 "topics": ["mesh/#"], "iataFilter": ["PDX"], "connectTimeoutSec": 5, "region": "YVR"},
			{"name": "open", "broker": "mqtt://open.example"},
		],
		"hashRegions": ["de", " #us ", "", "#de"],
		"observerIATAWhitelist": ["SEA"], "observerBlacklist": ["ab"], "validateSignatures": false,
		"clientRxCoverage": {"enabled": true},
		"metrics": {"sampleIntervalSec": 60},
		"hub": {"store": {"commitInterval": "5ms"}, "broker": {"listen": ["tcp://:1883"], "iataFilter": ["LAX"], "auth": {"anonymous": true}}},
	}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if s := c.StoreOptions(nil); s.CommitInterval != 5*time.Millisecond || s.MetricsInterval != time.Minute {
		t.Errorf("store: %+v", s)
	}
	b := c.BrokerOptions(Machine{}, nil)
	wantUpstreams := []broker.Upstream{{
		Name: "far", URL: "mqtts://far.example:8883", Username: "u", Password: "p", Topics: []string{"mesh/#"},
		Region: "YVR", InsecureSkipVerify: true, ConnectTimeout: 5 * time.Second, QoS: 1, Silence: 2 * time.Minute,
	}, {
		Name: "open", URL: "mqtt://open.example:1883", Topics: []string{"meshcore/#"}, ConnectTimeout: 30 * time.Second, QoS: 1, Silence: 2 * time.Minute,
	}}
	if !reflect.DeepEqual(b.Upstreams, wantUpstreams) || b.Auth.Anonymous != broker.AnonymousAll {
		t.Errorf("broker: %+v", b)
	}
	want := ingest.Options{
		IATAFilter:         []string{"LAX", "SEA"},
		UpstreamIATAFilter: map[string][]string{"far": {"PDX"}, "open": nil},
		IATAWhitelist:      []string{"SEA"},
		ObserverBlacklist:  []string{"ab"},
		Regions:            []string{"#de", "#us"},
		ValidateSignatures: false,
		ClientReceptions:   true,
	}
	if got := c.IngestOptions(Machine{}); !reflect.DeepEqual(got, want) {
		t.Errorf("ingest:\ngot  %+v\nwant %+v", got, want)
	}
	if self := c.SelfSources(Machine{}); len(self) != 1 || self[0].Name != "self" {
		t.Errorf("self: %+v", self)
	}
}

// CoreScope stores what any of its sources lets through.
func TestSelfWithoutAFilterTakesWhatAnotherRefuses(t *testing.T) {
	t.Parallel()
	c := Default()
	c.MQTTSources = []Source{
		{Name: "all", Broker: "mqtt://localhost:1883"},
		{Name: "some", Broker: "mqtt://127.0.0.1:1883", IATAFilter: []string{"SEA"}},
	}
	if got := c.IngestOptions(Machine{}).IATAFilter; len(got) > 0 {
		t.Errorf("clients are held to %v", got)
	}
	c.Hub.Broker.IATAFilter = []string{"PDX"}
	if got := c.IngestOptions(Machine{}).IATAFilter; !slices.Equal(got, []string{"PDX"}) {
		t.Errorf("clients are held to %v", got)
	}
}

func TestSourceThatIsTheHubWarnsOfWhatClientsDoNotGet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source Source
		want   []string
	}{
		{Source{Broker: "mqtt://localhost"}, nil},
		{Source{Broker: "mqtt://localhost", Topics: []string{"meshcore/#"}, IATAFilter: []string{"SEA"}}, nil},
		{Source{Broker: "mqtt://far", Topics: []string{"mesh/#"}, Region: "SEA"}, nil},
		{Source{Broker: "mqtt://localhost", Topics: []string{"meshcore/SEA/#", "mesh/#"}}, []string{`topics "meshcore/SEA/#, mesh/#" change nothing`}},
		{Source{Broker: "mqtt://localhost", Topics: []string{"mesh/#"}, Region: "SEA"}, []string{`topics "mesh/#" change nothing`, `region "SEA" is given to no client`}},
	} {
		cfg := Default()
		c.source.Name = "s"
		cfg.MQTTSources = []Source{c.source}
		got := cfg.SelfWarnings(Machine{})
		if len(got) != len(c.want) {
			t.Errorf("%+v: %q", c.source, got)
			continue
		}
		for i := range got {
			if !strings.Contains(got[i], c.want[i]) || !strings.Contains(got[i], `source "s" is this hub itself`) {
				t.Errorf("%+v: %q", c.source, got[i])
			}
		}
	}
}
