package broker

import (
	"strings"
	"testing"
	"time"
)

func TestFilterWithAMisplacedWildcardIsRefused(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	c := connect(t, b.addr, connectOptions{id: "a"})
	for filter, ok := range map[string]bool{
		"#": true, "+": true, "a/#": true, "+/a/+": true, "a//b": true, "/": true, "$share/g/a/#": true,
		"a#": false, "#/a": false, "a+": false, "+a/b": false, "a/#b": false, "a/#/b": false, "": false,
	} {
		c.send(packet(0x82, []byte{0, 1}, str(filter), []byte{0}))
		if _, body := c.read(); body[2] == 0x80 == ok {
			t.Errorf("%q: granted %v, want %v", filter, !ok, ok)
		}
	}
}

// The two ends of a connection number their packets each for itself.
func TestPacketIDOfAMessageUnderWayMayBeUsedToSubscribe(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	sub := connect(t, b.addr, connectOptions{id: "sub"})
	sub.subscribe("meshcore/#", 1)
	c := connect(t, b.addr, connectOptions{id: "a"})
	c.publish(topic, "{}", 1, 1)
	c.expectAck(0x40, 1)
	h, body := sub.read() // and it does not acknowledge
	id := body[2+len(topic) : 4+len(topic)]
	if h&0xF6 != 0x32 {
		t.Fatalf("got % x, want a PUBLISH at QoS 1", h)
	}
	sub.send(packet(0x82, id, str("other/#"), []byte{0}))
	if h, body := sub.read(); h != 0x90 || string(body[:2]) != string(id) || body[2] != 0 {
		t.Errorf("SUBSCRIBE: got % x % x", h, body)
	}
	sub.send(packet(0xA2, id, str("other/#")))
	if h, body := sub.read(); h != 0xB0 || string(body[:2]) != string(id) {
		t.Errorf("UNSUBSCRIBE: got % x % x", h, body)
	}
	sub.send(packet(0x40, id))
	sub.ping()
}

// A client that is behind gets no messages, but it may ask for more of them.
func TestClientThatIsBehindMaySubscribe(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) { o.WriteTimeout = time.Minute })
	sub := connect(t, b.addr, connectOptions{id: "sub"})
	sub.subscribe("meshcore/#", 0)
	c := connect(t, b.addr, connectOptions{id: "a"})
	payload := strings.Repeat("x", 2000)
	for i := 0; dropped(b.Broker) == 0; i++ {
		id := uint16(i%1000 + 1)
		c.publish(topic, payload, 1, id)
		c.expectAck(0x40, id)
	}
	sub.send(packet(0x82, []byte{0, 7}, str(topic), []byte{0}))
	until(t, "the subscription is there", func() bool { return b.Stats().Subscriptions == 2 })
	for {
		if h, body := sub.read(); h == 0x90 {
			if body[2] != 0 {
				t.Errorf("SUBACK % x", body)
			}
			break
		}
	}
}
