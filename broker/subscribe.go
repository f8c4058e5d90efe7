package broker

import (
	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// OnSubscribe bounds what a client may ask for. A filter that it may not have is
// made invalid, and so refused by its reason code, the others stand.
func (h *hook) OnSubscribe(cl *mqtt.Client, pk packets.Packet) packets.Packet {
	held := cl.State.Subscriptions.Len()
	for i := range pk.Filters {
		_, again := cl.State.Subscriptions.Get(pk.Filters[i].Filter)
		if tooDeep(pk.Filters[i].Filter) || !again && held >= h.b.opts.MaxSubscriptions {
			h.b.stats.refusedSubscriptions.Add(1)
			pk.Filters[i].Filter = ""
			continue
		}
		if !again {
			held++
		}
	}
	return pk
}

// OnSubscribed lowers the QoS of the retained messages that follow, not of the
// subscription, when there are more of them than the client may leave
// unacknowledged: it cannot acknowledge before all are sent.
func (h *hook) OnSubscribed(cl *mqtt.Client, pk packets.Packet, reasonCodes []byte) {
	if h.b.server.Topics.Retained.Len() <= maxUnacknowledged/2 {
		return
	}
	for i := range pk.Filters {
		pk.Filters[i].Qos = 0
	}
}

// OnUnsubscribe spares the library filters that nobody can hold.
func (h *hook) OnUnsubscribe(cl *mqtt.Client, pk packets.Packet) packets.Packet {
	for i := range pk.Filters {
		if tooDeep(pk.Filters[i].Filter) {
			pk.Filters[i].Filter = refusedTopic
		}
	}
	return pk
}
