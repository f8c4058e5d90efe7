package corescope

import (
	"time"

	"corescope-hub/ingest"
	"corescope-hub/store"
)

// stats is the stats file, key for key as CoreScope's ingestor writes it.
type stats struct {
	SampledAt          string                `json:"sampledAt"`
	TxInserted         uint64                `json:"tx_inserted"`
	ObsInserted        uint64                `json:"obs_inserted"`
	TxDupes            uint64                `json:"tx_dupes"`
	NodeUpserts        uint64                `json:"node_upserts"`
	ObserverUpserts    uint64                `json:"observer_upserts"`
	WriteErrors        uint64                `json:"write_errors"`
	SigDrops           uint64                `json:"sig_drops"`
	WALCommits         uint64                `json:"walCommits"`
	GroupCommitFlushes uint64                `json:"groupCommitFlushes"` // CoreScope has none; its server shows another number
	BackfillUpdates    map[string]uint64     `json:"backfillUpdates"`    // of the file that this run took over; CoreScope's has no key for nothing
	ProcIO             *ioRates              `json:"procIO,omitempty"`
	WriterPerf         map[string]writerPerf `json:"writer_perf,omitempty"`
	SourceLiveness     map[string]liveness   `json:"source_liveness,omitempty"`
	SourceStatuses     []sourceStatus        `json:"source_statuses,omitempty"`

	// When the sources were last looked at: with each sample. CoreScope's
	// watchdogPanicCount is left out while it is 0; here a panic ends the hub.
	WatchdogLastTickUnix int64 `json:"watchdogLastTickUnix,omitempty"`
}

// ioRates is what the process reads and writes.
type ioRates struct {
	ReadBytesPerSec           float64 `json:"readBytesPerSec"`
	WriteBytesPerSec          float64 `json:"writeBytesPerSec"`
	CancelledWriteBytesPerSec float64 `json:"cancelledWriteBytesPerSec"`
	SyscallsRead              float64 `json:"syscallsRead"`  // a second
	SyscallsWrite             float64 `json:"syscallsWrite"` // a second
	SampledAt                 string  `json:"sampledAt"`
}

// writerPerf is how long one kind of work waited for the writer and held it.
type writerPerf struct {
	Count           uint64  `json:"count"`
	ContentionTotal uint64  `json:"contention_total"`
	WaitP50         float64 `json:"wait_ms_p50"`
	WaitP95         float64 `json:"wait_ms_p95"`
	WaitP99         float64 `json:"wait_ms_p99"`
	WaitMax         float64 `json:"wait_ms_max"`
	HoldP50         float64 `json:"hold_ms_p50"`
	HoldP95         float64 `json:"hold_ms_p95"`
	HoldP99         float64 `json:"hold_ms_p99"`
	HoldMax         float64 `json:"hold_ms_max"`
}

// componentOf is CoreScope's name of what uses the writer. What is not here has
// none.
var componentOf = map[string]string{
	"records":    "mqtt_handler",
	"neighbours": "neighbor_builder",
	"packets":    "prune_packets",
	"observers":  "prune_observers",
	"metrics":    "prune_metrics",
	"receptions": "prune_client_receptions",
	"vacuum":     "vacuum",
}

// countersOf is the part of the file that is counted elsewhere.
func countersOf(now time.Time, st store.Stats, in ingest.Stats, uses map[string]store.Use) stats {
	s := stats{
		SampledAt:       now.UTC().Format(time.RFC3339),
		TxInserted:      st.Transmissions,
		ObsInserted:     st.Observations,
		TxDupes:         st.Repeats,
		NodeUpserts:     st.Adverts,
		ObserverUpserts: st.Reports,
		WriteErrors:     st.CommitErrors + st.BadRecords,
		SigDrops:        in.ByReason[ingest.ReasonBadSignature],
		WALCommits:      st.Commits,
		BackfillUpdates: map[string]uint64{},

		WatchdogLastTickUnix: now.Unix(),
	}
	for name, rows := range map[string]uint64{"path_json": st.FilledPaths, "default_scope": st.FilledScopes} {
		if rows > 0 {
			s.BackfillUpdates[name] = rows
		}
	}
	for kind, use := range uses {
		if component, ok := componentOf[kind]; ok {
			if s.WriterPerf == nil {
				s.WriterPerf = map[string]writerPerf{}
			}
			s.WriterPerf[component] = perfOf(use)
		}
	}
	return s
}

func perfOf(u store.Use) writerPerf {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return writerPerf{
		Count: u.Count, ContentionTotal: u.Contended,
		WaitP50: ms(u.Wait.P50), WaitP95: ms(u.Wait.P95), WaitP99: ms(u.Wait.P99), WaitMax: ms(u.Wait.Max),
		HoldP50: ms(u.Hold.P50), HoldP95: ms(u.Hold.P95), HoldP99: ms(u.Hold.P99), HoldMax: ms(u.Hold.Max),
	}
}
