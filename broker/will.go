package broker

import (
	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// will is a client's last will, kept by us instead of the library, which
// publishes it unseen. It takes the same way as the client's other messages.
type will struct{ message outgoing }

// willOf copies the last will of a client that is connecting; nil when it has
// none, or one for a topic that it may not publish to.
func willOf(cl *mqtt.Client) *will {
	w := cl.Properties.Will
	if w.Flag == 0 || w.TopicName == "" || refuseTopic(w.TopicName) || !mqtt.IsValidFilter(w.TopicName, true) {
		return nil
	}
	m := outgoing{topic: w.TopicName, payload: w.Payload, qos: w.Qos, retain: w.Retain}
	if len(w.User) > 0 {
		m.properties = &packets.Properties{User: w.User}
	}
	return &will{message: m}
}

// of returns w if p may publish it, else nil.
func (w *will) of(p *Principal) *will {
	if w == nil || !p.allowed(w.message.topic, accessPublish) {
		return nil
	}
	return w
}

// outgoingOf is what subscribers are to get of a client's PUBLISH.
func outgoingOf(cl *mqtt.Client, pk packets.Packet) outgoing {
	m := outgoing{topic: pk.TopicName, payload: pk.Payload, qos: pk.FixedHeader.Qos, retain: pk.FixedHeader.Retain}
	if cl.Properties.ProtocolVersion >= 5 {
		p := pk.Properties
		m.properties = &p
	}
	return m
}
