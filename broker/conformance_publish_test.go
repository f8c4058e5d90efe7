package broker

import (
	"fmt"
	"slices"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"
)

// Every QoS of the publisher with every one of the subscriber: the lesser holds
// (MQTT-3.8.4-8).
func TestConformanceQoSOfADelivery(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	eachVersion(t, func(t *testing.T, version byte) {
		for asked := byte(0); asked <= 2; asked++ {
			for sent := byte(0); sent <= 2; sent++ {
				name := fmt.Sprintf("meshcore/ZRH/%d%d%d/packets", version, asked, sent)
				sub := connect(t, b.addr, connectOptions{id: "sub" + name, version: version})
				if code := sub.ask(name, asked); code != asked {
					t.Errorf("QoS %d granted as %d", asked, code)
				}
				c := connect(t, b.addr, connectOptions{id: "pub" + name, version: version})
				c.publish(name, "x", sent, 5)
				switch sent {
				case 1:
					c.expectAck(0x40, 5)
				case 2:
					c.expectAck(0x50, 5)
					c.send([]byte{0x62, 2, 0, 5})
					c.expectAck(0x70, 5)
				}
				pk := sub.expect(packets.Publish)
				if got := pk.FixedHeader.Qos; got != min(asked, sent) || pk.FixedHeader.Dup {
					t.Errorf("asked %d, sent %d: got QoS %d, DUP %v", asked, sent, got, pk.FixedHeader.Dup)
				}
				sub.finish(pk)
				sub.ping()
			}
		}
	})
}

// finish does what the subscriber's side has to do for a message.
func (c *rawClient) finish(pk packets.Packet) {
	c.t.Helper()
	id := []byte{byte(pk.PacketID >> 8), byte(pk.PacketID)}
	switch pk.FixedHeader.Qos {
	case 1:
		c.send(packet(0x40, id))
	case 2:
		c.send(packet(0x50, id))
		c.expectAck(0x62, pk.PacketID)
		c.send(packet(0x70, id))
	}
}

// MQTT-4.4.0-1: what was not acknowledged comes again, with DUP and its packet id.
func TestConformanceUnacknowledgedMessageComesAgain(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	eachVersion(t, func(t *testing.T, version byte) {
		for qos := byte(1); qos <= 2; qos++ {
			name := fmt.Sprintf("meshcore/ZRH/%d%d/packets", version, qos)
			props := properties(seconds(0x11, 60))
			sub, _ := greet(t, b.addr, version, keep, props, str(name))
			sub.ask(name, qos)
			connect(t, b.addr, connectOptions{id: "pub" + name, version: version}).publish(name, "x", 2, 1)
			first := sub.expect(packets.Publish)
			b.leaves(sub)
			sub, ack := greet(t, b.addr, version, keep, props, str(name))
			if version > 3 && !ack.SessionPresent {
				t.Error("no session present")
			}
			again := sub.expect(packets.Publish)
			if h := again.FixedHeader; !h.Dup || h.Qos != qos || again.PacketID != first.PacketID || string(again.Payload) != "x" {
				t.Errorf("QoS %d: got DUP %v, QoS %d, id %d for %d, %q", qos, h.Dup, h.Qos, again.PacketID, first.PacketID, again.Payload)
			}
			sub.finish(again)
			sub.ping()
		}
	})
}

// MQTT-4.3.3-10: the id of a QoS 2 message is its until PUBREL.
func TestConformanceRepeatedQoS2MessageIsTakenOnce(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	eachVersion(t, func(t *testing.T, version byte) {
		name := fmt.Sprintf("meshcore/ZRH/%d/packets", version)
		c := connect(t, b.addr, connectOptions{id: name, version: version})
		c.send(c.publishPacket(name, "x", 2, 1, false))
		c.expectAck(0x50, 1)
		sub := connect(t, b.addr, connectOptions{id: "sub" + name, version: version})
		sub.ask(name, 0)
		again := c.publishPacket(name, "x", 2, 1, false)
		again[0] |= 8
		c.send(again)
		c.expectAck(0x50, 1)
		c.send([]byte{0x62, 2, 0, 1})
		c.expectAck(0x70, 1)
		c.publish(name, "y", 1, 1)
		c.expectAck(0x40, 1)
		if _, got, _ := sub.expectPublish(); got != "y" {
			t.Errorf("got %q again", got)
		}
	})
}

func TestConformanceUnlawfulPublishesEndTheConnection(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	eachVersion(t, func(t *testing.T, version byte) {
		var props []byte
		if version == 5 {
			props = properties()
		}
		for name, p := range map[string][]byte{
			"QoS 3":         packet(0x36, str("a/b"), []byte{0, 1}, props),
			"packet id 0":   packet(0x32, str("a/b"), []byte{0, 0}, props),
			"#":             packet(0x30, str("a/#"), props),
			"+":             packet(0x30, str("a/+/b"), props),
			"no topic":      packet(0x30, str(""), props),
			"DUP at QoS 0":  packet(0x38, str("a/b"), props),
			"NUL":           packet(0x30, str("a\x00b"), props),
			"not UTF-8":     packet(0x30, str("a\xffb"), props),
			"half a topic":  packet(0x30, []byte{0, 9, 'a'}),
			"no packet id":  packet(0x32, str("a/b")),
			"topic alias 1": packet(0x30, str("a/b"), []byte{3, 0x23, 0, 1}),
		} {
			if name == "topic alias 1" && version < 5 {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c := connect(t, b.addr, connectOptions{id: fmt.Sprint(version, name), version: version})
				c.send(p)
				c.expectClosed()
			})
		}
	})
}

func TestConformanceEmptyPayloadIsDelivered(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	eachVersion(t, func(t *testing.T, version byte) {
		name := fmt.Sprintf("meshcore/ZRH/%d/packets", version)
		c := connect(t, b.addr, connectOptions{id: name, version: version})
		c.ask(name, 1)
		c.publish(name, "", 0, 0)
		if pk := c.expect(packets.Publish); len(pk.Payload) != 0 || pk.TopicName != name {
			t.Errorf("got %q on %s", pk.Payload, pk.TopicName)
		}
	})
}

// MQTT-3.3.2-4, -15 to -20: what a publisher says of its message goes with it.
func TestConformancePropertiesAreForwarded(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	pub := connect(t, b.addr, connectOptions{id: "pub", version: 5})
	c := connect(t, b.addr, connectOptions{id: "a", version: 5})
	c.ask(topic, 0, []byte{0x0B, 42})
	pub.say(topic, "x", false, []byte{0x01, 1}, text(0x03, "text/plain"), text(0x08, "reply/here"),
		text(0x09, "123"), text(0x26, "k", "1"), text(0x26, "k", "2"), text(0x26, "a", ""))
	p := c.expect(packets.Publish).Properties
	user := []packets.UserProperty{{Key: "k", Val: "1"}, {Key: "k", Val: "2"}, {Key: "a"}}
	if p.PayloadFormat != 1 || p.ContentType != "text/plain" || p.ResponseTopic != "reply/here" ||
		string(p.CorrelationData) != "123" || !slices.Equal(p.User, user) || !slices.Equal(p.SubscriptionIdentifier, []int{42}) {
		t.Errorf("got %+v", p)
	}
	old := connect(t, b.addr, connectOptions{id: "old"})
	old.ask(topic, 0)
	pub.say(topic, "y", false, text(0x26, "k", "1"))
	if _, got, _ := old.expectPublish(); got != "y" {
		t.Errorf("an older client got %q", got)
	}
}
