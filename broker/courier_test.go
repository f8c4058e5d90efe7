package broker

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// hinder makes the courier stand still at a subscriber until release.
func hinder(t *testing.T, b *Broker, id string) (release func()) {
	t.Helper()
	conns := b.openConns()
	i := slices.IndexFunc(conns, func(c *conn) bool { cl := c.client.Load(); return cl != nil && ownID(cl) == id })
	if i < 0 {
		t.Fatalf("no session of %s", id)
	}
	o := conns[i].outbox
	o.mu.Lock()
	held := true
	release = func() {
		if held {
			held = false
			o.mu.Unlock()
		}
	}
	t.Cleanup(release)
	return release
}

func TestAcknowledgementWaitsForNoSubscriber(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	sub := connect(t, b.addr, connectOptions{id: "sub"})
	sub.subscribe("meshcore/#", 0)
	release := hinder(t, b.Broker, "sub")
	c := connect(t, b.addr, connectOptions{id: "a"})
	for qos, ack := range map[byte]byte{1: 0x40, 2: 0x50} {
		c.send(c.publishPacket(statusTopic, "online", qos, uint16(qos), true))
		c.expectAck(ack, uint16(qos))
		if _, there := b.server.Topics.Retained.Get(statusTopic); !there {
			t.Errorf("QoS %d: acknowledged and not retained", qos)
		}
	}
	if n := b.Stats().Forwarding; n != 2 {
		t.Errorf("%d messages on their way, want 2", n)
	}
	release()
	for range 2 {
		sub.expectPublish()
	}
}

// Who publishes faster than subscribers can be served is read more slowly, and
// nobody else.
func TestMessagesKeepTheirPlaceUntilSubscribersHaveThem(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) { o.MaxInFlight = 2 })
	sub := connect(t, b.addr, connectOptions{id: "sub"})
	sub.subscribe("meshcore/#", 0)
	release := hinder(t, b.Broker, "sub")
	c := connect(t, b.addr, connectOptions{id: "a"})
	for id := uint16(1); id <= 3; id++ {
		c.publish(topic, fmt.Sprint(id), 1, id)
	}
	c.expectAck(0x40, 1)
	c.expectAck(0x40, 2)
	if h, body, err := c.next(beforeTheVerdict); err == nil {
		t.Fatalf("a third message was taken while two are on their way: % x % x", h, body)
	}
	other := connect(t, b.addr, connectOptions{id: "b"})
	other.publish(topic, "other", 1, 1)
	other.expectAck(0x40, 1)
	release()
	c.expectAck(0x40, 3)
	for _, want := range []string{"1", "2", "other", "3"} {
		if _, got, _ := sub.expectPublish(); got != want {
			t.Errorf("subscriber got %s, want %s", got, want)
		}
	}
	c.ping()
	b.courier.catchUp()
	if n := b.intake.used.Load(); n != 0 {
		t.Errorf("%d bytes are left of the intake", n)
	}
}

// What was answered before a client asks for something is not for a subscription
// that comes after it, and is for one that was there.
func TestRequestsComeAfterWhatWasAnsweredBefore(t *testing.T) {
	t.Parallel()
	filter := str("meshcore/#")
	for _, tc := range []struct {
		name    string
		there   bool // subscribed already
		request []byte
		answer  byte
	}{
		{"SUBSCRIBE", false, packet(0x82, []byte{0, 9}, filter, []byte{0}), 0x90},
		{"UNSUBSCRIBE", true, packet(0xA2, []byte{0, 9}, filter), 0xB0},
		{"PINGREQ", true, []byte{0xC0, 0}, 0xD0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := start(t, verdictSink(storeAll))
			connect(t, b.addr, connectOptions{id: "slow"}).subscribe("meshcore/#", 0)
			asks := connect(t, b.addr, connectOptions{id: "asks"})
			if tc.there {
				asks.subscribe("meshcore/#", 0)
			}
			release := hinder(t, b.Broker, "slow")
			c := connect(t, b.addr, connectOptions{id: "a"})
			c.publish(topic, "x", 1, 1)
			c.expectAck(0x40, 1)
			asks.send(tc.request)
			for waits := false; !waits; time.Sleep(time.Millisecond) {
				b.courier.mu.Lock()
				waits = len(b.courier.watch) > 0
				b.courier.mu.Unlock()
			}
			release()
			if tc.there {
				asks.expectPublish()
			}
			if h, body := asks.read(); h != tc.answer {
				t.Errorf("got % x % x", h, body)
			}
		})
	}
}

func TestCourierBringsInOrderUntilItEnds(t *testing.T) {
	t.Parallel()
	k := newCourier()
	var kept, brought []string
	give := func(topic string, done func()) {
		k.take(parcel{message: outgoing{topic: topic}, brought: done}, func() { kept = append(kept, topic) })
	}
	left := 0
	for _, topic := range []string{"a", "b", "c"} {
		give(topic, func() { left++ })
	}
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		k.run(func(p parcel) { brought = append(brought, p.message.topic) })
	}()
	k.catchUp()
	k.end()
	<-ran
	give("late", func() { left++ })
	if want := []string{"a", "b", "c"}; !slices.Equal(brought, want) || !slices.Equal(kept, append(want, "late")) || left != 4 {
		t.Errorf("brought %v, kept %v, %d left", brought, kept, left)
	}
}
