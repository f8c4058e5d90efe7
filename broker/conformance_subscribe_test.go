package broker

import (
	"fmt"
	"slices"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"
)

// MQTT 4.7: which filter matches which topic.
func TestConformanceWildcards(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, version byte) {
		b := start(t, verdictSink(storeAll)) // others publish to what # matches
		pub := connect(t, b.addr, connectOptions{id: fmt.Sprint("pub", version), version: version})
		for i, tc := range []struct {
			filter, topic string
			match         bool
		}{
			{"sport/#", "sport", true}, {"sport/#", "sport/", true}, {"sport/#", "sport/a/b", true}, {"sport/#", "sports", false},
			{"#", "a", true}, {"#", "/a", true}, {"/#", "a", false}, {"/#", "/a", true},
			{"sport/+", "sport", false}, {"sport/+", "sport/", true}, {"sport/+", "sport/a", true}, {"sport/+", "sport/a/b", false},
			{"+", "a", true}, {"+", "/a", false}, {"+/+", "/finance", true}, {"/+", "/finance", true}, {"+", "finance/", false},
			{"+/a/#", "x/a", true}, {"+/a/#", "x/b/a", false}, {"+/+/c", "a//c", true}, {"a//c", "a/c", false},
			{"a/b", "a/b", true}, {"a/b", "A/b", false}, {"a/b", "a/b/", false}, {"/", "/", true}, {"ä/+", "ä/ö", true},
			{"a b", "a b", true}, {"a/+/c/#", "a/b/c", true}, {"+/#", "/", true}, {"+/#", "a/b", true},
		} {
			c := connect(t, b.addr, connectOptions{id: fmt.Sprint(version, i), version: version})
			c.ask(tc.filter, 0)
			pub.say(tc.topic, "x", false)
			c.send([]byte{0xC0, 0})
			h, body := c.read()
			if got := h == 0x30; got != tc.match {
				t.Errorf("%s: %s matches: %v (% x)", tc.filter, tc.topic, got, body)
			}
			c.conn.Close()
		}
	})
}

// MQTT-4.7.2-1.
func TestConformanceWildcardsLeaveTheBrokersTopicsOut(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	eachVersion(t, func(t *testing.T, version byte) {
		c := connect(t, b.addr, connectOptions{id: fmt.Sprint(version), version: version})
		for _, filter := range []string{"#", "+/#", "+/broker/#"} {
			c.ask(filter, 0)
			c.ping() // $SYS is retained, and would come first
		}
	})
}

// MQTT-3.3.4-2: one message, at the highest QoS; MQTT-3.3.4-3 to -5: with the
// identifiers of all.
func TestConformanceOverlappingSubscriptions(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	eachVersion(t, func(t *testing.T, version byte) {
		name := fmt.Sprintf("meshcore/ZRH/%d/packets", version)
		c := connect(t, b.addr, connectOptions{id: name, version: version})
		var one, two [][]byte
		if version == 5 {
			one, two = [][]byte{{0x0B, 1}}, [][]byte{{0x0B, 0x80, 0x02}}
		}
		c.ask(fmt.Sprintf("meshcore/+/%d/#", version), 0, one...)
		c.ask(fmt.Sprintf("meshcore/ZRH/%d/+", version), 2, two...)
		c.ask(name, 1)
		connect(t, b.addr, connectOptions{id: "pub" + name, version: version}).publish(name, "x", 2, 1)
		pk := c.expect(packets.Publish)
		if pk.FixedHeader.Qos != 2 || version == 5 && !slices.Equal(pk.Properties.SubscriptionIdentifier, []int{1, 256}) {
			t.Errorf("got QoS %d, identifiers %v", pk.FixedHeader.Qos, pk.Properties.SubscriptionIdentifier)
		}
		c.ping()
	})
}

// MQTT-3.8.4-3: the later subscription to the same filter takes the place of the
// earlier.
func TestConformanceSubscriptionIsReplaced(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	eachVersion(t, func(t *testing.T, version byte) {
		name := fmt.Sprintf("meshcore/ZRH/%d/packets", version)
		c := connect(t, b.addr, connectOptions{id: name, version: version})
		c.ask(name, 2)
		c.ask(name, 0)
		connect(t, b.addr, connectOptions{id: "pub" + name, version: version}).publish(name, "x", 1, 1)
		if qos := c.expect(packets.Publish).FixedHeader.Qos; qos != 0 {
			t.Errorf("got QoS %d", qos)
		}
		c.ping()
	})
}

// MQTT-3.8.4-6, -7: one code for each filter, in order.
func TestConformanceCodeForEachFilter(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	eachVersion(t, func(t *testing.T, version byte) {
		var props []byte
		refused := byte(0x80)
		if version == 5 {
			props, refused = properties(), 0x8F
		}
		c := connect(t, b.addr, connectOptions{id: fmt.Sprint(version), version: version})
		c.send(packet(0x82, []byte{1, 2}, props, str("a/0"), []byte{0}, str("a/#/b"), []byte{1}, str("a/1"), []byte{1}, str("a/2"), []byte{2}))
		if ack := c.expect(packets.Suback); ack.PacketID != 0x102 || !slices.Equal(ack.ReasonCodes, []byte{0, refused, 1, 2}) {
			t.Errorf("SUBACK %d % x", ack.PacketID, ack.ReasonCodes)
		}
		c.send(packet(0xA2, []byte{1, 3}, props, str("a/1"), str("a/never")))
		ack := c.expect(packets.Unsuback)
		if ack.PacketID != 0x103 || version == 5 && !slices.Equal(ack.ReasonCodes, []byte{0, 0x11}) {
			t.Errorf("UNSUBACK %d % x", ack.PacketID, ack.ReasonCodes)
		}
		c.publish("a/1", "x", 0, 0)
		c.ping() // it is no longer sent
	})
}

func TestConformanceUnlawfulSubscriptionsEndTheConnection(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	eachVersion(t, func(t *testing.T, version byte) {
		var props []byte
		if version == 5 {
			props = properties()
		}
		for name, p := range map[string][]byte{
			"SUBSCRIBE without filters":      packet(0x82, []byte{0, 1}, props),
			"SUBSCRIBE with packet id 0":     packet(0x82, []byte{0, 0}, props, str("a"), []byte{0}),
			"SUBSCRIBE at QoS 3":             packet(0x82, []byte{0, 1}, props, str("a"), []byte{3}),
			"SUBSCRIBE with other flags":     packet(0x80, []byte{0, 1}, props, str("a"), []byte{0}),
			"SUBSCRIBE without options":      packet(0x82, []byte{0, 1}, props, str("a")),
			"UNSUBSCRIBE without filters":    packet(0xA2, []byte{0, 1}, props),
			"UNSUBSCRIBE with packet id 0":   packet(0xA2, []byte{0, 0}, props, str("a")),
			"UNSUBSCRIBE with other flags":   packet(0xA0, []byte{0, 1}, props, str("a")),
			"PUBREL with other flags":        packet(0x60, []byte{0, 1}),
			"a packet of the broker's":       {0xD0, 0},
			"a packet of the reserved type":  {0x00, 0},
			"a length of more than 4 bytes":  {0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1},
			"PINGREQ with flags":             {0xC1, 0},
			"SUBSCRIBE to text not in UTF-8": packet(0x82, []byte{0, 1}, props, str("a\xff"), []byte{0}),
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c := connect(t, b.addr, connectOptions{id: fmt.Sprint(version, name), version: version})
				c.send(p)
				c.expectClosed()
			})
		}
	})
}

// MQTT 4.8.2: each message goes to one of the group, and to who is not in it.
func TestConformanceSharedSubscriptions(t *testing.T) {
	t.Parallel()
	const messages = 20
	b := start(t, verdictSink(storeAll))
	pub := connect(t, b.addr, connectOptions{id: "pub", version: 5})
	alone := connect(t, b.addr, connectOptions{id: "alone", version: 5})
	alone.ask(topic, 0)
	var group [2]*rawClient
	for i := range group {
		group[i] = connect(t, b.addr, connectOptions{id: fmt.Sprint(i), version: 5})
		group[i].ask("$share/g/meshcore/#", 0)
	}
	for range messages {
		pub.say(topic, "x", false)
		alone.expect(packets.Publish)
	}
	n := 0
	for _, c := range group {
		c.send([]byte{0xC0, 0})
		for h, _ := c.read(); h != 0xD0; h, _ = c.read() {
			n++
		}
	}
	if n != messages {
		t.Errorf("the group got %d messages of %d", n, messages)
	}
}
