package config

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"corescope-hub/broker"
	"corescope-hub/ingest"
	"corescope-hub/store"
)

// StoreOptions is what the settings mean to the store.
func (c *Config) StoreOptions(log *slog.Logger) store.Options {
	opts := store.DefaultOptions()
	opts.Log = log
	opts.CommitInterval = time.Duration(c.Hub.Store.CommitInterval)
	opts.MetricsInterval = c.SampleInterval()
	opts.Retention = c.retention()
	opts.Blacklist = c.ObserverBlacklist
	opts.VacuumPages, opts.VacuumOnOpen = c.vacuumPages(), c.DB.VacuumOnStartup
	return opts
}

// BrokerOptions is what the settings mean to the broker. Sources that are this
// hub itself, seen from machine m, are left out; SelfSources names them.
func (c *Config) BrokerOptions(m Machine, log *slog.Logger) broker.Options {
	opts := broker.DefaultOptions()
	opts.Log = log
	opts.Listen = c.Hub.Broker.listeners()
	opts.TLS = c.Hub.Broker.TLS.options(c.DBPath)
	opts.Auth = c.Hub.Broker.Auth.options()
	opts.Proxies = proxies(c.Hub.Broker.TrustedProxies)
	opts.Origins = append(opts.Origins, c.Hub.Broker.Origins...)
	limits := c.Hub.Broker.Limits
	opts.Observers.KnownOnly = c.Hub.Broker.Observers == "known"
	opts.Observers.File = c.ObserversFile()
	opts.Observers.Limits.MessagesPerSecond, opts.Observers.Limits.MessagesAtOnce = limits.MessagesPerSecond, limits.MessagesAtOnce
	opts.Observers.Limits.MuteFor = time.Duration(limits.MuteFor)
	for _, s := range c.Sources() {
		if s.Self(c.Hub.Broker.Listeners(), m) {
			continue
		}
		opts.Upstreams = append(opts.Upstreams, c.upstream(s))
	}
	return opts
}

// ObserversFile is where it stands what is decided on observers.
func (c *Config) ObserversFile() string {
	if file := c.Hub.Broker.ObserversFile; file != "" {
		return file
	}
	return filepath.Join(filepath.Dir(c.DBPath), "observers")
}

// SelfSources are the sources that are this hub itself, as the default source of
// a CoreScope beside its broker is.
func (c *Config) SelfSources(m Machine) []Source {
	return slices.DeleteFunc(c.Sources(), func(s Source) bool { return !s.Self(c.Hub.Broker.Listeners(), m) })
}

// SelfWarnings are what sources that are this hub itself ask for and clients of
// the hub do not get: only an iataFilter holds for them.
func (c *Config) SelfWarnings(m Machine) (w []string) {
	for _, s := range c.SelfSources(m) {
		if !slices.Equal(s.Topics, []string{everything}) {
			w = append(w, fmt.Sprintf("source %s is this hub itself, and its topics %s change nothing: all that clients publish under %s is taken, and nothing else; choose regions with iataFilter, and let observers publish there",
				quote(s.Name), quote(strings.Join(s.Topics, ", ")), everything))
		}
		if s.Region != "" {
			w = append(w, fmt.Sprintf("source %s is this hub itself, and its region %s is given to no client: let observers publish to meshcore/REGION/OBSERVER/packets, with the region in it",
				quote(s.Name), quote(s.Region)))
		}
	}
	return w
}

// IngestOptions is what the settings mean to ingest.
func (c *Config) IngestOptions(m Machine) ingest.Options {
	opts := ingest.DefaultOptions()
	opts.IATAFilter = c.localIATAFilter(m)
	opts.IATAWhitelist = c.ObserverIATAWhitelist
	opts.ObserverBlacklist = c.ObserverBlacklist
	opts.Regions = c.Regions()
	opts.ValidateSignatures = c.ValidateSignatures
	opts.Geo = c.geoFilter()
	opts.ClientReceptions = c.ClientRxCoverage.Enabled
	for _, s := range c.Sources() {
		if s.Self(c.Hub.Broker.Listeners(), m) {
			continue
		}
		if opts.UpstreamIATAFilter == nil {
			opts.UpstreamIATAFilter = map[string][]string{}
		}
		opts.UpstreamIATAFilter[s.Name] = s.IATAFilter // an empty one accepts all; without one the filter for local clients would hold
	}
	return opts
}

// geoFilter is geo_filter and foreignAdverts. Limits count only when all four
// are there.
func (c *Config) geoFilter() ingest.GeoFilter {
	g := c.GeoFilter
	geo := ingest.GeoFilter{BufferKm: g.BufferKm, Drop: c.ForeignAdverts.drop()}
	for _, corner := range g.Polygon {
		geo.Polygon = append(geo.Polygon, ingest.Position{Lat: corner[0], Lon: corner[1]})
	}
	if g.limits() == 4 {
		geo.Box = &ingest.Box{LatMin: *g.LatMin, LatMax: *g.LatMax, LonMin: *g.LonMin, LonMax: *g.LonMax}
	}
	return geo
}

// limits is how many of the four are given.
func (g GeoFilter) limits() int {
	n := 0
	for _, limit := range []*float64{g.LatMin, g.LatMax, g.LonMin, g.LonMax} {
		if limit != nil {
			n++
		}
	}
	return n
}

// drop says whether adverts from outside the area are refused. As with
// CoreScope, case and blanks at the ends do not matter.
func (f ForeignAdverts) drop() bool { return strings.EqualFold(strings.TrimSpace(f.Mode), "drop") }

// localIATAFilter holds for clients of the hub: hub.broker.iataFilter, and the
// filters of sources that are the hub itself. One without a filter takes all
// that the others refuse.
func (c *Config) localIATAFilter(m Machine) []string {
	filter := slices.Clone(c.Hub.Broker.IATAFilter)
	self := c.SelfSources(m)
	if slices.ContainsFunc(self, func(s Source) bool { return len(s.IATAFilter) == 0 }) {
		return filter
	}
	for _, s := range self {
		filter = append(filter, s.IATAFilter...)
	}
	return filter
}
