package broker

import (
	"fmt"
	"testing"
	"time"

	"corescope-hub/ingest"
)

func republished(u *Upstream) { u.Republish = true }

func TestRepublishShowsBridgedMessagesUnderTheirOwnTopics(t *testing.T) {
	t.Parallel()
	addr := mosquitto(t)
	at := connect(t, addr, connectOptions{id: "observer"})
	at.send(at.publishPacket(statusTopic, "retained, old news", 1, 1, true))
	at.expectAck(0x40, 1)
	sink := verdictSink(func(m ingest.Message) ingest.Verdict {
		switch string(m.Payload) {
		case "worthless":
			return worthless
		case "known":
			return ingest.Verdict{Outcome: ingest.Stored, Duplicate: true}
		}
		return stored
	})
	b := bridgeTo(t, sink, addr, republished)
	until(t, "the retained message", func() bool { return upstreamOf(b).Messages == 1 })
	sub := connect(t, b.addr, connectOptions{id: "sub"})
	sub.subscribe("meshcore/#", 0)
	for id, payload := range []string{"worthless", "known", "{}"} {
		at.send(at.publishPacket(topic, payload, 1, uint16(id+2), payload == "{}"))
		at.expectAck(0x40, uint16(id+2))
	}
	if where, payload, retained := sub.expectPublish(); where != topic || payload != "{}" || retained {
		t.Errorf("the subscriber got %s %q, retained %v", where, payload, retained)
	}
	late := connect(t, b.addr, connectOptions{id: "late"})
	late.subscribe("meshcore/#", 0)
	if _, _, err := late.next(beforeTheVerdict); err == nil {
		t.Error("a bridged message is retained")
	}
	if s := upstreamOf(b); s.Republished != 1 {
		t.Errorf("republished %d", s.Republished)
	}
}

func TestBridgedMessagesAreNotShownByDefault(t *testing.T) {
	t.Parallel()
	addr := mosquitto(t)
	b := bridgeTo(t, verdictSink(storeAll), addr)
	untilUp(t, b, 1)
	sub := connect(t, b.addr, connectOptions{id: "sub"})
	sub.subscribe("#", 0)
	at := connect(t, addr, connectOptions{id: "observer"})
	at.publish(topic, "{}", 1, 1)
	at.expectAck(0x40, 1)
	until(t, "the message", func() bool { return upstreamOf(b).Messages == 1 })
	sub.ping() // nothing came before it
}

// Each of two hubs bridges the other, and shows what it gets.
func TestHubsThatBridgeEachOtherDoNotPlayPingPong(t *testing.T) {
	t.Parallel()
	a := newFaultProxy(t, "") // stands for a until it is there
	sinkB := newHeldSink()
	b := bridgeTo(t, sinkB, a.addr, republished)
	sinkA := newHeldSink()
	hubA := bridgeTo(t, sinkA, b.addr, republished)
	a.target = hubA.addr
	a.start()
	untilUp(t, hubA, 1)
	untilUp(t, b, 1)

	subA, subB := connect(t, hubA.addr, connectOptions{id: "sub"}), connect(t, b.addr, connectOptions{id: "sub"})
	subA.subscribe("meshcore/#", 0)
	subB.subscribe("meshcore/#", 0)
	local := connect(t, hubA.addr, connectOptions{id: "observer"})
	for id := uint16(1); id <= 3; id++ {
		text := fmt.Sprint(id)
		local.publish(topic, text, 1, id)
		sinkA.next(t).settle(stored) // of the observer
		local.expectAck(0x40, id)
		sinkB.next(t).settle(stored) // over b's bridge, shown at b
		sinkA.next(t).settle(stored) // and back over a's
		for _, sub := range []*rawClient{subA, subB} {
			if _, got, _ := sub.expectPublish(); got != text {
				t.Errorf("a subscriber got %q, want %q", got, text)
			}
		}
	}
	subA.ping()
	subB.ping()
	if n := upstreamOf(hubA).Republished; n != 0 {
		t.Errorf("a showed %d of its own messages again", n)
	}
}

func TestShownRecentlyIsBoundedAndForgets(t *testing.T) {
	t.Parallel()
	s, at := newShownRecently(), time.Unix(1_800_000_000, 0)
	again := func(payload string) bool { return s.again("t", []byte(payload), at) }
	if again("a") || !again("a") || s.again("u", []byte("a"), at) {
		t.Error("the first time is not told from the second")
	}
	at = at.Add(shownLong - time.Second)
	if !again("a") {
		t.Error("forgotten too soon")
	}
	for range 3 {
		at = at.Add(shownLong + time.Second)
		again("b")
	}
	if again("a") {
		t.Error("never forgotten")
	}
	for i := range 3 * maxShown {
		again(fmt.Sprint(i))
	}
	if n := len(s.now) + len(s.before); n > 2*maxShown {
		t.Errorf("%d are remembered", n)
	}
}
