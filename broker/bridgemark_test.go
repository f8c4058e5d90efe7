package broker

import "testing"

// marked logs in as mosquitto's bridges do.
func marked(t *testing.T, b running, name string, level byte) *rawClient {
	t.Helper()
	c := dialRaw(t, b.addr)
	c.send(packet(0x10, str(name), []byte{level, 2, 0, 60}, str("bridge")))
	if first, body := c.read(); first != 0x20 || body[1] != 0 {
		t.Fatalf("%s %#x: answered %#x %x", name, level, first, body)
	}
	return c
}

func TestBridgedBrokerGetsOthersMessagesWithTheirRetainFlagAndNoneOfItsOwn(t *testing.T) {
	t.Parallel()
	for level, name := range map[byte]string{0x83: "MQIsdp", 0x84: "MQTT"} {
		b := start(t, verdictSink(storeAll))
		c := marked(t, b, name, level)
		c.subscribe("#", 1)
		c.publish(topic, "its own", 1, 1)
		c.expectAck(0x40, 1)
		other := connect(t, b.addr, connectOptions{id: "observer"})
		other.send(other.publishPacket(statusTopic, "another's", 1, 1, true))
		other.expectAck(0x40, 1)
		if where, payload, retained := c.expectPublish(); where != statusTopic || payload != "another's" || !retained {
			t.Errorf("%s: got %s %q, retained %v", name, where, payload, retained)
		}
	}
}

func TestMessageThatGoesRoundOverBridgedBrokersIsShownOnce(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	out := marked(t, b, "MQTT", 0x84)
	out.subscribe("#", 0)
	back := dialRaw(t, b.addr)
	back.send(packet(0x10, str("MQTT"), []byte{0x84, 2, 0, 60}, str("another")))
	back.read()
	for id, payload := range []string{"once", "once", "once", "another"} {
		back.publish(topic, payload, 1, uint16(id+1))
		back.expectAck(0x40, uint16(id+1))
	}
	for _, want := range []string{"once", "another"} {
		if _, got, _ := out.expectPublish(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	observer := connect(t, b.addr, connectOptions{id: "observer"})
	for id := uint16(1); id <= 2; id++ { // nobody else's are compared
		observer.publish(topic, "another", 1, id)
		observer.expectAck(0x40, id)
		if _, got, _ := out.expectPublish(); got != "another" {
			t.Errorf("got %q", got)
		}
	}
}

func TestLevelThatIsNoBridgesIsRefused(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	for _, level := range []byte{0x82, 0x85, 0xFF, 0x44} {
		c := dialRaw(t, b.addr)
		c.send(packet(0x10, str("MQTT"), []byte{level, 2, 0, 60}, str("id")))
		if first, body, err := c.next(patience); err == nil && (first != 0x20 || body[1] == 0) {
			t.Errorf("level %#x: answered %#x %x", level, first, body)
		}
	}
}
