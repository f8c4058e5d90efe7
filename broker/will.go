package broker

import (
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"corescope-hub/ingest"
)

// will is a client's last will, kept by us instead of the library, which
// publishes it unseen. It takes the same way as the client's other messages.
type will struct {
	message outgoing
	delay   time.Duration // how long the client may stay away before it is published; MQTT 5
}

// willOf copies the last will of a client that is connecting, with its properties
// (MQTT 5, 3.1.3.2); nil when it has none.
func willOf(cl *mqtt.Client, props packets.Properties) *will {
	w := cl.Properties.Will
	if w.Flag == 0 || w.TopicName == "" {
		return nil
	}
	m := outgoing{topic: w.TopicName, payload: w.Payload, qos: w.Qos, retain: w.Retain}
	if cl.Properties.ProtocolVersion >= 5 {
		m.properties = &props
	}
	one := &will{message: m}
	if p := cl.Properties.Props; p.SessionExpiryIntervalFlag { // without, the session ends with its connection, and the will is due
		one.delay = time.Duration(min(w.WillDelayInterval, p.SessionExpiryInterval)) * time.Second
	}
	return one
}

// refuse says whether the last will of a client with these rights could never be
// published, and why.
func (w *will) refuse(p *Principal, maxBytes int) bool {
	t := w.message.topic
	switch {
	case refuseTopic(t), !mqtt.IsValidFilter(t, true), w.message.size() > maxBytes:
		return true
	}
	return p.refusePublish(t, ingest.SpeakerOf(t, w.message.payload).ID) != ""
}

// checkWill leaves out a last will that could never be published. The client is
// let in all the same: it has more to say.
func (b *Broker) checkWill(c *conn) {
	if c.will == nil || !c.will.refuse(&c.principal, b.opts.MaxRetainedBytes) {
		return
	}
	key := c.principal.Key
	if key == "" {
		key = ingest.SpeakerOf(c.will.message.topic, c.will.message.payload).ID
	}
	b.stats.refusedMessages[ReasonWill].Add(1)
	b.roster.note(key, ReasonWill, "", time.Now())
	c.will = nil
}

// maxDelayedWills bounds the wills that wait; one more is published at once.
const maxDelayedWills = 1024

// bequeath publishes the last will of a client that left without a word, at once
// or when it has stayed away for as long as the will says.
func (h *hook) bequeath(cl *mqtt.Client, c *conn) {
	if c.will == nil || c.will.delay == 0 || !h.delayWill(cl, c) {
		h.publishWill(cl, c)
	}
}

// delayWill has the will published later; false when too many wait already.
func (h *hook) delayWill(cl *mqtt.Client, c *conn) bool {
	b := h.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.delayed) >= maxDelayedWills {
		return false
	}
	var timer *time.Timer
	timer = time.AfterFunc(c.will.delay, func() {
		if b.claimWill(cl.ID, &timer) {
			h.publishWill(cl, c)
		}
	})
	b.delayed[cl.ID] = timer
	return true
}

// claimWill says whether the will that timer waited for is still to be
// published: its client is not back, and the broker not about to stop.
//
// It gets a pointer, since a short delay may be over before the timer is known:
// whoever sets it holds mu.
func (b *Broker) claimWill(id string, timer **time.Timer) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.delayed[id] != *timer || b.stopping() {
		return false
	}
	delete(b.delayed, id)
	return true
}

// publishWill sends the last will the way of the client's other messages, behind
// them, and then corrects its retained statuses.
func (h *hook) publishWill(cl *mqtt.Client, c *conn) {
	if c.will != nil && !h.b.outdated(c) {
		d := &delivery{b: h.b, c: c, cl: cl, message: c.will.message, will: true}
		d.message.qos = 0 // nobody is there to be acknowledged
		c.deliveries.add(d)
		h.ingest(d, ingest.Message{Will: true, QoS: c.will.message.qos})
	}
	h.depart(cl, c)
}

// outdated says whether the last will of c says "offline" of an observer that
// another connection speaks for: it has come back with another session.
func (b *Broker) outdated(c *conn) bool {
	s := ingest.SpeakerOf(c.will.message.topic, c.will.message.payload)
	return s.Status && s.ID != "" && b.roster.spokenFor(s.ID, c)
}

// depart comes last of all that a connection had to say.
func (h *hook) depart(cl *mqtt.Client, c *conn) {
	d := &delivery{b: h.b, c: c, cl: cl, departs: true}
	c.deliveries.add(d)
	d.settle(ingest.Verdict{Outcome: ingest.Passed})
}

// returned calls off the will of a client that is back.
func (b *Broker) returned(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if timer := b.delayed[id]; timer != nil {
		timer.Stop()
		delete(b.delayed, id)
	}
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
