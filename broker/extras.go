package broker

import "github.com/mochi-mqtt/server/v2/packets"

// Bounds of the rewritten retained messages that are kept, in bytes.
const (
	maxExtras = 8 << 20
	extraCost = 768 // of one besides its payload
)

// extras are retained messages as limited viewers get them, by topic. Each is
// made when the first asks for it, and kept as long as what it is made of: who
// subscribes over and over has nothing made anew.
type extras struct {
	made  map[string]extra
	bytes int
}

type extra struct {
	of     *byte           // the payload that it is made of
	packet *packets.Packet // nil: nothing is left to be shown
}

func (e extra) cost() int {
	if e.packet == nil {
		return 0 // there are no more of these than retained messages
	}
	return extraCost + len(e.packet.Payload)
}

// limited is a retained message as a limited viewer gets it; nil for none.
func (s *shelf) limited(whole *packets.Packet) *packets.Packet {
	of := &whole.Payload[0] // an empty one deletes what is retained, and is not
	s.mu.Lock()
	known, there := s.extras.made[whole.TopicName]
	s.mu.Unlock()
	if there && known.of == of {
		return known.packet
	}
	made := extra{of, redact(whole)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, retained := s.costs[whole.TopicName]; retained {
		s.extras.keep(whole.TopicName, made)
	}
	return made.packet
}

// keep keeps one if there is room. The caller holds shelf.mu.
func (x *extras) keep(topic string, one extra) {
	x.forget(topic)
	if x.bytes+one.cost() > maxExtras {
		return
	}
	if x.made == nil {
		x.made = make(map[string]extra)
	}
	x.made[topic] = one
	x.bytes += one.cost()
}

// forget gives one up. The caller holds shelf.mu.
func (x *extras) forget(topic string) {
	x.bytes -= x.made[topic].cost()
	delete(x.made, topic)
}
