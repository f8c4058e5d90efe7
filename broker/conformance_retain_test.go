package broker

import (
	"fmt"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"
)

// MQTT-3.3.1-5 to -8, -12: kept for those who come later, with the flag for them
// alone, until an empty message.
func TestConformanceRetainedMessages(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	eachVersion(t, func(t *testing.T, version byte) {
		name := fmt.Sprintf("meshcore/ZRH/%d/status", version)
		there := connect(t, b.addr, connectOptions{id: "there" + name, version: version})
		there.ask(name, 1)
		c := connect(t, b.addr, connectOptions{id: "pub" + name, version: version})
		for _, payload := range []string{"one", "two"} {
			c.say(name, payload, true)
			if pk := there.expect(packets.Publish); pk.FixedHeader.Retain || string(pk.Payload) != payload {
				t.Errorf("who was there got %q, retained %v", pk.Payload, pk.FixedHeader.Retain)
			}
		}
		c.say(name, "not kept", false)
		late := connect(t, b.addr, connectOptions{id: "late" + name, version: version})
		late.ask("meshcore/ZRH/"+fmt.Sprint(version)+"/#", 1)
		if pk := late.expect(packets.Publish); !pk.FixedHeader.Retain || string(pk.Payload) != "two" || pk.FixedHeader.Qos != 1 {
			t.Errorf("who came late got %q, retained %v, QoS %d", pk.Payload, pk.FixedHeader.Retain, pk.FixedHeader.Qos)
		}
		late.ping()
		c.say(name, "", true)
		if pk := late.expect(packets.Publish); pk.FixedHeader.Retain || len(pk.Payload) != 0 {
			t.Errorf("got %q, retained %v, for the empty message", pk.Payload, pk.FixedHeader.Retain)
		}
		after := connect(t, b.addr, connectOptions{id: "after" + name, version: version})
		after.ask(name, 1)
		after.ping() // nothing comes before the answer
	})
}

// MQTT-3.3.1-12 and -13.
func TestConformanceRetainAsPublished(t *testing.T) {
	t.Parallel()
	const asPublished = 8
	b := start(t, verdictSink(storeAll))
	for options, want := range map[byte]bool{0: false, asPublished: true} {
		c := connect(t, b.addr, connectOptions{id: "a", version: 5})
		c.ask(statusTopic, options)
		for _, retain := range []bool{true, false} {
			c.publishRetained(statusTopic, "x", retain)
			if got := c.expect(packets.Publish).FixedHeader.Retain; got != (want && retain) {
				t.Errorf("options %d, published with %v: got %v", options, retain, got)
			}
		}
		c.publishRetained(statusTopic, "", true)
		c.expect(packets.Publish)
	}
}

// publishRetained publishes at QoS 0, so that what comes back is all that comes.
func (c *rawClient) publishRetained(topic, payload string, retain bool) {
	c.t.Helper()
	c.send(c.publishPacket(topic, payload, 0, 0, retain))
}

// MQTT-3.3.1-9 to -11: at every subscription, at a new one, never.
func TestConformanceRetainHandling(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	connect(t, b.addr, connectOptions{id: "a"}).say(statusTopic, "x", true)
	for handling, want := range map[byte][2]bool{0: {true, true}, 1: {true, false}, 2: {false, false}} {
		t.Run(fmt.Sprint(handling), func(t *testing.T) {
			t.Parallel()
			c := connect(t, b.addr, connectOptions{id: fmt.Sprint(handling), version: 5})
			for n, comes := range want {
				c.ask(statusTopic, handling<<4)
				if comes {
					if pk := c.expect(packets.Publish); !pk.FixedHeader.Retain {
						t.Errorf("subscription %d: without the flag", n)
					}
				}
				c.ping()
			}
		})
	}
}
