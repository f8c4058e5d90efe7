package metrics

import (
	"maps"
	"slices"

	"corescope-hub/broker"
	"corescope-hub/ingest"
)

// Table lists every metric there is.
func Table() []Metric {
	return slices.Concat(processMetrics(), brokerMetrics(), upstreamMetrics(), ingestMetrics())
}

func processMetrics() []Metric {
	return []Metric{
		labelled("build_info", Gauge, "", "version", "Always 1; the label is the version of the hub.", func(s Snapshot, emit emitter) {
			emit(s.Process.Version, 1)
		}),
		single("start_time_seconds", Gauge, "seconds", "When the hub started, since 1970.", func(s Snapshot) float64 { return float64(s.Process.Started.Unix()) }),
		single("goroutines", Gauge, "goroutines", "Goroutines, two for each client.", func(s Snapshot) float64 { return float64(s.Process.Goroutines) }),
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
		counter("accept_errors_total", "errors", "Connections that the operating system failed to hand over.", func(b broker.Stats) int64 { return b.AcceptErrors }),
		labelled("broker_refused_total", Counter, "requests", "what", "What clients asked for and were refused.", func(s Snapshot, emit emitter) {
			emit("connection", float64(s.Broker.RefusedConnections))
			emit("login", float64(s.Broker.RefusedLogins))
			emit("subscription", float64(s.Broker.RefusedSubscriptions))
			emit("retain", float64(s.Broker.RefusedRetains))
		}),
		counter("received_total", "messages", "Messages received from clients.", func(b broker.Stats) int64 { return b.Received }),
		counter("acked_total", "messages", "Messages acknowledged, QoS 1 and 2.", func(b broker.Stats) int64 { return b.Acked }),
		counter("not_safe_total", "messages", "Messages not acknowledged because they could not be kept; they come again.", func(b broker.Stats) int64 { return b.NotSafe }),
		gauge("in_flight", "messages", "Messages whose fate is not known yet.", func(b broker.Stats) int64 { return b.InFlight }),
		gauge("retained", "messages", "Topics with a retained message.", func(b broker.Stats) int64 { return b.Retained }),
		gauge("subscriptions", "subscriptions", "Subscriptions of all clients.", func(b broker.Stats) int64 { return b.Subscriptions }),
		counter("dropped_total", "messages", "Messages left out for subscribers that read too slowly.", func(b broker.Stats) int64 { return b.Dropped }),
		counter("forward_errors_total", "messages", "Messages that could not be handed to subscribers.", func(b broker.Stats) int64 { return b.ForwardErrors }),
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
		upstream("connected", Gauge, "", "1 while the bridge is connected, else 0.", func(u broker.UpstreamStats) float64 {
			if u.Connected {
				return 1
			}
			return 0
		}),
		upstream("connects_total", Counter, "connections", "Connections that the bridge made.", func(u broker.UpstreamStats) float64 { return float64(u.Connects) }),
		upstream("messages_total", Counter, "messages", "Messages received over the bridge.", func(u broker.UpstreamStats) float64 { return float64(u.Messages) }),
		upstream("last_message_time_seconds", Gauge, "seconds", "When the last message came over the bridge, since 1970; 0 when none did.", func(u broker.UpstreamStats) float64 {
			if u.LastMessage.IsZero() {
				return 0
			}
			return float64(u.LastMessage.Unix())
		}),
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
	}
}

// labelled is a metric with one value for each value of a label.
func labelled(name string, kind Kind, unit, label, help string, each func(Snapshot, emitter)) Metric {
	return Metric{Name: prefix + name, Kind: kind, Unit: unit, Label: label, Help: help, each: each}
}

// single is a metric with one value.
func single(name string, kind Kind, unit, help string, value func(Snapshot) float64) Metric {
	return Metric{Name: prefix + name, Kind: kind, Unit: unit, Help: help, each: func(s Snapshot, emit emitter) { emit("", value(s)) }}
}
