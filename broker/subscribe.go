package broker

import (
	"strings"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// OnSubscribe bounds what a client may ask for. A filter that it may not have is
// made invalid, and so refused by its reason code, the others stand.
func (h *hook) OnSubscribe(cl *mqtt.Client, pk packets.Packet) packets.Packet {
	held := cl.State.Subscriptions.Len()
	if c := connOf(cl); c != nil {
		c.wantsRetained = c.wantsRetained[:0]
		for _, sub := range pk.Filters {
			c.wantsRetained = append(c.wantsRetained, wantsRetained(cl, sub))
		}
	}
	for i := range pk.Filters {
		_, again := cl.State.Subscriptions.Get(pk.Filters[i].Filter)
		if tooDeep(pk.Filters[i].Filter) || !wellFormed(pk.Filters[i].Filter) ||
			!again && (held >= h.b.opts.MaxSubscriptions || !h.b.held.hold(pk.Filters[i].Filter)) {
			h.b.stats.refusedSubscriptions.Add(1)
			pk.Filters[i].Filter = ""
			continue
		}
		if c := connOf(cl); c != nil && c.bridge {
			forBridge(&pk.Filters[i])
		}
		if !again {
			held++
		}
	}
	return pk
}

// wantsRetained says whether a subscription is to begin with the retained
// messages (MQTT-3.3.1-9 to 11).
func wantsRetained(cl *mqtt.Client, sub packets.Subscription) bool {
	_, existed := cl.State.Subscriptions.Get(sub.Filter)
	return !mqtt.IsSharedFilter(sub.Filter) && (sub.RetainHandling == 0 || sub.RetainHandling == 1 && !existed)
}

// OnSubscribed puts the retained messages of what was granted into the outbox;
// they follow the SUBACK. The library would send them all at once, and lose what
// the client does not take as fast.
func (h *hook) OnSubscribed(cl *mqtt.Client, pk packets.Packet, reasonCodes []byte) {
	c := connOf(cl)
	for i := range pk.Filters {
		sub := pk.Filters[i]
		pk.Filters[i].RetainHandling = sendNone
		if c == nil || !c.wantsRetained[i] || reasonCodes[i] > packets.CodeGrantedQos2.Code {
			continue
		}
		r := replay{sub: sub}
		for _, retained := range h.b.server.Topics.Messages(sub.Filter) {
			r.topics = append(r.topics, retained.TopicName)
		}
		c.outbox.replay(r)
	}
	if c != nil {
		c.wantsRetained = nil
	}
}

// sendNone tells the library not to send retained messages.
const sendNone = 2

// OnUnsubscribe spares the library filters that nobody can hold.
func (h *hook) OnUnsubscribe(cl *mqtt.Client, pk packets.Packet) packets.Packet {
	for i := range pk.Filters {
		if tooDeep(pk.Filters[i].Filter) {
			pk.Filters[i].Filter = refusedTopic
		}
	}
	return pk
}

// wellFormed says whether the wildcards of a filter are levels of their own, and
// # the last (MQTT-4.7.1-2, MQTT-4.7.1-3). The library grants a# and a+, which
// match nothing.
func wellFormed(filter string) bool {
	for {
		level, rest, more := strings.Cut(filter, "/")
		if len(level) > 1 && strings.ContainsAny(level, "+#") || level == "#" && more {
			return false
		}
		if !more {
			return true
		}
		filter = rest
	}
}

// asked is the SUBSCRIBE or UNSUBSCRIBE that a client waits for. Its goroutine
// handles one at a time.
type asked struct {
	id, stand uint16 // its packet id, and what stands for it; 0 when nothing does
}

// substitute finds another packet id for one that is also the id of a message
// under way to the client. The two ends number their packets each for itself
// (MQTT 2.2.1), but the library would refuse the SUBSCRIBE.
func (a *asked) substitute(cl *mqtt.Client, id uint16) uint16 {
	a.id, a.stand = id, 0
	for try := id; ; {
		if _, taken := cl.State.Inflight.Get(try); !taken {
			if try != id {
				a.stand = try
			}
			return try
		}
		if try--; try == 0 {
			try = 65535
		}
		if try == id {
			return id
		}
	}
}

// real is the id that the client is to be answered with.
func (a *asked) real(id uint16) uint16 {
	if a.stand != 0 && id == a.stand {
		return a.id
	}
	return id
}
