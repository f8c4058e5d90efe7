package broker

import (
	"hash/maphash"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"corescope-hub/ingest"
)

// republish shows a message of an upstream to local subscribers, under its own
// topic. It is not retained here, and what the upstream had retained is not
// shown: both would make old news of a distant observer look like its presence.
//
// Among the subscribers may be another hub, and that may be the upstream, or
// bridged to it: so a message is shown once, whichever way it comes. done is
// called when subscribers have it, or are not to have it.
func (u *upstream) republish(m paho.Message, v ingest.Verdict, done func()) {
	if !u.opts.Republish || v.Outcome == ingest.Worthless || v.Duplicate || m.Retained() ||
		u.b.shown.again(m.Topic(), m.Payload(), time.Now()) {
		done()
		return
	}
	u.ledger.republished()
	u.b.forward("", outgoing{topic: m.Topic(), payload: m.Payload(), qos: m.Qos()}, done)
}

// shownRecently remembers messages that subscribers were shown, by topic and
// payload, for at least five minutes, or until as many again as it has room for:
// those of bridged brokers, and of a hub that republishes all.
type shownRecently struct {
	seed maphash.Seed

	mu          sync.Mutex
	now, before map[uint64]struct{}
	since       time.Time // when now began
}

const (
	maxShown  = 16 << 10
	shownLong = 5 * time.Minute
)

func newShownRecently() *shownRecently {
	return &shownRecently{seed: maphash.MakeSeed(), now: map[uint64]struct{}{}}
}

// again says whether the message was shown already, and remembers it.
func (s *shownRecently) again(topic string, payload []byte, at time.Time) bool {
	var h maphash.Hash
	h.SetSeed(s.seed)
	h.WriteString(topic)
	h.WriteByte(0) // no topic has one
	h.Write(payload)
	key := h.Sum64()

	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.now) >= maxShown || at.Sub(s.since) > shownLong {
		s.now, s.before, s.since = map[uint64]struct{}{}, s.now, at
	}
	_, now := s.now[key]
	_, before := s.before[key]
	s.now[key] = struct{}{}
	return now || before
}
