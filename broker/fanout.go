package broker

import (
	"slices"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// outgoing is what subscribers get of a PUBLISH.
type outgoing struct {
	topic      string
	payload    []byte
	qos        byte
	retain     bool
	properties *packets.Properties // of MQTT 5 publishers
}

// userPropertyCost is what keeping a user property takes besides its text, in
// bytes; on the wire it may have five.
const userPropertyCost = 64

// size is what keeping m takes, in bytes.
func (m *outgoing) size() int {
	n := len(m.topic) + len(m.payload)
	if p := m.properties; p != nil {
		n += len(p.CorrelationData) + len(p.ResponseTopic) + len(p.ContentType)
		for _, u := range p.User {
			n += userPropertyCost + len(u.Key) + len(u.Val)
		}
	}
	return n
}

// packet is m as the library keeps it. from is the id of its publisher, for
// subscriptions that want none of their own.
func (m *outgoing) packet(from string, now time.Time) *packets.Packet {
	pk := &packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: m.qos, Retain: m.retain},
		TopicName:   m.topic,
		Payload:     m.payload,
		Created:     now.Unix(),
		Origin:      from,
	}
	if m.properties != nil {
		pk.ProtocolVersion = 5
		pk.Properties = m.properties.Copy(false)
		if n := pk.Properties.MessageExpiryInterval; n > 0 {
			pk.Expiry = pk.Created + int64(n)
		}
	}
	return pk
}

// forward keeps a message when it is to be retained, and has it brought to the
// subscribers. It waits for nobody. from is the id of its publisher, "" for the
// hub; brought is called when the subscribers have it, and until then somebody
// answers for the room that it takes.
//
// Messages are retained in the order in which they are brought: who subscribes
// never has an older one than who was there.
func (b *Broker) forward(from string, m outgoing, brought func()) {
	defer func() { // whoever calls settles the messages of all clients
		if p := recover(); p != nil {
			b.panicked("forward", p)
		}
	}()
	var keep func()
	if m.retain {
		keep = func() { b.retain(m, from) }
	}
	b.courier.take(parcel{from, m, brought}, keep)
}

// announce forwards a message of the hub itself. It comes of one that a client
// sent, and cannot wait for room: the next that clients send will.
func (b *Broker) announce(m outgoing) {
	room := messageCost + m.size()
	b.intake.force(room)
	b.forward("", m, func() { b.intake.leave(room) })
}

// bring gives a message to the subscribers.
//
// This is what the library does with a PUBLISH, except that it drops what comes
// faster than a subscriber acknowledges or its own goroutine writes.
func (b *Broker) bring(p parcel) {
	defer func() { // the messages of all clients go this way
		if p := recover(); p != nil {
			b.panicked("bring", p)
		}
	}()
	subscribers := b.server.Topics.Subscribers(p.message.topic)
	if len(subscribers.Shared) > 0 {
		subscribers.SelectShared()
		subscribers.MergeSharedSelected()
	}
	if len(subscribers.Subscriptions) == 0 {
		return // as on most hubs: who looks at the mesh reads the database
	}
	view := &view{whole: p.message.packet(p.from, time.Now())}
	for id, sub := range subscribers.Subscriptions {
		if cl, ok := b.server.Clients.Get(id); ok {
			b.deliver(cl, sub, view)
			b.letWrite()
		}
	}
}

// deliver puts a message into the outbox of one subscriber, if it may have it.
func (b *Broker) deliver(cl *mqtt.Client, sub packets.Subscription, v *view) {
	c := connOf(cl)
	if c == nil || sub.NoLocal && v.whole.Origin == cl.ID || !c.principal.allowed(v.whole.TopicName, accessRead) {
		return
	}
	if _, asked := cl.State.Subscriptions.Get(sub.Filter); !asked && !cl.IsTakenOver() {
		return // an older connection of that id did, and this one, which has taken its place, begins anew
	}
	pk := v.of(&c.principal)
	if pk == nil {
		return
	}
	s := sending{packet: pk, qos: min(pk.FixedHeader.Qos, sub.Qos), ids: identifiers(sub)}
	s.retain = pk.FixedHeader.Retain && sub.RetainAsPublished
	if s.qos == 0 && cl.Closed() {
		return
	}
	why := DropNotReading
	if s.qos > 0 || !c.behind() {
		why = c.outbox.add(s, b)
	}
	switch {
	case why == "":
		c.outbox.pump(cl, b)
	case !cl.Closed() || !cl.Properties.Clean:
		b.stats.drop(why)
	}
}

// identifiers are those of the subscriptions that a message matches (MQTT-3.3.4-3).
func identifiers(sub packets.Subscription) []int {
	if len(sub.Identifiers) == 0 {
		return nil
	}
	ids := make([]int, 0, len(sub.Identifiers))
	for _, id := range sub.Identifiers {
		if id > 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// view is a message as different subscribers may see it. However many they are,
// each form is made once.
type view struct {
	whole    *packets.Packet
	limited  *packets.Packet // without what a limited viewer does not get; nil when nothing is left
	redacted bool
}

// of is the form that p may see; nil for none.
func (v *view) of(p *Principal) *packets.Packet {
	if p.Role != RoleLimited {
		return v.whole
	}
	if !v.redacted {
		v.redacted, v.limited = true, redact(v.whole)
	}
	return v.limited
}
