package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStatsCountWhatBecameOfRecords(t *testing.T) {
	s := openTest(t)
	put(t, s,
		packet(alpha, "01"), packet(bravo, "01"), packet(alpha, "01"), advert("02"), status(alpha),
		Record{ReceivedAt: noon, Drop: &Drop{Reason: "bad"}})
	got := s.Stats()
	if got.DatabaseBytes+got.WALBytes == 0 || got.CommitSeconds.Count != 6 || got.CommitSeconds.Sum <= 0 && got.Commits == 0 {
		t.Errorf("sizes %d and %d, %+v", got.DatabaseBytes, got.WALBytes, got.CommitSeconds)
	}
	want := Stats{
		Records: 6, Transmissions: 2, Observations: 3, Duplicates: 1, Drops: 1, Repeats: 2, Adverts: 1, Reports: 5, Commits: 6, QueueCapacity: 8192,
		Upkeep: map[string]Upkeep{}, ChoreSeconds: newHistogram(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1),
		BatchSize: got.BatchSize, CommitSeconds: got.CommitSeconds, CheckpointSeconds: got.CheckpointSeconds,
		QueueDepth: got.QueueDepth, DatabaseBytes: got.DatabaseBytes, WALBytes: got.WALBytes,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHistogramBucketsAreCumulative(t *testing.T) {
	h := newHistogram(1, 10)
	for _, v := range []float64{0.5, 1, 5, 100} {
		h.observe(v)
	}
	want := Histogram{Count: 4, Sum: 106.5, Buckets: []Bucket{{1, 2}, {10, 3}}}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	kept := h.clone()
	h.observe(1)
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("a snapshot moves on (-want +got):\n%s", diff)
	}
}

func TestStatsCountMaintenance(t *testing.T) {
	s := openTest(t)
	var pieces int
	if changed, err := s.sweep(t.Context(), "test", func(_ *ledger, a *allowance) (bool, error) {
		pieces++
		a.use(3, pieces%2 == 1)
		return pieces < 5, nil
	}); err != nil || changed != 9 {
		t.Errorf("%d changed, %v", changed, err)
	}
	if _, err := s.sweep(t.Context(), "test", func(*ledger, *allowance) (bool, error) { return true, ErrBadRecord }); err == nil {
		t.Error("no error")
	}
	got := s.Stats()
	if diff := cmp.Diff(map[string]Upkeep{"test": {Chores: 5, Rows: 9, Errors: 1}}, got.Upkeep); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.ChoreSeconds.Count != 5 || got.Commits != 0 || got.BatchSize.Count != 0 {
		t.Errorf("%d timed, %d transactions of records, %d batches", got.ChoreSeconds.Count, got.Commits, got.BatchSize.Count)
	}
}

func TestUsesOfTheWriterAreMeasured(t *testing.T) {
	c := newCounters()
	for i := range 2 * useSamples {
		c.countUse("test", time.Duration(i%2)*time.Second, time.Duration(i+1)*time.Millisecond)
	}
	c.countUse("other", -time.Second, time.Hour)
	s := &Store{stats: c}
	want := map[string]Use{
		"test": {
			Count: 2 * useSamples, Contended: useSamples,
			Wait: Spread{P50: 0, P95: time.Second, P99: time.Second, Max: time.Second},
			Hold: Spread{P50: 1536 * time.Millisecond, P95: 1996 * time.Millisecond, P99: 2037 * time.Millisecond, Max: 2048 * time.Millisecond},
		},
		"other": {Count: 1, Hold: Spread{time.Hour, time.Hour, time.Hour, time.Hour}},
	}
	if diff := cmp.Diff(want, s.Uses()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWriterMovesOrHasNothingToDo(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name        string
		before, now Stats
		moves       bool
	}{
		{"idle", Stats{Commits: 4}, Stats{Commits: 4}, true},
		{"busy", Stats{Commits: 4, QueueDepth: 9}, Stats{Commits: 5, QueueDepth: 9}, true},
		{"failing", Stats{CommitErrors: 1, QueueDepth: 9}, Stats{CommitErrors: 2, QueueDepth: 9}, true},
		{"hanging", Stats{Commits: 4, CommitErrors: 1}, Stats{Commits: 4, CommitErrors: 1, QueueDepth: 1}, false},
	} {
		if got := tc.now.MovedSince(tc.before); got != tc.moves {
			t.Errorf("%s: moves %v", tc.name, got)
		}
	}
}
