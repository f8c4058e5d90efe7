package broker

import (
	"slices"
	"sync/atomic"
	"time"

	"corescope-hub/ingest"
)

// Stats counts what the broker did since it was made.
type Stats struct {
	Connections int64 // open now, logged in or not
	Accepted    int64 // connections
	Received    int64 // PUBLISH control packets of local clients
	Acked       int64 // acknowledged, QoS 1 and 2
	NotSafe     int64 // not acknowledged: the message could not be kept
	InFlight    int64 // messages whose fate is not known, now

	Retained      int64 // topics with a retained message, now
	Subscriptions int64 // now
	Forwarding    int64 // answered messages that are on their way to subscribers, now

	Dropped map[Drop]int64 // messages left out for one subscriber; all reasons are there

	Forgotten int64 // sessions ended because there were MaxAbsent of clients that left

	RefusedLogins        int64
	RefusedConnections   int64 // there were MaxConnections already, or MaxPerAddress, and all had logged in
	Evicted              int64 // connections that did not log in, ended to make room for others
	ConnectTimeouts      int64 // connections ended because there was no CONNECT within ConnectTimeout
	RefusedProxies       int64 // PROXY headers of machines that are not trusted, or malformed
	RefusedSubscriptions int64
	RefusedRetains       int64 // there were MaxRetained already, or it was larger than MaxRetainedBytes
	RefusedUpgrades      int64 // HTTP requests that were no MQTT over WebSocket
	ProtocolErrors       int64 // connections ended because the client broke the protocol or a bound
	AcceptErrors         int64
	TLSFailures          map[TLSFailure]int64 // handshakes that failed, by the reason; all reasons are there
	Cut                  map[Cut]int64        // connections ended because their client held too much memory; all reasons are there
	Panics               int64

	CertificateExpires time.Time // the first to expire of those for tls and wss; zero when one is missing

	Observers       int64            // remembered now
	RefusedMessages map[Reason]int64 // of clients and bridges, by the broker's own reasons; every one is there

	Upstreams []UpstreamStats
}

type counters struct {
	accepted, acceptErrors, received, acked, notSafe                                atomic.Int64
	refusedLogin, refusedFull, refusedSubscriptions, retainRefused, refusedUpgrades atomic.Int64
	protocolErrors, forgotten, panics                                               atomic.Int64
	evicted, connectTimeouts, refusedProxies                                        atomic.Int64
	tls                                                                             [len(TLSFailures)]atomic.Int64
	cuts                                                                            [len(Cuts)]atomic.Int64
	drops                                                                           [len(Drops)]atomic.Int64

	refusedOn       byListener               // logins
	refusedMessages map[Reason]*atomic.Int64 // by every one of Reasons; the map itself never changes
}

func (c *counters) init() {
	c.refusedMessages = make(map[Reason]*atomic.Int64)
	for _, r := range Reasons() {
		c.refusedMessages[r] = new(atomic.Int64)
	}
}

func (c *counters) tlsFailed(why TLSFailure) { c.tls[slices.Index(TLSFailures[:], why)].Add(1) }

func (c *counters) count(v ingest.Verdict) {
	if v.Outcome == ingest.NotSafe {
		c.notSafe.Add(1)
	}
}

// Stats is a snapshot.
func (b *Broker) Stats() Stats {
	b.mu.Lock()
	open := len(b.conns)
	b.mu.Unlock()
	c := &b.stats
	s := Stats{
		Connections:          int64(open),
		Accepted:             c.accepted.Load(),
		Received:             c.received.Load(),
		Acked:                c.acked.Load(),
		NotSafe:              c.notSafe.Load(),
		InFlight:             b.inFlight.Load(),
		Retained:             b.retained(),
		Subscriptions:        b.subscriptions(),
		Forwarding:           b.courier.waiting(),
		Forgotten:            c.forgotten.Load(),
		RefusedLogins:        c.refusedLogin.Load(),
		RefusedConnections:   c.refusedFull.Load(),
		Evicted:              c.evicted.Load(),
		ConnectTimeouts:      c.connectTimeouts.Load(),
		RefusedProxies:       c.refusedProxies.Load(),
		RefusedSubscriptions: c.refusedSubscriptions.Load(),
		RefusedRetains:       c.retainRefused.Load(),
		RefusedUpgrades:      c.refusedUpgrades.Load(),
		ProtocolErrors:       c.protocolErrors.Load(),
		AcceptErrors:         c.acceptErrors.Load(),
		Panics:               c.panics.Load(),
		TLSFailures:          make(map[TLSFailure]int64),
		Cut:                  make(map[Cut]int64),
		Dropped:              make(map[Drop]int64),
	}
	for i, why := range Cuts {
		s.Cut[why] = c.cuts[i].Load()
	}
	for i, why := range Drops {
		s.Dropped[why] = c.drops[i].Load()
	}
	s.Dropped[DropSessionFull] += atomic.LoadInt64(&b.server.Info.InflightDropped) // the library's own messages
	for i, why := range TLSFailures {
		s.TLSFailures[why] = c.tls[i].Load()
	}
	if b.certs != nil {
		s.CertificateExpires = b.certs.expiry()
	}
	s.Observers, s.RefusedMessages = b.roster.size(), make(map[Reason]int64)
	for reason, n := range c.refusedMessages {
		s.RefusedMessages[reason] = n.Load()
	}
	for _, u := range b.upstreams {
		s.Upstreams = append(s.Upstreams, u.snapshot())
	}
	return s
}

// subscriptions counts those of all sessions. The library's own count is off
// after a session was taken over.
func (b *Broker) subscriptions() (n int64) {
	for _, cl := range b.server.Clients.GetAll() {
		n += int64(cl.State.Subscriptions.Len())
	}
	return n
}
