package main

import (
	"runtime"
	"strings"
	"time"

	"corescope-hub/broker"
	"corescope-hub/cmd/corescope-hub/internal/console"
	"corescope-hub/ingest"
	"corescope-hub/store"
)

// stats is what /api/v1/stats answers, besides whether the hub is ready.
func (h *hub) stats() console.Stats {
	in := h.ingest.Stats()
	byReason := make(map[string]uint64, len(in.ByReason))
	for reason, n := range in.ByReason {
		byReason[string(reason)] = n
	}
	return console.Stats{
		Version: version(), Started: h.started, Now: time.Now(),
		Process: console.Process{Goroutines: runtime.NumGoroutine(), MemoryBytes: memory()},
		Broker:  brokerStats(h.broker.Stats(), len(h.broker.Sessions())),
		Ingest:  console.IngestStats{Fates: fates(in.Counts), ByReason: byReason},
		Store:   storeStats(h.store.Stats()),
	}
}

func brokerStats(b broker.Stats, sessions int) console.BrokerStats {
	var dropped int64
	for _, n := range b.Dropped {
		dropped += n
	}
	return console.BrokerStats{
		Connections: b.Connections, Sessions: sessions, Subscriptions: b.Subscriptions, Retained: b.Retained,
		Received: b.Received, Acked: b.Acked, NotSafe: b.NotSafe, InFlight: b.InFlight, Dropped: dropped,
		RefusedLogins: b.RefusedLogins,
	}
}

func storeStats(s store.Stats) console.StoreStats {
	return console.StoreStats{
		Records: s.Records, Transmissions: s.Transmissions, Observations: s.Observations,
		Commits: s.Commits, CommitErrors: s.CommitErrors, Failing: s.Failing, LastError: s.LastError,
		QueueDepth: s.QueueDepth, QueueCapacity: s.QueueCapacity, DatabaseBytes: s.DatabaseBytes, WALBytes: s.WALBytes,
	}
}

func fates(c ingest.Counts) console.Fates {
	return console.Fates{
		Received: c.Received, Stored: c.Stored, Duplicates: c.Duplicates,
		Passed: c.Passed, Worthless: c.Worthless, NotSafe: c.NotSafe,
	}
}

// sourceStates is what /api/v1/sources answers: the listeners, then the bridges.
func (h *hub) sourceStates() console.Sources {
	bySource, stats, clients := h.ingest.Stats().BySource, h.broker.Stats(), map[string]int{}
	refused := h.broker.RefusedLogins()
	for _, session := range h.broker.Sessions() {
		clients[session.Listener]++
	}
	all := console.Sources{Now: time.Now(), Sources: []console.Source{}}
	for _, l := range h.cfg.Hub.Broker.Listeners() {
		all.Sources = append(all.Sources, console.Source{Name: l, Kind: console.KindListener, Address: h.broker.Addr(l), Fates: fates(bySource[l]), Listener: listener(l, clients[l], refused[l], stats.CertificateExpires)})
	}
	if h.console != nil && h.cfg.Hub.Console.MQTT {
		all.Sources = append(all.Sources, console.Source{Name: onConsole, Kind: console.KindListener, Address: h.console.Addr().String(), Fates: fates(bySource[onConsole]), Listener: &console.Listener{Clients: clients[onConsole], Refused: refused[onConsole]}})
	}
	for _, u := range stats.Upstreams {
		all.Sources = append(all.Sources, console.Source{Name: u.Name, Kind: console.KindBridge, Address: u.Address, Fates: fates(bySource[u.Name]), Bridge: bridge(u)})
	}
	return all
}

func listener(address string, clients int, refused int64, expires time.Time) *console.Listener {
	l := &console.Listener{Clients: clients, Refused: refused}
	scheme, _, _ := strings.Cut(address, "://")
	if (scheme == "tls" || scheme == "wss") && !expires.IsZero() {
		l.CertificateExpires = &expires
	}
	return l
}

func bridge(u broker.UpstreamStats) *console.Bridge {
	b := &console.Bridge{
		State: string(u.State), Self: u.Self, Since: u.Since, Connects: u.Connects, Disconnects: u.Disconnects,
		Ended: []console.Ending{}, LastError: u.LastError, LastFiveMinutes: u.LastFiveMinutes, Waiting: u.Waiting,
		Refused: u.Refused, Republished: u.Republished, Probes: u.Probes, Dead: u.Dead,
	}
	if !u.LastMessage.IsZero() {
		b.LastMessage = &u.LastMessage
	}
	for _, e := range u.Ended {
		b.Ended = append(b.Ended, console.Ending{At: e.At, LastedSeconds: e.Lasted.Seconds(), Cause: e.Cause})
	}
	return b
}
