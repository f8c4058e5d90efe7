package broker

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxShelf bounds what all retained messages take, in bytes, with the branches
// of the library's tree that they hang on. Those of a thousand observers take a
// tenth of it.
const (
	maxShelf  = 24 << 20
	levelCost = 512 // of a level of a topic or filter in that tree
)

// shelf knows what is retained, the library's own messages under $SYS apart.
type shelf struct {
	mu     sync.Mutex // held to retain a message
	costs  map[string]int
	bytes  int // the sum of costs
	extras extras
}

// topicLevels is how many levels a topic or a filter has.
func topicLevels(topic string) int { return 1 + strings.Count(topic, "/") }

// retain keeps m, or takes what is kept under its topic away; false when it is
// too large, or there is no room for it.
func (b *Broker) retain(m outgoing, from string) bool {
	s := &b.shelf
	s.mu.Lock()
	defer s.mu.Unlock()
	switch cost := m.size() + levelCost*topicLevels(m.topic); {
	case len(m.payload) == 0:
		s.forget(m.topic)
	case m.size() > b.opts.MaxRetainedBytes || !s.put(m.topic, cost, b.opts.MaxRetained):
		b.stats.retainRefused.Add(1)
		return false
	}
	b.server.Topics.RetainMessage(*m.packet(from, time.Now()))
	atomic.StoreInt64(&b.server.Info.Retained, int64(b.server.Topics.Retained.Len()))
	return true
}

// put makes room for a message in the place of one that had its topic. The caller
// holds mu.
func (s *shelf) put(topic string, cost, most int) bool {
	old, known := s.costs[topic]
	if !known && len(s.costs) >= most || cost > old && s.bytes-old+cost > maxShelf {
		return false
	}
	s.extras.forget(topic)
	s.costs[strings.Clone(topic)] = cost
	s.bytes += cost - old
	return true
}

// forget takes a topic off. The caller holds mu.
func (s *shelf) forget(topic string) {
	s.bytes -= s.costs[topic]
	delete(s.costs, topic)
	s.extras.forget(topic)
}

// OnRetainedExpired follows the library, which takes messages away whose time is
// over (MQTT 5).
func (h *hook) OnRetainedExpired(topic string) {
	h.b.shelf.mu.Lock()
	defer h.b.shelf.mu.Unlock()
	h.b.shelf.forget(topic)
}

// retained is how many topics have a retained message.
func (b *Broker) retained() int64 {
	b.shelf.mu.Lock()
	defer b.shelf.mu.Unlock()
	return int64(len(b.shelf.costs))
}
