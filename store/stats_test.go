package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStatsCountWhatBecameOfRecords(t *testing.T) {
	s := openTest(t)
	put(t, s,
		packet(alpha, "01"), packet(bravo, "01"), packet(alpha, "01"), packet(alpha, "02"), status(alpha),
		Record{ReceivedAt: noon, Drop: &Drop{Reason: "bad"}})
	got := s.Stats()
	if got.DatabaseBytes+got.WALBytes == 0 || got.CommitSeconds.Count != 6 || got.CommitSeconds.Sum <= 0 && got.Commits == 0 {
		t.Errorf("sizes %d and %d, %+v", got.DatabaseBytes, got.WALBytes, got.CommitSeconds)
	}
	want := Stats{
		Records: 6, Transmissions: 2, Observations: 3, Duplicates: 1, Drops: 1, Commits: 6, QueueCapacity: 8192,
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
