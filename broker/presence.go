package broker

import (
	"maps"
	"slices"
	"sync"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"

	"corescope-hub/ingest"
)

// An observer is online while a connection speaks for it, whatever its retained
// status says: a goodbye need not be retained, some clients have no last will,
// and after a restart nobody is connected yet. So the hub corrects the retained
// status when the last connection has ended, and takes that back when the
// observer is heard again.

// RetainedStatus is an observer's status to begin with, as an earlier hub had it.
type RetainedStatus struct {
	Key     string // as in ObserverKey
	Topic   string
	Payload []byte
}

// restore retains the statuses of an earlier hub. Their observers are away until
// they are heard.
func (b *Broker) restore() {
	for _, s := range b.opts.Statuses[:min(len(b.opts.Statuses), b.opts.MaxRetained)] {
		m := outgoing{topic: s.Topic, payload: s.Payload, retain: true}
		if refuseTopic(m.topic) || !mqtt.IsValidFilter(m.topic, true) || !b.retain(m, "") {
			continue
		}
		b.roster.assume(s.Key, s.Topic)
	}
	b.opts.Statuses = nil // they are in the library's hands now
}

// statuses are the topics of the retained statuses that a session has set and
// that do not say "offline": they have to be corrected when it ends. It goes on
// to the connection that takes the session over.
type statuses struct {
	mu     sync.Mutex
	topics map[string]struct{}
}

// note takes down what a session has made of a retained status.
func (s *statuses) note(topic string, online bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !online:
		delete(s.topics, topic)
	case s.topics == nil:
		s.topics = map[string]struct{}{topic: {}}
	case len(s.topics) < maxStations:
		s.topics[topic] = struct{}{}
	}
}

func (s *statuses) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.topics))
}

// standDown corrects the retained statuses of a connection that has ended, of
// observers that no other connection speaks for.
func (b *Broker) standDown(c *conn) {
	for _, topic := range c.statuses.all() {
		pk, there := b.server.Topics.Retained.Get(topic)
		if !there || ingest.SaysOffline(pk.Payload) {
			continue
		}
		payload, ok := ingest.WithStatus(pk.Payload, ingest.StatusOffline)
		key := ingest.SpeakerOf(topic, pk.Payload).ID
		if !ok || b.roster.spokenFor(key, c) {
			continue
		}
		b.roster.assume(key, topic)
		b.announce(outgoing{topic: topic, payload: payload, retain: true})
		if b.roster.spokenFor(key, c) { // and has been since we looked
			b.announce(outgoing{topic: topic, payload: pk.Payload, retain: true})
		}
	}
}

// standUp takes back that an observer is away, when a message of it was accepted.
func (b *Broker) standUp(d *delivery) {
	if d.will || d.key == "" {
		return
	}
	online := !d.status || !ingest.SaysOffline(d.message.payload)
	if d.status && d.message.retain {
		d.c.statuses.note(d.message.topic, online && len(d.message.payload) > 0)
	}
	topic := b.roster.heard(d.key)
	if topic == "" || !online {
		return
	}
	pk, there := b.server.Topics.Retained.Get(topic)
	if !there || !ingest.SaysOffline(pk.Payload) {
		return
	}
	if payload, ok := ingest.WithStatus(pk.Payload, ingest.StatusOnline); ok {
		d.c.statuses.note(topic, true)
		b.announce(outgoing{topic: topic, payload: payload, retain: true})
	}
}

// assume notes that a retained status says "offline" by the hub's word.
func (r *roster) assume(key, topic string) {
	if key == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.station(key, time.Now()).assumed = topic
}

// heard returns the topic of the status that the hub had made "offline", once.
func (r *roster) heard(key string) (topic string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.byKey[key]; s != nil {
		topic, s.assumed = s.assumed, ""
	}
	return topic
}

// spokenFor says whether a connection other than c speaks for an observer.
func (r *roster) spokenFor(key string, c *conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.byKey[key]
	if s == nil {
		return false
	}
	_, itself := s.conns[c]
	return len(s.conns) > oneIf(itself)
}
