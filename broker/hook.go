package broker

import (
	"cmp"
	"strings"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"corescope-hub/ingest"
)

// hook is where the library asks us. There is one: with several, the first
// that permits something decides, and ours could be outvoted.
//
// Messages that we send to subscribers ourselves come by here too; they belong
// to inline clients, which have no connection.
type hook struct {
	mqtt.HookBase
	b *Broker
}

// ID names the hook in the library's errors.
func (h *hook) ID() string { return "corescope-hub" }

// Provides lists the methods below.
func (h *hook) Provides(method byte) bool {
	switch method {
	case mqtt.OnConnect, mqtt.OnConnectAuthenticate, mqtt.OnSessionEstablish, mqtt.OnSessionEstablished,
		mqtt.OnDisconnect, mqtt.OnACLCheck, mqtt.OnPacketRead, mqtt.OnPublish, mqtt.OnSubscribe,
		mqtt.OnUnsubscribe, mqtt.OnClientExpired, mqtt.OnPacketProcessed, mqtt.OnSubscribed, mqtt.OnPacketEncode,
		mqtt.OnQosDropped, mqtt.OnRetainedExpired:
		return true
	}
	return false
}

// OnACLCheck is asked before a publish, a subscription, and every delivery of the
// library's own messages, those under $SYS.
func (h *hook) OnACLCheck(cl *mqtt.Client, topic string, write bool) bool {
	if write { // decided in OnPublish, where a refusal does not end the connection
		return true
	}
	c := connOf(cl)
	switch {
	case c == nil:
		return false
	case strings.ContainsAny(topic, "+#"): // a subscription; each message is judged again
		return c.principal.mayAsk(topic)
	}
	return c.principal.allowed(topic, accessRead)
}

// OnPacketEncode corrects some of the library's answers.
func (h *hook) OnPacketEncode(cl *mqtt.Client, pk packets.Packet) packets.Packet {
	c := connOf(cl)
	if c == nil {
		return pk
	}
	switch pk.FixedHeader.Type {
	case packets.Connack:
		pk = h.b.welcome(c, pk)
	case packets.Suback, packets.Unsuback:
		pk.PacketID = c.asked.real(pk.PacketID)
	}
	return pk
}

// OnPacketRead renames topics that the library would drop in silence, without
// an acknowledgement, so that they reach OnPublish; and it lets every lawful
// CONNECT pass.
//
// What was answered before a client asks for something comes before the answer
// if it has subscribed to it, and not at all if it subscribes only now.
func (h *hook) OnPacketRead(cl *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	switch {
	case pk.FixedHeader.Type == packets.Connect:
		pk.Connect = lawful(pk.Connect)
	case pk.FixedHeader.Type == packets.Publish && (refuseTopic(pk.TopicName) || len(pk.Properties.User) > maxUserProperties):
		pk.TopicName, pk.Properties.User = refusedTopic, nil
	}
	c := connOf(cl)
	if c == nil {
		return pk, nil
	}
	if asks(cl, pk) {
		h.pause(c.paces.requests.take(1, time.Now()))
	}
	switch pk.FixedHeader.Type {
	case packets.Subscribe, packets.Unsubscribe:
		pk.PacketID = c.asked.substitute(cl, pk.PacketID)
		h.b.courier.catchUp()
	case packets.Pingreq:
		if cl.State.Subscriptions.Len() > 0 {
			h.b.courier.catchUp()
		}
	case packets.Disconnect:
		pk.ReasonCode = c.reasonToLeave(pk)
	}
	return pk, nil
}

// OnPacketProcessed goes on sending to a client that has acknowledged something,
// or that has its SUBACK and now gets the retained messages.
func (h *hook) OnPacketProcessed(cl *mqtt.Client, pk packets.Packet, err error) {
	c := connOf(cl)
	if c == nil {
		return
	}
	switch pk.FixedHeader.Type {
	case packets.Puback, packets.Pubrec, packets.Pubcomp:
		c.outbox.acknowledged(cl, pk.PacketID, h.b)
		c.outbox.pump(cl, h.b)
	case packets.Subscribe:
		c.outbox.pump(cl, h.b)
	}
}

// OnQosDropped follows the library, which has given up a message.
func (h *hook) OnQosDropped(cl *mqtt.Client, pk packets.Packet) {
	if c := connOf(cl); c != nil && !c.superseded.Load() { // else another connection has them
		c.outbox.acknowledged(cl, pk.PacketID, h.b)
	}
}

// OnPublish hands a message on, and keeps its acknowledgement back until its
// fate is known.
func (h *hook) OnPublish(cl *mqtt.Client, pk packets.Packet) (out packets.Packet, err error) {
	if cl.Net.Inline {
		return pk, nil
	}
	c := connOf(cl)
	if c == nil || h.b.stopping() { // no answer; what is under way has one to come before the session ends
		return pk, packets.ErrRejectPacket
	}
	if pk.FixedHeader.Qos == 2 && !h.b.held.handshake(cl) {
		c.cutFor(CutUnreleased)
		return pk, packets.ErrRejectPacket
	}
	h.b.stats.received.Add(1)
	d := &delivery{b: h.b, c: c, cl: cl, id: pk.PacketID, message: outgoingOf(cl, pk)}
	d.room = messageCost + d.message.size()
	if !h.takeSlots(d.place()) || !h.b.intake.enter(d.room, c.holdsRoom(), h.b.accepting.Done()) {
		return pk, packets.ErrRejectPacket
	}
	if pk.FixedHeader.Qos == 2 {
		d.waiter = make(chan ingest.Verdict, 1)
	}
	c.deliveries.add(d)
	wait := h.ingest(d, ingest.Message{QoS: pk.FixedHeader.Qos})
	h.pause(wait)
	if d.waiter == nil {
		return pk, packets.ErrRejectPacket // the library does nothing more; answer does
	}
	return h.await(d, pk)
}

// takeSlots waits until there is room for n in slots; it returns false when the
// broker begins to stop.
func (h *hook) takeSlots(slots chan struct{}, n int) bool {
	for range n {
		select {
		case slots <- struct{}{}:
		case <-h.b.accepting.Done():
			return false
		}
	}
	return true
}

// pause lets a connection wait that sends more than its share.
func (h *hook) pause(wait time.Duration) {
	if wait == 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-h.b.accepting.Done():
	}
}

// judge says why the message of d is refused before anybody reads it; "" when it
// is not.
func (h *hook) judge(d *delivery) (reason Reason, wait time.Duration) {
	a := h.b.roster.arrival(d.c, "", d.message.topic, d.message.payload, time.Now())
	reason = d.c.principal.refusePublish(d.message.topic, a.ID)
	if reason != "" {
		h.b.roster.note(cmp.Or(d.c.principal.Key, a.ID), reason, "", a.at) // whose login it is has to put it right
		return reason, d.wait(&d.c.paces.requests, a.at)
	}
	d.key, d.status = a.ID, a.Status
	if a.ID == "" {
		return "", d.wait(&d.c.paces.foreign, a.at)
	}
	return h.b.roster.judge(a)
}

// wait is how long the connection has to wait after a message that counts there.
func (d *delivery) wait(pace *bucket, now time.Time) time.Duration {
	if d.will { // nobody reads the connection any more
		return 0
	}
	return pace.take(1, now)
}

// ingest gives the message of d to the sink, and returns how long its connection
// has to wait before the next. A panic on the way in is ours and would come
// again with the message, so the message is worthless.
func (h *hook) ingest(d *delivery, m ingest.Message) (wait time.Duration) {
	defer func() {
		if p := recover(); p != nil {
			h.b.panicked("ingest", p)
			d.settle(ingest.Verdict{Outcome: ingest.Worthless})
		}
	}()
	reason, wait := h.judge(d)
	switch {
	case reason != "":
		h.b.stats.refusedMessages[reason].Add(1)
		d.settle(ingest.Verdict{Outcome: ingest.Worthless})
	case d.message.retain && len(d.message.payload) == 0: // clears a retained message
		d.settle(ingest.Verdict{Outcome: ingest.Passed, Reason: ingest.ReasonNotForUs})
	default:
		m.Source, m.Topic, m.Payload, m.Received = d.c.listener, d.message.topic, d.message.payload, time.Now()
		h.b.sink.Ingest(h.b.accepting, m, d.settle)
	}
	return wait
}

// await blocks the connection of a QoS 2 publisher until its message's fate is
// known, and then tells the library, which keeps the state of that handshake.
// Nothing but these two answers may be returned: any other error is logged
// by the library, and acknowledged.
func (h *hook) await(d *delivery, pk packets.Packet) (packets.Packet, error) {
	v := <-d.waiter
	if v.Outcome == ingest.NotSafe {
		d.cl.Stop(packets.ErrServerUnavailable)
		return pk, packets.ErrRejectPacket
	}
	h.b.stats.acked.Add(1)
	return pk, packets.CodeSuccessIgnore // the subscribers have it from us
}
