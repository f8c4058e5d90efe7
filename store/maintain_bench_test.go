package store

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// BenchmarkMaintain measures how long maintenance holds the writer, kind by
// kind, on a file of as many observations as -benchtime=Nx says, all of which
// are too old, while records go on coming: -benchtime=1000000x is a busy mesh's
// year. ack is how long those took from Append to done.
func BenchmarkMaintain(b *testing.B) {
	path, opts := filepath.Join(b.TempDir(), "bench.db"), DefaultOptions()
	makeLargeFile(b, path, initScript(b), b.N, staleRows(b.N)...)
	opts.CommitInterval = 0
	opts.VacuumPages = 1 << 30
	opts.Retention = Retention{NodeDays: 1, ObserverDays: 1, MetricsDays: 1, PacketDays: 1, ClientRxDays: 1, NeighbourDays: 1}
	s, err := Open(b.Context(), path, opts)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ctx, stop := context.WithCancel(b.Context())
	acks := make(chan []time.Duration, 1)
	go func() { acks <- sendSteadily(ctx, s) }()
	b.ResetTimer()
	s.doJobs(b.Context(), s.jobs(), trusting(s))
	b.StopTimer()
	stop()
	waits := samples{ring: <-acks}
	waits.max = slices.Max(waits.ring)
	stats, uses := s.Stats(), s.Uses()
	report := func(kind string, s Spread) {
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		b.ReportMetric(ms(s.P50), kind+"-ms-p50")
		b.ReportMetric(ms(s.P99), kind+"-ms-p99")
		b.ReportMetric(ms(s.Max), kind+"-ms-max")
	}
	report("ack", waits.spread())
	for kind, use := range uses {
		if u := stats.Upkeep[kind]; u.Errors > 0 {
			b.Errorf("%s: %d pieces failed", kind, u.Errors)
		}
		report(kind, use.Hold)
	}
	if left := stats.Upkeep["packets"].Rows; left < uint64(b.N) {
		b.Errorf("%d rows of packets deleted, want %d and more", left, b.N)
	}
}

// sendSteadily appends a record every 10 ms until ctx ends, and returns how long
// each took.
func sendSteadily(ctx context.Context, s *Store) (took []time.Duration) {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	done := make(chan time.Duration, 1)
	for i := 0; ; i++ {
		r := benchRecord(i, 4, i%8 == 0)
		r.ReceivedAt = time.Now()
		began := time.Now()
		if s.Append(context.Background(), r, func(Result, error) { done <- time.Since(began) }) != nil {
			return took
		}
		took = append(took, <-done)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return took
		}
	}
}

// staleRows are old rows in every other table that maintenance looks after, in
// proportion to n observations.
func staleRows(n int) []string {
	count := func(of int) string {
		return fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", max(of, 1))
	}
	const when = "strftime('%Y-%m-%dT%H:%M:%SZ', 1772323200 + i, 'unixepoch')"
	return []string{
		count(n/50) + `INSERT OR IGNORE INTO nodes(public_key, name, role, lat, lon, last_seen, first_seen)
			SELECT printf('%064x', i * 7919), 'Node ' || i, 'repeater', 47.5, -122.25, ` + when + `, ` + when + ` FROM n`,
		count(n/5) + `INSERT INTO observer_metrics(observer_id, timestamp, noise_floor, battery_mv, packets_recv)
			SELECT printf('%064X', i % 50), ` + when + `, -110.5, 4100, i FROM n`,
		count(n/5) + `INSERT INTO dropped_packets(hash, raw_hex, reason, observer_id, observer_name, dropped_at)
			SELECT printf('%016x', i), hex(randomblob(100)), 'invalid signature', printf('%064X', i % 50), 'Observer', datetime(1772323200 + i, 'unixepoch') FROM n`,
		count(n/5) + `INSERT INTO client_receptions(rx_pubkey, heard_key, heard_keylen, rssi, snr, lat, lon, rx_at, ingested_at, src)
			SELECT printf('%064x', i % 100), printf('%06x', i), 3, -90, 7.5, 47.5 + i / 1e6, -122.25, ` + when + `, ` + when + `, 'rxlog' FROM n`,
		count(n/50) + `INSERT INTO client_observers(pubkey, name, last_seen) SELECT printf('%064x', i), 'Client', ` + when + ` FROM n`,
		count(n/20) + `INSERT OR IGNORE INTO neighbor_edges(node_a, node_b, count, last_seen)
			SELECT printf('%064x', i % 2000), printf('%064x', i * 7919), 3, ` + when + ` FROM n`,
	}
}

func initScript(tb testing.TB) string {
	tb.Helper()
	script, err := migrations.ReadFile(migrationNames()[0])
	if err != nil {
		tb.Fatal(err)
	}
	return string(script)
}
