package ingest

import (
	"sync"
	"time"

	"corescope-hub/store"
)

// rawRecord reads a frame on a raw topic: {"type":"RAW","data":HEX}. It says
// neither how well the frame was heard nor anything else, so it counts only when
// its observer sends no packets, which would tell of the same reception.
//
// The frames of an observer that the hub does not know yet are taken. Should its
// packets follow, they are the same observations and complete them; to wait and
// see would lose what an observer without packets heard after each start.
func (in *Ingester) rawRecord(m *Message, t topic, env *envelope) (*store.Record, Reason) {
	data := env.data.bytes()
	switch {
	case len(data) == 0:
		return nil, ReasonNotForUs
	case in.senders.has(t.observer, m.Received):
		return nil, ReasonRawTwice
	}
	rec, reason := in.packetRecord(m, t, env, data)
	if rec.Observation != nil && rec.Observation.Direction == nil {
		rx := "rx" // observers log raw what they receive
		rec.Observation.Direction = &rx
	}
	return rec, reason
}

const (
	// senderMemory is for how long an observer counts as one that sends packets
	// after its last: at least this, at most twice this. Quiet meshes have about a
	// packet a minute.
	senderMemory = 10 * time.Minute
	// maxSenders bounds the observers that are remembered of one senderMemory.
	// When there are more, the oldest are forgotten sooner, which does no harm:
	// their raw frames become the same observations as their packets.
	maxSenders = 4096
)

// packetSenders remembers which observers send packets, by the hub's clock. It
// forgets a whole generation at a time. The zero value remembers nobody.
type packetSenders struct {
	mu         sync.Mutex
	young, old map[string]bool
	since      time.Time // when young began
}

// note learns that the observer has sent a packet.
func (s *packetSenders) note(observer string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.age(now)
	if s.young[observer] {
		return
	}
	switch {
	case s.young == nil:
		s.young = make(map[string]bool)
	case len(s.young) == maxSenders:
		s.young, s.old, s.since = make(map[string]bool), s.young, now
	}
	s.young[observer] = true
}

// has says whether the observer sends packets.
func (s *packetSenders) has(observer string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.age(now)
	return s.young[observer] || s.old[observer]
}

// age makes the young old and forgets the old when it is time.
func (s *packetSenders) age(now time.Time) {
	switch elapsed := now.Sub(s.since); {
	case elapsed >= 2*senderMemory:
		s.young, s.old, s.since = nil, nil, now
	case elapsed >= senderMemory:
		s.young, s.old, s.since = nil, s.young, s.since.Add(senderMemory)
	}
}
