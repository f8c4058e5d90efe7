package broker

import (
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
		mqtt.OnUnsubscribe, mqtt.OnPublishDropped, mqtt.OnClientExpired:
		return true
	}
	return false
}

// OnConnect prepares what the library would get wrong: some keep-alives, and
// the last will, which it would publish past every check.
func (h *hook) OnConnect(cl *mqtt.Client, pk packets.Packet) error {
	cl.State.Keepalive = keepalive(cl.State.Keepalive)
	if c := connOf(cl); c != nil {
		c.will = willOf(cl)
	}
	cl.Properties.Will = mqtt.Will{}
	return nil
}

// keepalive returns the seconds after which, half again, a silent client is
// gone. 0 stays 0, by the client's own wish: TCP's keep-alive finds a host that
// is no longer there. The upper bound keeps the library's 16-bit sum from
// overflowing, the lower one spares clients on slow links.
func keepalive(seconds uint16) uint16 {
	const least, most = 5, 43_690
	if seconds == 0 {
		return 0
	}
	return min(max(seconds, least), most)
}

// OnConnectAuthenticate decides who may log in.
func (h *hook) OnConnectAuthenticate(cl *mqtt.Client, pk packets.Packet) bool {
	c := connOf(cl)
	if c == nil || h.b.stopping() {
		return false
	}
	refusal := h.b.opts.Anonymous.refusal(c.remote)
	if _, known := h.b.server.Clients.Get(cl.ID); refusal == "" && !known && h.b.server.Clients.Len() >= h.b.opts.MaxSessions {
		refusal = "there are too many sessions already"
	}
	if refusal == "" {
		return true
	}
	h.b.stats.refusedLogin.Add(1)
	h.b.refusals.warn(h.b.log, "login refused", "listener", c.listener, "remote", c.remote, "client", bounded(cl.ID), "err", refusal)
	return false
}

// OnSessionEstablish ends an older connection of the same client id, and waits
// until it is gone: nothing that it still does may come after what the new one
// does. Its last will is not published, since the client is here.
func (h *hook) OnSessionEstablish(cl *mqtt.Client, pk packets.Packet) {
	older, ok := h.b.server.Clients.Get(cl.ID)
	if !ok {
		return
	}
	c := connOf(older)
	if c == nil {
		return
	}
	c.superseded.Store(true)
	if older.Properties.ProtocolVersion >= 5 {
		h.b.server.DisconnectClient(older, packets.ErrSessionTakenOver)
	} else {
		older.Stop(packets.ErrSessionTakenOver)
	}
	select {
	case <-c.gone:
	case <-time.After(2 * time.Second):
		h.b.log.Warn("an older connection did not end in time", "client", bounded(cl.ID), "remote", c.remote)
	}
}

// OnSessionEstablished makes the session visible.
func (h *hook) OnSessionEstablished(cl *mqtt.Client, pk packets.Packet) {
	if c := connOf(cl); c != nil {
		c.client.Store(cl)
	}
}

// OnDisconnect publishes the last will of a client that left without a word.
func (h *hook) OnDisconnect(cl *mqtt.Client, err error, expire bool) {
	if !expire {
		cl.Stop(nil) // from here on it counts as absent
		h.b.trimAbsent()
	}
	c := connOf(cl)
	if c == nil || c.will == nil || err == nil || c.superseded.Load() || h.b.stopping() {
		return
	}
	d := &delivery{b: h.b, c: c, cl: cl, message: c.will.message}
	d.message.qos = 0 // nobody is there to be acknowledged
	c.deliveries.add(d)
	h.ingest(d, ingest.Message{Will: true, QoS: c.will.message.qos})
}

// OnClientExpired takes the subscriptions of a session that ends with its
// client away. The library leaves them, for every later message to look at.
func (h *hook) OnClientExpired(cl *mqtt.Client) { h.b.server.UnsubscribeClient(cl) }

// OnACLCheck is asked before a publish, a subscription and every delivery. A
// message for a client that is behind is left out here.
func (h *hook) OnACLCheck(cl *mqtt.Client, topic string, write bool) bool {
	if write { // decided in OnPublish, where a refusal does not end the connection
		return true
	}
	c := connOf(cl)
	if c != nil && c.behind() {
		h.b.stats.dropped.Add(1)
		return false
	}
	return true
}

// OnPublishDropped counts a message that the library left out for a slow client.
func (h *hook) OnPublishDropped(cl *mqtt.Client, pk packets.Packet) { h.b.stats.dropped.Add(1) }

// OnPacketRead renames topics that the library would drop in silence, without
// an acknowledgement, so that they reach OnPublish; and it lets every lawful
// CONNECT pass.
func (h *hook) OnPacketRead(cl *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	switch {
	case pk.FixedHeader.Type == packets.Connect:
		pk.Connect = lawful(pk.Connect)
	case pk.FixedHeader.Type == packets.Publish && refuseTopic(pk.TopicName):
		pk.TopicName = refusedTopic
	}
	return pk, nil
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
	h.b.stats.received.Add(1)
	d := &delivery{b: h.b, c: c, cl: cl, id: pk.PacketID, message: outgoingOf(cl, pk)}
	if pk.FixedHeader.Qos > 0 && !h.takeSlot(c) {
		return pk, packets.ErrRejectPacket
	}
	if pk.FixedHeader.Qos == 2 {
		d.waiter = make(chan ingest.Verdict, 1)
	}
	c.deliveries.add(d)
	h.ingest(d, ingest.Message{QoS: pk.FixedHeader.Qos})
	if d.waiter == nil {
		return pk, packets.ErrRejectPacket // the library does nothing more; answer does
	}
	return h.await(d, pk)
}

// takeSlot waits until fewer than MaxInFlight messages of c are unanswered; it
// returns false when the broker begins to stop.
func (h *hook) takeSlot(c *conn) bool {
	select {
	case c.deliveries.slots <- struct{}{}:
		return true
	case <-h.b.accepting.Done():
		return false
	}
}

// ingest gives the message of d to the sink. A panic on the way in is ours and
// would come again with the message, so the message is worthless.
func (h *hook) ingest(d *delivery, m ingest.Message) {
	defer func() {
		if p := recover(); p != nil {
			h.b.panicked("ingest", p)
			d.settle(ingest.Verdict{Outcome: ingest.Worthless})
		}
	}()
	switch {
	case d.message.topic == refusedTopic:
		h.b.stats.refusedTopics.Add(1)
		d.settle(ingest.Verdict{Outcome: ingest.Worthless, Reason: ingest.ReasonBadTopic})
	case d.message.retain && len(d.message.payload) == 0: // clears a retained message
		d.settle(ingest.Verdict{Outcome: ingest.Passed, Reason: ingest.ReasonNotForUs})
	default:
		m.Source, m.Topic, m.Payload, m.Received = d.c.listener, d.message.topic, d.message.payload, time.Now()
		h.b.sink.Ingest(h.b.accepting, m, d.settle)
	}
}

// await blocks the connection of a QoS 2 publisher until its message's fate is
// known, and then tells the library, which keeps the state of that handshake.
// Nothing but these three answers may be returned: any other error is logged
// by the library, and acknowledged.
func (h *hook) await(d *delivery, pk packets.Packet) (packets.Packet, error) {
	v := <-d.waiter
	switch v.Outcome {
	case ingest.NotSafe:
		d.cl.Stop(packets.ErrServerUnavailable)
		return pk, packets.ErrRejectPacket
	case ingest.Worthless:
		h.b.stats.acked.Add(1)
		return pk, packets.CodeSuccessIgnore
	default:
		h.b.stats.acked.Add(1)
		pk.FixedHeader.Retain = pk.FixedHeader.Retain && h.b.mayRetain(d.message)
		return pk, nil
	}
}

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

// OnUnsubscribe spares the library filters that nobody can hold.
func (h *hook) OnUnsubscribe(cl *mqtt.Client, pk packets.Packet) packets.Packet {
	for i := range pk.Filters {
		if tooDeep(pk.Filters[i].Filter) {
			pk.Filters[i].Filter = refusedTopic
		}
	}
	return pk
}
