package metrics

import (
	"maps"
	"slices"
	"time"

	"corescope-hub/broker"
	"corescope-hub/ingest"
	"corescope-hub/store"
)

// Table lists every metric there is.
func Table() []Metric {
	return slices.Concat(processMetrics(), brokerMetrics(), upstreamMetrics(), ingestMetrics(), storeMetrics())
}

func processMetrics() []Metric {
	return []Metric{
		labelled("build_info", Gauge, "", "version", "Always 1; the label is the version of the hub.", func(s Snapshot, emit emitter) {
			emit(s.Process.Version, 1)
		}),
		single("start_time_seconds", Gauge, "seconds", "When the hub started, since 1970.", func(s Snapshot) float64 { return float64(s.Process.Started.Unix()) }),
		single("goroutines", Gauge, "goroutines", "Goroutines.", func(s Snapshot) float64 { return float64(s.Process.Goroutines) }),
		single("memory_bytes", Gauge, "bytes", "Memory that the Go runtime has from the operating system.", func(s Snapshot) float64 { return float64(s.Process.Memory) }),
	}
}

func brokerMetrics() []Metric {
	counter := func(name, unit, help string, value func(broker.Stats) int64) Metric {
		return single("broker_"+name, Counter, unit, help, func(s Snapshot) float64 { return float64(value(s.Broker)) })
	}
	gauge := func(name, unit, help string, value func(broker.Stats) int64) Metric {
		return single("broker_"+name, Gauge, unit, help, func(s Snapshot) float64 { return float64(value(s.Broker)) })
	}
	return []Metric{
		gauge("connections", "connections", "Connections that are open, logged in or not.", func(b broker.Stats) int64 { return b.Connections }),
		counter("connections_total", "connections", "Connections accepted.", func(b broker.Stats) int64 { return b.Accepted }),
		counter("evicted_total", "connections", "Connections that did not log in, ended to make room for others.", func(b broker.Stats) int64 { return b.Evicted }),
		counter("connect_timeouts_total", "connections", "Connections ended because they did not log in in time.", func(b broker.Stats) int64 { return b.ConnectTimeouts }),
		labelled("broker_tls_failures_total", Counter, "handshakes", "reason", "TLS handshakes that failed. refused: the client does not accept the certificate; no_certificate: there is none for the name it asked for.", func(s Snapshot, emit emitter) {
			for _, why := range broker.TLSFailures {
				emit(string(why), float64(s.Broker.TLSFailures[why]))
			}
		}),
		labelled("broker_cut_total", Counter, "connections", "reason", "Connections ended because their client held memory that others needed.", func(s Snapshot, emit emitter) {
			for _, why := range broker.Cuts {
				emit(string(why), float64(s.Broker.Cut[why]))
			}
		}),
		single("broker_certificate_expiry_time_seconds", Gauge, "seconds", "When the first certificate of the listeners expires, since 1970; 0 when one is missing.", func(s Snapshot) float64 { return since1970(s.Broker.CertificateExpires) }),
		counter("accept_errors_total", "errors", "Connections that the operating system failed to hand over.", func(b broker.Stats) int64 { return b.AcceptErrors }),
		labelled("broker_refused_total", Counter, "requests", "what", "What clients asked for and were refused.", func(s Snapshot, emit emitter) {
			emit("connection", float64(s.Broker.RefusedConnections))
			emit("proxy", float64(s.Broker.RefusedProxies))
			emit("login", float64(s.Broker.RefusedLogins))
			emit("subscription", float64(s.Broker.RefusedSubscriptions))
			emit("upgrade", float64(s.Broker.RefusedUpgrades))
			emit("retain", float64(s.Broker.RefusedRetains))
		}),
		labelled("broker_refused_messages_total", Counter, "messages", "reason", "Messages that the broker refused, acknowledged and counted, by the reason.", func(s Snapshot, emit emitter) {
			for _, reason := range slices.Sorted(maps.Keys(s.Broker.RefusedMessages)) {
				emit(string(reason), float64(s.Broker.RefusedMessages[reason]))
			}
		}),
		gauge("observers", "observers", "Observers that the broker remembers.", func(b broker.Stats) int64 { return b.Observers }),
		counter("protocol_errors_total", "connections", "Connections ended because the client broke the protocol, or sent more than the broker takes.", func(b broker.Stats) int64 { return b.ProtocolErrors }),
		counter("received_total", "messages", "Messages received from clients.", func(b broker.Stats) int64 { return b.Received }),
		counter("acked_total", "messages", "Messages acknowledged, QoS 1 and 2.", func(b broker.Stats) int64 { return b.Acked }),
		counter("not_safe_total", "messages", "Messages not acknowledged because they could not be kept; they come again.", func(b broker.Stats) int64 { return b.NotSafe }),
		gauge("in_flight", "messages", "Messages whose fate is not known yet.", func(b broker.Stats) int64 { return b.InFlight }),
		gauge("retained", "messages", "Topics with a retained message.", func(b broker.Stats) int64 { return b.Retained }),
		gauge("subscriptions", "subscriptions", "Subscriptions of all clients.", func(b broker.Stats) int64 { return b.Subscriptions }),
		gauge("forwarding", "messages", "Answered messages that are on their way to subscribers.", func(b broker.Stats) int64 { return b.Forwarding }),
		labelled("broker_dropped_total", Counter, "messages", "reason", "Messages left out for one subscriber. not_reading, session_full: it reads or acknowledges too slowly; hub_full: all together do; session_ended: it went at that moment.", func(s Snapshot, emit emitter) {
			for _, why := range broker.Drops {
				emit(string(why), float64(s.Broker.Dropped[why]))
			}
		}),
		counter("sessions_forgotten_total", "sessions", "Sessions ended because too many were kept for clients that left.", func(b broker.Stats) int64 { return b.Forgotten }),
		counter("panics_total", "panics", "Panics that were caught. Each is a bug: please report it.", func(b broker.Stats) int64 { return b.Panics }),
	}
}

func upstreamMetrics() []Metric {
	upstream := func(name string, kind Kind, unit, help string, value func(broker.UpstreamStats) float64) Metric {
		return labelled("upstream_"+name, kind, unit, "upstream", help, func(s Snapshot, emit emitter) {
			for _, u := range s.Broker.Upstreams {
				emit(u.Name, value(u))
			}
		})
	}
	return []Metric{
		upstream("connected", Gauge, "", "1 while the bridge is connected, else 0.", func(u broker.UpstreamStats) float64 { return oneIf(u.Connected) }),
		upstream("connects_total", Counter, "connections", "Connections that the bridge made.", func(u broker.UpstreamStats) float64 { return float64(u.Connects) }),
		upstream("disconnects_total", Counter, "connections", "Connections of the bridge that ended.", func(u broker.UpstreamStats) float64 { return float64(u.Disconnects) }),
		upstream("state_time_seconds", Gauge, "seconds", "When the bridge last went up, down or quiet, since 1970.", func(u broker.UpstreamStats) float64 { return since1970(u.Since) }),
		upstream("waiting", Gauge, "messages", "Messages of the bridge whose fate is not known yet.", func(u broker.UpstreamStats) float64 { return float64(u.Waiting) }),
		upstream("messages_total", Counter, "messages", "Messages received over the bridge.", func(u broker.UpstreamStats) float64 { return float64(u.Messages) }),
		upstream("messages_recently", Gauge, "messages", "Messages received over the bridge in the last five minutes.", func(u broker.UpstreamStats) float64 { return float64(u.LastFiveMinutes) }),
		upstream("refused_total", Counter, "messages", "Messages of the bridge beyond the bounds on size or topic.", func(u broker.UpstreamStats) float64 { return float64(u.Refused) }),
		upstream("republished_total", Counter, "messages", "Messages of the bridge shown to subscribers of the hub.", func(u broker.UpstreamStats) float64 { return float64(u.Republished) }),
		upstream("probes_total", Counter, "probes", "Times that the bridge asked a silent upstream whether it lives.", func(u broker.UpstreamStats) float64 { return float64(u.Probes) }),
		upstream("dead_total", Counter, "connections", "Connections of the bridge that looked alive and brought nothing.", func(u broker.UpstreamStats) float64 { return float64(u.Dead) }),
		upstream("last_message_time_seconds", Gauge, "seconds", "When the last message came over the bridge, since 1970; 0 when none did.", func(u broker.UpstreamStats) float64 { return since1970(u.LastMessage) }),
	}
}

func ingestMetrics() []Metric {
	outcome := func(name, help string, value func(ingest.Counts) uint64) Metric {
		return labelled("ingest_"+name, Counter, "messages", "source", help, func(s Snapshot, emit emitter) {
			for _, source := range slices.Sorted(maps.Keys(s.Ingest.BySource)) {
				emit(source, float64(value(s.Ingest.BySource[source])))
			}
		})
	}
	return []Metric{
		outcome("received_total", "Messages looked at, by listener or bridge.", func(c ingest.Counts) uint64 { return c.Received }),
		outcome("stored_total", "Messages whose rows are committed.", func(c ingest.Counts) uint64 { return c.Stored }),
		outcome("duplicates_total", "Of those stored: messages that were known already.", func(c ingest.Counts) uint64 { return c.Duplicates }),
		outcome("passed_total", "Messages with nothing in them for the database, shown to subscribers.", func(c ingest.Counts) uint64 { return c.Passed }),
		outcome("worthless_total", "Messages that can never be stored, acknowledged and shown to nobody.", func(c ingest.Counts) uint64 { return c.Worthless }),
		outcome("not_safe_total", "Messages that could not be kept at the time.", func(c ingest.Counts) uint64 { return c.NotSafe }),
		labelled("ingest_unstored_total", Counter, "messages", "reason", "Messages passed or worthless, by the reason.", func(s Snapshot, emit emitter) {
			for _, reason := range slices.Sorted(maps.Keys(s.Ingest.ByReason)) {
				emit(string(reason), float64(s.Ingest.ByReason[reason]))
			}
		}),
		single("ingest_drops_not_kept_total", Counter, "packets", "Refused packets that are not in dropped_packets, because there were too many in one hour.", func(s Snapshot) float64 {
			return float64(s.Ingest.DropsNotKept)
		}),
	}
}

func storeMetrics() []Metric {
	number := func(name string, kind Kind, unit, help string, value func(store.Stats) float64) Metric {
		return single("store_"+name, kind, unit, help, func(s Snapshot) float64 { return value(s.Store) })
	}
	counter := func(name, unit, help string, value func(store.Stats) uint64) Metric {
		return number(name, Counter, unit, help, func(s store.Stats) float64 { return float64(value(s)) })
	}
	histogram := func(name, unit, help string, value func(store.Stats) store.Histogram) Metric {
		return Metric{Name: prefix + "store_" + name, Kind: Histogram, Unit: unit, Help: help, histogram: func(s Snapshot) store.Histogram { return value(s.Store) }}
	}
	upkeep := func(name, unit, help string, value func(store.Upkeep) uint64) Metric {
		return labelled("store_upkeep_"+name, Counter, unit, "what", help, func(s Snapshot, emit emitter) {
			for _, kind := range slices.Sorted(maps.Keys(s.Store.Upkeep)) {
				emit(kind, float64(value(s.Store.Upkeep[kind])))
			}
		})
	}
	return []Metric{
		counter("records_total", "records", "Records committed, one for each message stored.", func(s store.Stats) uint64 { return s.Records }),
		counter("transmissions_total", "rows", "New transmissions.", func(s store.Stats) uint64 { return s.Transmissions }),
		counter("observations_total", "rows", "New observations.", func(s store.Stats) uint64 { return s.Observations }),
		counter("duplicates_total", "records", "Repeats of known observations.", func(s store.Stats) uint64 { return s.Duplicates }),
		counter("drops_total", "rows", "Refused packets kept in dropped_packets.", func(s store.Stats) uint64 { return s.Drops }),
		counter("receptions_total", "rows", "New receptions of roaming clients.", func(s store.Stats) uint64 { return s.Receptions }),
		counter("repeats_total", "records", "Records of transmissions that were known, heard by others or again.", func(s store.Stats) uint64 { return s.Repeats }),
		counter("adverts_total", "records", "Records that told of a node.", func(s store.Stats) uint64 { return s.Adverts }),
		counter("reports_total", "records", "Records that told of their observer.", func(s store.Stats) uint64 { return s.Reports }),
		counter("not_committed_total", "records", "Records that could not be kept at the time; they come again.", func(s store.Stats) uint64 { return s.NotCommitted }),
		counter("refused_total", "records", "Records of observers that were new, when too many were new in one day.", func(s store.Stats) uint64 { return s.Refused }),
		counter("nodes_refused_total", "records", "Adverts whose node was new, when too many were new in one day; their packets are stored.", func(s store.Stats) uint64 { return s.NodesRefused }),
		counter("bad_records_total", "records", "Records that can never be stored. Each is a bug: please report it.", func(s store.Stats) uint64 { return s.BadRecords }),
		counter("filled_paths_total", "rows", "Observations whose path was read from their frame when the hub took over CoreScope's database.", func(s store.Stats) uint64 { return s.FilledPaths }),
		counter("filled_scopes_total", "rows", "Nodes whose scope was found in their adverts at that time.", func(s store.Stats) uint64 { return s.FilledScopes }),
		counter("commits_total", "transactions", "Transactions committed.", func(s store.Stats) uint64 { return s.Commits }),
		counter("commit_errors_total", "transactions", "Transactions that failed.", func(s store.Stats) uint64 { return s.CommitErrors }),
		number("failing", Gauge, "", "1 while the last commit failed, else 0.", func(s store.Stats) float64 { return oneIf(s.Failing) }),
		number("last_error_time_seconds", Gauge, "seconds", "When a commit or checkpoint last failed, since 1970; 0 when none did.", func(s store.Stats) float64 { return since1970(s.LastErrorAt) }),
		counter("checkpoints_total", "checkpoints", "Times that the WAL was copied into the database file.", func(s store.Stats) uint64 { return s.Checkpoints }),
		counter("checkpoint_errors_total", "checkpoints", "Checkpoints that failed.", func(s store.Stats) uint64 { return s.CheckpointErrors }),
		upkeep("rows_total", "rows", "Rows that maintenance moved, marked or deleted; of vacuum: pages given back.", func(u store.Upkeep) uint64 { return u.Rows }),
		upkeep("chores_total", "pieces", "Pieces of maintenance that were committed.", func(u store.Upkeep) uint64 { return u.Chores }),
		upkeep("errors_total", "pieces", "Pieces of maintenance that failed; they are tried again.", func(u store.Upkeep) uint64 { return u.Errors }),
		histogram("chore_seconds", "seconds", "Time of one piece of maintenance, its commit included.", func(s store.Stats) store.Histogram { return s.ChoreSeconds }),
		number("queue_depth", Gauge, "records", "Records accepted and not yet committed.", func(s store.Stats) float64 { return float64(s.QueueDepth) }),
		number("queue_capacity", Gauge, "records", "Records that the queue can hold; a full one makes senders wait.", func(s store.Stats) float64 { return float64(s.QueueCapacity) }),
		counter("queue_waits_total", "records", "Records that found the queue full.", func(s store.Stats) uint64 { return s.QueueWaits }),
		histogram("batch_records", "records", "Records in one transaction.", func(s store.Stats) store.Histogram { return s.BatchSize }),
		histogram("commit_seconds", "seconds", "Time of one transaction, rows included.", func(s store.Stats) store.Histogram { return s.CommitSeconds }),
		histogram("checkpoint_seconds", "seconds", "Time of one checkpoint.", func(s store.Stats) store.Histogram { return s.CheckpointSeconds }),
		number("database_bytes", Gauge, "bytes", "Size of the database file.", func(s store.Stats) float64 { return float64(s.DatabaseBytes) }),
		number("wal_bytes", Gauge, "bytes", "Size of the write-ahead log beside it.", func(s store.Stats) float64 { return float64(s.WALBytes) }),
	}
}

func oneIf(v bool) float64 {
	if v {
		return 1
	}
	return 0
}

func since1970(at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return float64(at.Unix())
}

// labelled is a metric with one value for each value of a label.
func labelled(name string, kind Kind, unit, label, help string, each func(Snapshot, emitter)) Metric {
	return Metric{Name: prefix + name, Kind: kind, Unit: unit, Label: label, Help: help, each: each}
}

// single is a metric with one value.
func single(name string, kind Kind, unit, help string, value func(Snapshot) float64) Metric {
	return Metric{Name: prefix + name, Kind: kind, Unit: unit, Help: help, each: func(s Snapshot, emit emitter) { emit("", value(s)) }}
}
