package metrics

import (
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler serves every metric of the table, computed from one snapshot.
func Handler(snapshot func() Snapshot) http.Handler {
	c := &collector{snapshot: snapshot, metrics: Table()}
	for _, m := range c.metrics {
		var labels []string
		if m.Label != "" {
			labels = []string{m.Label}
		}
		c.descs = append(c.descs, prometheus.NewDesc(m.Name, m.Help, labels, nil))
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(c)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// collector computes all metrics of the table at each scrape.
type collector struct {
	snapshot func() Snapshot
	metrics  []Metric
	descs    []*prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		descs <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	s := c.snapshot()
	for i, m := range c.metrics {
		if m.histogram != nil {
			h := m.histogram(s)
			buckets := make(map[float64]uint64, len(h.Buckets))
			for _, b := range h.Buckets {
				buckets[b.UpperBound] = b.Count
			}
			out <- prometheus.MustNewConstHistogram(c.descs[i], h.Count, h.Sum, buckets)
			continue
		}
		kind := prometheus.GaugeValue
		if m.Kind == Counter {
			kind = prometheus.CounterValue
		}
		m.each(s, func(label string, value float64) {
			var labels []string
			if m.Label != "" {
				labels = []string{strings.ToValidUTF8(label, "\uFFFD")} // the client panics on anything else
			}
			out <- prometheus.MustNewConstMetric(c.descs[i], kind, value, labels...)
		})
	}
}
