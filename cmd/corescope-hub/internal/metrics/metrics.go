// Package metrics turns the snapshots of the other packages into metrics that
// Prometheus scrapes. A metric is one row of the table; the packages know no
// exporter.
package metrics

import (
	"time"

	"corescope-hub/broker"
	"corescope-hub/ingest"
	"corescope-hub/store"
)

// prefix begins the name of every metric.
const prefix = "corescope_hub_"

// Snapshot is what every metric is computed from, taken at one scrape.
type Snapshot struct {
	Process Process
	Broker  broker.Stats
	Ingest  ingest.Stats
	Store   store.Stats
}

// Process is the program itself.
type Process struct {
	Version    string
	Started    time.Time
	Goroutines int
	Memory     uint64 // bytes, what the Go runtime has from the operating system
}

// Kind is how a metric moves.
type Kind string

// A Counter only grows, until the process ends; a Gauge moves both ways; a
// Histogram counts values by size.
const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Metric is one row of the table.
type Metric struct {
	Name  string // with the prefix
	Kind  Kind
	Unit  string // of the value
	Label string // what tells the values of one metric apart; "" when there is one value
	Help  string

	each      func(s Snapshot, emit emitter)   // of counters and gauges
	histogram func(s Snapshot) store.Histogram // of histograms
}

// emitter takes one value of a metric; label is "" for a metric without one.
type emitter func(label string, value float64)
