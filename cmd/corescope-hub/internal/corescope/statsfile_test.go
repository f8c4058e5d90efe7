package corescope

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"corescope-hub/broker"
	"corescope-hub/ingest"
	"corescope-hub/store"
)

// The keys are CoreScope's, as its ingestor writes them and its server reads
// them.
func TestStatsFileHasTheKeysOfCoreScopesIngestor(t *testing.T) {
	s := countersOf(noon,
		store.Stats{
			Transmissions: 1, Observations: 2, Repeats: 3, Adverts: 4, Reports: 5, CommitErrors: 6, BadRecords: 1, Commits: 8,
			FilledPaths: 10, FilledScopes: 11,
		},
		ingest.Stats{ByReason: map[ingest.Reason]uint64{ingest.ReasonBadSignature: 9}},
		map[string]store.Use{
			"records": {Count: 1, Contended: 2,
				Wait: store.Spread{P50: time.Millisecond, P95: 2 * time.Millisecond, P99: 2500 * time.Microsecond, Max: time.Second},
				Hold: store.Spread{P50: 5 * time.Millisecond, P95: 6 * time.Millisecond, P99: 7 * time.Millisecond, Max: 8 * time.Millisecond}},
			"nodes": {Count: 1}, // CoreScope has no name for these
		})
	s.ProcIO = &ioRates{ReadBytesPerSec: 1.5, WriteBytesPerSec: 2, CancelledWriteBytesPerSec: 3, SyscallsRead: 4, SyscallsWrite: 5, SampledAt: "2026-11-24T12:00:00Z"}
	s.SourceLiveness = map[string]liveness{"far": {1, 2}}
	s.SourceStatuses = []sourceStatus{{Name: "far", Broker: "mqtt://far:1883", Connected: true, LastConnectUnix: 1, LastDisconnectUnix: 2, LastPacketUnix: 3, ConnectCount: 4, DisconnectCount: 5, PacketsTotal: 6, PacketsLast5m: 7, LastError: "x"}}
	got, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"sampledAt":"2026-11-24T12:00:00Z","tx_inserted":1,"obs_inserted":2,"tx_dupes":3,"node_upserts":4,"observer_upserts":5,` +
		`"write_errors":7,"sig_drops":9,"walCommits":8,"groupCommitFlushes":0,"backfillUpdates":{"default_scope":11,"path_json":10},` +
		`"procIO":{"readBytesPerSec":1.5,"writeBytesPerSec":2,"cancelledWriteBytesPerSec":3,"syscallsRead":4,"syscallsWrite":5,"sampledAt":"2026-11-24T12:00:00Z"},` +
		`"writer_perf":{"mqtt_handler":{"count":1,"contention_total":2,"wait_ms_p50":1,"wait_ms_p95":2,"wait_ms_p99":2.5,"wait_ms_max":1000,` +
		`"hold_ms_p50":5,"hold_ms_p95":6,"hold_ms_p99":7,"hold_ms_max":8}},` +
		`"source_liveness":{"far":{"lastReceiptUnix":1,"lastMessageUnix":2}},` +
		`"source_statuses":[{"name":"far","broker":"mqtt://far:1883","connected":true,"lastConnectUnix":1,"lastDisconnectUnix":2,"lastPacketUnix":3,` +
		`"connectCount":4,"disconnectCount":5,"packetsTotal":6,"packetsLast5m":7,"lastError":"x"}],"watchdogLastTickUnix":1795521600}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStatsFileIsReplacedWholeAndPrivate(t *testing.T) {
	x, logged := exchanged(t, 1)
	x.opts.StatsFile = filepath.Join(t.TempDir(), "stats.json")
	x.opts.Sources = []Source{{Name: "tcp://:1883", Broker: "tcp://:1883"}}
	if err := os.WriteFile(x.opts.StatsFile, []byte(strings.Repeat("x", 100_000)), 0o644); err != nil {
		t.Fatal(err)
	}
	w := newStatsWriter(x)
	for range 2 {
		w.write()
	}
	text, err := os.ReadFile(x.opts.StatsFile)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil || got["sampledAt"] != "2026-11-24T12:00:00Z" || got["node_upserts"] != 1.0 {
		t.Errorf("%v: %s", err, text)
	}
	if strings.HasSuffix(string(text), "\n") {
		t.Error("ends with a line feed")
	}
	info, err := os.Stat(x.opts.StatsFile)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := os.Lstat(x.opts.StatsFile + ".tmp"); err == nil || logged.Len() > 0 {
		t.Errorf("something is left, or told:\n%s", logged)
	}
}

func TestStatsFileIsNotWrittenThroughALink(t *testing.T) {
	x, _ := exchanged(t)
	dir := t.TempDir()
	x.opts.StatsFile = filepath.Join(dir, "stats.json")
	for _, link := range []string{"stats.json", "stats.json.tmp"} {
		victim := filepath.Join(dir, "victim of "+link)
		if err := os.WriteFile(victim, []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(victim, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	newStatsWriter(x).write()
	for _, link := range []string{"stats.json", "stats.json.tmp"} {
		if text, err := os.ReadFile(filepath.Join(dir, "victim of "+link)); string(text) != "mine" {
			t.Errorf("through %s: %q, %v", link, text, err)
		}
	}
	if info, err := os.Lstat(x.opts.StatsFile); err != nil || !info.Mode().IsRegular() {
		t.Errorf("no stats file: %v", err)
	}
}

func TestStatsFileThatCannotBeWrittenIsToldOfOnce(t *testing.T) {
	x, logged := exchanged(t)
	dir := filepath.Join(t.TempDir(), "later")
	x.opts.StatsFile = filepath.Join(dir, "stats.json")
	w := newStatsWriter(x)
	for range 3 {
		w.write()
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		w.write()
	}
	if strings.Count(logged.String(), "not written") != 1 || strings.Count(logged.String(), "written again") != 1 {
		t.Errorf("want one of each:\n%s", logged)
	}
}

func TestSourceIsWatched(t *testing.T) {
	w := newSourceWatch(Source{Name: "far", Broker: "mqtt://far:1883", Bridge: true}, noon)
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	unix := func(seconds int) int64 { return at(seconds).Unix() }
	for _, step := range []struct {
		second   int
		received uint64
		stored   uint64
		bridge   broker.UpstreamStats
		want     sourceStatus
		live     liveness
	}{
		{0, 0, 0, broker.UpstreamStats{LastError: "refused"}, sourceStatus{LastError: "refused"}, liveness{}},
		{1, 10, 8, broker.UpstreamStats{Connected: true, Connects: 1, LastError: "refused"},
			sourceStatus{Connected: true, ConnectCount: 1, LastConnectUnix: unix(1), LastPacketUnix: unix(1), PacketsTotal: 10, PacketsLast5m: 10},
			liveness{unix(1), unix(1)}},
		{2, 15, 8, broker.UpstreamStats{Connects: 1, LastError: "lost"},
			sourceStatus{ConnectCount: 1, DisconnectCount: 1, LastConnectUnix: unix(1), LastDisconnectUnix: unix(2), LastPacketUnix: unix(2), PacketsTotal: 15, PacketsLast5m: 15, LastError: "lost"},
			liveness{unix(2), unix(1)}},
		{10, 15, 8, broker.UpstreamStats{Connects: 3, Connected: true},
			sourceStatus{Connected: true, ConnectCount: 3, DisconnectCount: 2, LastConnectUnix: unix(10), LastDisconnectUnix: unix(10), LastPacketUnix: unix(2), PacketsTotal: 15, PacketsLast5m: 15},
			liveness{unix(2), unix(1)}},
		{301, 16, 9, broker.UpstreamStats{Connects: 3, Connected: true},
			sourceStatus{Connected: true, ConnectCount: 3, DisconnectCount: 2, LastConnectUnix: unix(10), LastDisconnectUnix: unix(10), LastPacketUnix: unix(301), PacketsTotal: 16, PacketsLast5m: 6},
			liveness{unix(301), unix(301)}},
		{9999, 16, 9, broker.UpstreamStats{Connects: 3, Connected: true},
			sourceStatus{Connected: true, ConnectCount: 3, DisconnectCount: 2, LastConnectUnix: unix(10), LastDisconnectUnix: unix(10), LastPacketUnix: unix(301), PacketsTotal: 16},
			liveness{unix(301), unix(301)}},
	} {
		w.look(at(step.second), ingest.Counts{Received: step.received, Stored: step.stored}, &step.bridge)
		step.want.Name, step.want.Broker = "far", "mqtt://far:1883"
		if diff := cmp.Diff(step.want, w.status); diff != "" {
			t.Errorf("after %d s (-want +got):\n%s", step.second, diff)
		}
		if w.live != step.live {
			t.Errorf("after %d s: liveness %+v, want %+v", step.second, w.live, step.live)
		}
	}
}

func TestListenerIsASourceThatIsConnected(t *testing.T) {
	w := newSourceWatch(Source{Name: "tcp://:1883", Broker: "tcp://:1883"}, noon)
	w.look(noon.Add(time.Second), ingest.Counts{Received: 3, Stored: 3}, nil)
	want := sourceStatus{Name: "tcp://:1883", Broker: "tcp://:1883", Connected: true, ConnectCount: 1, LastConnectUnix: noon.Unix(),
		LastPacketUnix: noon.Unix() + 1, PacketsTotal: 3, PacketsLast5m: 3}
	if diff := cmp.Diff(want, w.status); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestIORatesAreOfTheTimeBetween(t *testing.T) {
	const text = "rchar: 9\nwchar: 9\nsyscr: 100\nsyscw: 50\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 1024\n"
	before := parseIO(strings.NewReader("syscr: 90\nsyscw: 50\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n"), noon)
	now := parseIO(strings.NewReader(text), noon.Add(2*time.Second))
	want := &ioRates{ReadBytesPerSec: 2048, WriteBytesPerSec: 4096, CancelledWriteBytesPerSec: 512, SyscallsRead: 5, SampledAt: "2026-11-24T12:00:02Z"}
	if diff := cmp.Diff(want, now.since(before)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := now.since(now); got != nil {
		t.Errorf("of no time: %+v", got)
	}
	for name, c := range map[string]*ioCounts{"no counters": parseIO(strings.NewReader("nonsense\n"), noon), "no file": readIO("/nonexistent", noon)} {
		if c != nil || now.since(c) != nil || c.since(before) != nil {
			t.Errorf("%s: %+v", name, c)
		}
	}
}
