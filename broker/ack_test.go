package broker

import (
	"fmt"
	"testing"
	"time"

	"corescope-hub/ingest"
)

func timeout() <-chan time.Time { return time.After(20 * time.Second) }

const topic = "meshcore/ZRH/AA/packets"

func TestAckWaitsForVerdict(t *testing.T) {
	t.Parallel()
	for _, version := range []byte{3, 4, 5} {
		for qos, ack := range map[byte]byte{1: 0x40, 2: 0x50} {
			t.Run(fmt.Sprintf("version %d QoS %d", version, qos), func(t *testing.T) {
				t.Parallel()
				sink := newHeldSink()
				b := start(t, sink)
				c := connect(t, b.addr, connectOptions{id: "a", version: version})
				c.publish(topic, "{}", qos, 7)
				m := sink.next(t)
				if m.Topic != topic || string(m.Payload) != "{}" || m.QoS != qos {
					t.Errorf("sink got %+v", m.Message)
				}
				if h, body, err := c.next(beforeTheVerdict); err == nil {
					t.Fatalf("answered before the verdict: % x % x", h, body)
				}
				m.settle(stored)
				c.expectAck(ack, 7)
				if qos == 2 {
					c.send([]byte{0x62, 2, 0, 7})
					c.expectAck(0x70, 7)
				}
			})
		}
	}
}

func TestConnectionGoesOnReadingWhileAcksWait(t *testing.T) {
	t.Parallel()
	sink := newHeldSink()
	b := start(t, sink)
	c := connect(t, b.addr, connectOptions{id: "a"})
	for id := uint16(1); id <= 50; id++ {
		c.publish(topic, "{}", 1, id)
	}
	c.ping()
	for range 50 {
		sink.next(t).settle(stored)
	}
	for id := uint16(1); id <= 50; id++ {
		c.expectAck(0x40, id)
	}
}

func TestAcksLeaveInOrderOfArrival(t *testing.T) {
	t.Parallel()
	sink := newHeldSink()
	b := start(t, sink)
	sub := connect(t, b.addr, connectOptions{id: "sub"})
	sub.subscribe("meshcore/#", 0)
	c := connect(t, b.addr, connectOptions{id: "a"})
	for id := uint16(1); id <= 3; id++ {
		c.publish(topic, fmt.Sprint(id), 1, id)
	}
	first, second, third := sink.next(t), sink.next(t), sink.next(t)
	third.settle(stored)
	second.settle(worthless)
	if _, _, err := c.next(beforeTheVerdict); err == nil {
		t.Fatal("a later message was acknowledged before an earlier one")
	}
	first.settle(stored)
	for id := uint16(1); id <= 3; id++ {
		c.expectAck(0x40, id)
	}
	for _, want := range []string{"1", "3"} {
		if _, got, _ := sub.expectPublish(); got != want {
			t.Errorf("subscriber got %q, want %q", got, want)
		}
	}
}

func TestInFlightMessagesOfAConnectionAreBounded(t *testing.T) {
	t.Parallel()
	sink := newHeldSink()
	b := start(t, sink, func(o *Options) { o.MaxInFlight = 2 })
	c := connect(t, b.addr, connectOptions{id: "a"})
	for id := uint16(1); id <= 3; id++ {
		c.publish(topic, "{}", 1, id)
	}
	first, second := sink.next(t), sink.next(t)
	select {
	case <-sink.messages:
		t.Fatal("a third message was taken while two wait")
	case <-time.After(beforeTheVerdict):
	}
	other := connect(t, b.addr, connectOptions{id: "b"})
	other.publish(topic, "{}", 1, 1)
	sink.next(t).settle(stored)
	other.expectAck(0x40, 1)

	first.settle(stored)
	sink.next(t).settle(stored)
	second.settle(stored)
	for id := uint16(1); id <= 3; id++ {
		c.expectAck(0x40, id)
	}
}

func TestWorthlessMessageIsAckedAndShownToNobody(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(func(m ingest.Message) ingest.Verdict {
		if string(m.Payload) == "bad" {
			return worthless
		}
		return stored
	}))
	sub := connect(t, b.addr, connectOptions{id: "sub"})
	sub.subscribe("meshcore/#", 0)
	for _, version := range []byte{3, 4, 5} {
		c := connect(t, b.addr, connectOptions{id: "a", version: version})
		c.send(c.publishPacket(topic, "bad", 1, 1, true))
		c.expectAck(0x40, 1)
		c.send(c.publishPacket(topic, "bad", 2, 2, true))
		c.expectAck(0x50, 2)
		c.send(c.publishPacket(topic, "bad", 0, 0, true))
		c.publish(topic, "good", 1, 3)
		c.expectAck(0x40, 3)
		if _, got, _ := sub.expectPublish(); got != "good" {
			t.Errorf("subscriber got %q", got)
		}
	}
	late := connect(t, b.addr, connectOptions{id: "late"})
	late.subscribe("meshcore/#", 0)
	if _, _, err := late.next(beforeTheVerdict); err == nil {
		t.Error("a worthless message was retained")
	}
}

func TestUnsafeMessageIsNotAckedAndComesAgain(t *testing.T) {
	t.Parallel()
	for _, version := range []byte{3, 4, 5} {
		for qos, ack := range map[byte]byte{1: 0x40, 2: 0x50} {
			t.Run(fmt.Sprintf("version %d QoS %d", version, qos), func(t *testing.T) {
				t.Parallel()
				sink := newHeldSink()
				b := start(t, sink)
				c := connect(t, b.addr, connectOptions{id: "a", version: version, persist: true})
				c.publish(topic, "{}", qos, 7)
				sink.next(t).settle(notSafe)
				c.expectClosed()
				c = connect(t, b.addr, connectOptions{id: "a", version: version, persist: true})
				again := c.publishPacket(topic, "{}", qos, 7, false)
				again[0] |= 8 // DUP
				c.send(again)
				sink.next(t).settle(stored)
				c.expectAck(ack, 7)
				if n := b.Stats().NotSafe; n != 1 {
					t.Errorf("counted %d messages not safe, want 1", n)
				}
			})
		}
	}
}

func TestStopAnswersWhatItHasAndTakesNothingMore(t *testing.T) {
	t.Parallel()
	sink := newHeldSink()
	b := start(t, sink)
	c := connect(t, b.addr, connectOptions{id: "a"})
	c.publish(topic, "{}", 1, 1)
	m := sink.next(t)
	stopped := make(chan struct{})
	go func() { b.stop(); close(stopped) }()
	<-b.accepting.Done()
	c.publish(topic, "{}", 1, 2)
	c.ping() // the broker has read it, and the connection is open for the answer that is due
	m.settle(stored)
	c.expectAck(0x40, 1)
	c.expectClosed()
	<-stopped
	select {
	case m := <-sink.messages:
		t.Errorf("took %s while stopping", m.Payload)
	default:
	}
}

func TestPanicOnAMessageCostsOnlyThatMessage(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(func(m ingest.Message) ingest.Verdict {
		if string(m.Payload) == "bad" {
			panic("a defect")
		}
		return stored
	}))
	c := connect(t, b.addr, connectOptions{id: "a"})
	c.publish(topic, "bad", 1, 1)
	c.expectAck(0x40, 1)
	c.publish(topic, "bad", 2, 2)
	c.expectAck(0x50, 2)
	c.publish(topic, "good", 1, 3)
	c.expectAck(0x40, 3)
	if n := b.Stats().Panics; n != 2 {
		t.Errorf("counted %d panics, want 2", n)
	}
}
