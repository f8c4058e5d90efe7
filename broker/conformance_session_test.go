package broker

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"
)

// goodbye says DISCONNECT, with those bytes in it, and waits for the end.
func (c *rawClient) goodbye(body ...byte) {
	c.t.Helper()
	c.send(packet(0xE0, body))
	c.expectClosed()
}

// MQTT-3.2.2-2, -3; MQTT-3.1.2-4 to -6: which session is found again. 3.1 has no
// flag for it.
func TestConformanceSessionPresent(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	expiry := properties(seconds(0x11, 60))
	for i, tc := range []struct {
		version, first byte
		props          []byte
		second         byte
		want           bool
	}{
		{4, keep, nil, keep, true},
		{4, keep, nil, cleanStart, false},
		{4, cleanStart, nil, keep, false},
		{5, cleanStart, expiry, keep, true},
		{5, keep, expiry, keep, true},
		{5, keep, expiry, cleanStart, false},
		{5, keep, nil, keep, false}, // without an expiry it ends with its connection
	} {
		t.Run(fmt.Sprintf("%d version %d", i, tc.version), func(t *testing.T) {
			t.Parallel()
			id := fmt.Sprint("session", i)
			c, ack := greet(t, b.addr, tc.version, tc.first, tc.props, str(id))
			if ack.SessionPresent {
				t.Error("a session before the first")
			}
			c.ask("meshcore/ZRH/"+id+"/packets", 1)
			b.leaves(c)
			connect(t, b.addr, connectOptions{id: "pub" + id, version: tc.version}).say("meshcore/ZRH/"+id+"/packets", "missed", false)
			c, ack = greet(t, b.addr, tc.version, tc.second, tc.props, str(id))
			if ack.SessionPresent != tc.want {
				t.Errorf("session present: %v", ack.SessionPresent)
			}
			if tc.want {
				c.finish(c.expect(packets.Publish))
			}
			c.ping()
		})
	}
}

// MQTT-3.14.2-2 lets a goodbye change the expiry.
func TestConformanceGoodbyeSetsTheSessionExpiry(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	expiry := properties(seconds(0x11, 60))
	c, _ := greet(t, b.addr, 5, keep, expiry, str("a"))
	c.goodbye(append([]byte{0}, properties(seconds(0x11, 0))...)...)
	until(t, "the session is gone", func() bool { return b.server.Clients.Len() == 0 })
	if _, ack := greet(t, b.addr, 5, keep, expiry, str("a")); ack.SessionPresent {
		t.Error("the session is there again")
	}
}

// MQTT-3.1.4-3: who comes with the same id takes its place, and version 5 is told.
func TestConformanceTakeover(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	eachVersion(t, func(t *testing.T, version byte) {
		id := fmt.Sprint("taken", version)
		older := connect(t, b.addr, connectOptions{id: id, version: version})
		newer := connect(t, b.addr, connectOptions{id: id, version: version})
		if version == 5 {
			if code := older.expect(packets.Disconnect).ReasonCode; code != packets.ErrSessionTakenOver.Code {
				t.Errorf("told %#x", code)
			}
		}
		older.expectClosed()
		newer.ping()
	})
}

// MQTT-3.3.2-5, -6: what has expired is not sent; what has not says what is left.
func TestConformanceMessageExpiry(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	expiry := properties(seconds(0x11, 60))
	sub, _ := greet(t, b.addr, 5, keep, expiry, str("sub"))
	sub.ask("meshcore/#", 1)
	b.leaves(sub)
	c := connect(t, b.addr, connectOptions{id: "a", version: 5})
	c.say(topic, "short", false, seconds(0x02, 1))
	c.say(topic, "long", false, seconds(0x02, 600))
	gone, _ := greet(t, b.addr, 5, keep, properties(seconds(0x11, 1)), str("clock"))
	sessions := b.server.Clients.Len()
	b.leaves(gone) // by when this session has expired, the message has
	until(t, "a second has passed", func() bool { return b.server.Clients.Len() < sessions })
	sub, _ = greet(t, b.addr, 5, keep, expiry, str("sub"))
	pk := sub.expect(packets.Publish)
	if left := pk.Properties.MessageExpiryInterval; string(pk.Payload) != "long" || left == 0 || left >= 600 {
		t.Errorf("got %q with %d seconds left", pk.Payload, left)
	}
}

// MQTT-3.3.4-9: no more unacknowledged messages than the client can take.
func TestConformanceReceiveMaximumOfTheClient(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	sub, _ := greet(t, b.addr, 5, cleanStart, properties([]byte{0x21, 0, 2}), str("sub"))
	sub.ask(topic, 2)
	c := connect(t, b.addr, connectOptions{id: "a", version: 5})
	for i := range 5 {
		c.say(topic, fmt.Sprint(i), false)
	}
	first, second := sub.expect(packets.Publish), sub.expect(packets.Publish)
	sub.ping() // a third does not come
	sub.finish(first)
	third := sub.expect(packets.Publish)
	if got := string(first.Payload) + string(second.Payload) + string(third.Payload); got != "012" {
		t.Errorf("got %s", got)
	}
	sub.ping()
}

// MQTT-3.1.2-24, -25: what is too large for a client is not sent, and the rest is.
func TestConformanceMaximumPacketSizeOfTheClient(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	c := connect(t, b.addr, connectOptions{id: "a", version: 5})
	for qos := byte(0); qos <= 2; qos++ {
		sub, _ := greet(t, b.addr, 5, cleanStart, properties(seconds(0x27, 100)), str(fmt.Sprint("sub", qos)))
		sub.ask(topic, qos)
		c.say(topic, strings.Repeat("x", 100), false)
		c.say(topic, "small", false)
		if pk := sub.expect(packets.Publish); string(pk.Payload) != "small" {
			t.Errorf("QoS %d: got %d bytes", qos, len(pk.Payload))
		}
	}
}

// MQTT-4.3.2-5 and 3.14: after its goodbye nothing of a client counts.
func TestConformanceGoodbyeEndsTheConnection(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	eachVersion(t, func(t *testing.T, version byte) {
		connect(t, b.addr, connectOptions{id: fmt.Sprint(version), version: version}).goodbye()
	})
}
