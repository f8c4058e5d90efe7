package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"corescope-hub/store"
)

func TestRetentionKeepsCoreScopesMeaning(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]store.Retention{
		`{}`: store.DefaultOptions().Retention,
		`{"retention": {"nodeDays": 1, "observerDays": 2, "metricsDays": 3, "packetDays": 4, "clientRxDays": 5}, "neighborEdgesMaxAgeDays": 6}`: {
			NodeDays: 1, ObserverDays: 2, MetricsDays: 3, PacketDays: 4, ClientRxDays: 5, NeighbourDays: 6},
		`{"retention": {"nodeDays": 0, "observerDays": 0, "metricsDays": 0, "packetDays": 0, "clientRxDays": 0}, "neighborEdgesMaxAgeDays": 0}`: {
			NodeDays: 7, ObserverDays: 14, MetricsDays: 30, PacketDays: 0, ClientRxDays: 0, NeighbourDays: 5},
		`{"retention": {"nodeDays": -1, "observerDays": -1, "metricsDays": -1, "packetDays": -1, "clientRxDays": -1}, "neighborEdgesMaxAgeDays": -1}`: {
			NodeDays: 7, ObserverDays: 0, MetricsDays: 30, PacketDays: 0, ClientRxDays: 0, NeighbourDays: 5},
		`{"retention": {"nodeDays": 36500, "observerDays": 99999999, "metricsDays": 99999999, "packetDays": 99999999}}`: {
			NodeDays: 36500, ObserverDays: forEver, MetricsDays: forEver, PacketDays: forEver, ClientRxDays: 0, NeighbourDays: 5},
	} {
		c, err := Load(write(t, "c.json", text), nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, c.StoreOptions(nil).Retention); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestMaintenanceSettingsReachTheStore(t *testing.T) {
	t.Parallel()
	c, err := Load(write(t, "c.json", `{"db": {"vacuumOnStartup": true, "incrementalVacuumPages": 7}, "observerBlacklist": ["aa"]}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if s := c.StoreOptions(nil); !s.VacuumOnOpen || s.VacuumPages != 7 || len(s.Blacklist) != 1 {
		t.Errorf("%+v", s)
	}
	c.DB.IncrementalVacuumPages = -3
	if s := c.StoreOptions(nil); s.VacuumPages != 1024 {
		t.Errorf("%d pages, want CoreScope's 1024", s.VacuumPages)
	}
}

// CoreScope writes its counters to a place in /tmp when nobody says where; the
// hub writes none.
func TestStatsFileIsWrittenOnlyWhereTheOperatorSays(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		env  []string
		text string
		want string
	}{
		{nil, `{}`, ""},
		{[]string{"CORESCOPE_INGESTOR_STATS="}, `{}`, ""},
		{nil, `{"hub": {"corescope": {"statsFile": "/run/a.json"}}}`, "/run/a.json"},
		{[]string{"CORESCOPE_INGESTOR_STATS=/run/b.json"}, `{"hub": {"corescope": {"statsFile": "/run/a.json"}}}`, "/run/b.json"},
		{[]string{"CORESCOPE_INGESTOR_STATS=/run/b.json", "CORESCOPE_HUB_CORESCOPE_STATS_FILE=/run/c.json"}, `{}`, "/run/c.json"},
	} {
		c, err := Load(write(t, "c.json", tc.text), tc.env)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Hub.CoreScope.StatsFile; got != tc.want {
			t.Errorf("%s with %v: %q, want %q", tc.text, tc.env, got, tc.want)
		}
	}
}
