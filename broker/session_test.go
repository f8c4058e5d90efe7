package broker

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"corescope-hub/ingest"
)

const statusTopic = "meshcore/ZRH/AA/status"

func TestRetainedStatusReachesLateSubscribers(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	for _, version := range []byte{3, 4, 5} {
		for qos, ack := range map[byte]byte{1: 0x40, 2: 0x50} {
			want := fmt.Sprintf("online %d %d", version, qos)
			c := connect(t, b.addr, connectOptions{id: "a", version: version})
			c.send(c.publishPacket(statusTopic, want, qos, 1, true))
			c.expectAck(ack, 1)
			sub := connect(t, b.addr, connectOptions{id: "sub", version: version})
			sub.subscribe("meshcore/#", 0)
			if _, got, retained := sub.expectPublish(); got != want || !retained {
				t.Errorf("late subscriber got %q (retained %v), want %q", got, retained, want)
			}
		}
	}
}

func TestEmptyRetainedMessageClears(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(func(m ingest.Message) ingest.Verdict {
		if len(m.Payload) == 0 {
			return worthless
		}
		return stored
	}))
	c := connect(t, b.addr, connectOptions{id: "a"})
	c.send(c.publishPacket(statusTopic, "online", 1, 1, true))
	c.expectAck(0x40, 1)
	c.send(c.publishPacket(statusTopic, "", 1, 2, true))
	c.expectAck(0x40, 2)
	c.ping()
	if _, kept := b.server.Topics.Retained.Get(statusTopic); kept {
		t.Error("the retained message is still there")
	}
}

func TestRetainedMessagesAreBounded(t *testing.T) {
	t.Parallel()
	const most, offered = 30, 40
	b := start(t, verdictSink(storeAll), func(o *Options) { o.MaxRetained = most })
	c := connect(t, b.addr, connectOptions{id: "a"})
	for id := uint16(1); id <= offered; id++ {
		c.send(c.publishPacket(fmt.Sprintf("meshcore/ZRH/%d/status", id), "online", 1, id, true))
		c.expectAck(0x40, id)
	}
	c.send(c.publishPacket("meshcore/ZRH/1/status", "still here", 1, offered+1, true))
	c.expectAck(0x40, offered+1)
	c.ping()
	s := b.Stats()
	if s.Retained != most || s.RefusedRetains != offered-most {
		t.Errorf("%d retained, %d refused", s.Retained, s.RefusedRetains)
	}
	pk, _ := b.server.Topics.Retained.Get("meshcore/ZRH/1/status")
	if string(pk.Payload) != "still here" {
		t.Errorf("a known topic keeps %q", pk.Payload)
	}
}

// The largest that may be retained, as often as may be, has to fit into a small
// computer's memory.
func TestLargeMessageIsForwardedAndNotRetained(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	sub := connect(t, b.addr, connectOptions{id: "sub"})
	sub.subscribe("meshcore/#", 0)
	large := strings.Repeat("x", 5<<10)
	for qos, ack := range map[byte]byte{1: 0x40, 2: 0x50} {
		c := connect(t, b.addr, connectOptions{id: "a"})
		c.send(c.publishPacket(statusTopic, large, qos, 1, true))
		c.expectAck(ack, 1)
		c.ping()
		if _, got, _ := sub.expectPublish(); got != large {
			t.Errorf("QoS %d: the subscriber got %d bytes", qos, len(got))
		}
	}
	v5 := connect(t, b.addr, connectOptions{id: "a", version: 5})
	user := append(append([]byte{0x26}, str("k")...), str(large)...)
	v5.send(packet(0x33, str(statusTopic), []byte{0, 1}, []byte{byte(len(user)&0x7f | 0x80), byte(len(user) >> 7)}, user, []byte("{}")))
	v5.expectAck(0x40, 1)
	if _, kept := b.server.Topics.Retained.Get(statusTopic); kept {
		t.Error("it is retained")
	}
	if n := b.Stats().RefusedRetains; n != 3 {
		t.Errorf("%d refused, want 3", n)
	}
}

func TestWillIsStoredThenForwarded(t *testing.T) {
	t.Parallel()
	sink := newHeldSink()
	b := start(t, sink)
	sub := connect(t, b.addr, connectOptions{id: "sub"})
	sub.subscribe("meshcore/#", 0)
	c := connect(t, b.addr, connectOptions{id: "a", willTopic: statusTopic, will: "offline", retain: true})
	c.conn.Close()
	m := sink.next(t)
	if !m.Will || m.Topic != statusTopic || string(m.Payload) != "offline" {
		t.Fatalf("sink got %+v", m.Message)
	}
	m.settle(stored)
	if _, got, _ := sub.expectPublish(); got != "offline" {
		t.Errorf("subscriber got %q", got)
	}
}

func TestNoWillAfterAGoodbyeOrAtStop(t *testing.T) {
	t.Parallel()
	sink := newHeldSink()
	b := start(t, sink)
	leaves := connect(t, b.addr, connectOptions{id: "a", willTopic: statusTopic, will: "offline"})
	leaves.send([]byte{0xE0, 0})
	leaves.expectClosed()
	stays := connect(t, b.addr, connectOptions{id: "b", willTopic: statusTopic, will: "offline"})
	b.stop()
	stays.expectClosed()
	select {
	case m := <-sink.messages:
		t.Errorf("a will was published: %s", m.Payload)
	default:
	}
}

func TestWillForAnotherBrokersTopicIsIgnored(t *testing.T) {
	t.Parallel()
	for _, topic := range []string{"$SYS/broker/version", "meshcore/+/AA/status", "a/b/c/d/e/f/g/h/i"} {
		sink := newHeldSink()
		b := start(t, sink)
		c := connect(t, b.addr, connectOptions{id: "a", willTopic: topic, will: "x"})
		conn := b.openConns()[0]
		c.conn.Close()
		<-conn.gone
		if len(sink.messages) > 0 {
			t.Errorf("a will for %s was published", topic)
		}
	}
}

func TestTakeoverNeverEndsOffline(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(func(m ingest.Message) ingest.Verdict {
		time.Sleep(200 * time.Microsecond) // as long as a commit may take: it is what makes the race
		return stored
	}))
	for i := range 2000 {
		c := connect(t, b.addr, connectOptions{id: "a", willTopic: statusTopic, will: "offline", retain: true})
		c.send(c.publishPacket(statusTopic, "online", 1, 1, true))
		c.expectAck(0x40, 1)
		c.ping()
		pk, _ := b.server.Topics.Retained.Get(statusTopic)
		if string(pk.Payload) != "online" {
			t.Fatalf("after connection %d the retained status is %q", i, pk.Payload)
		}
	}
}

func TestTakeoversAtOnceNeverEndOffline(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(func(m ingest.Message) ingest.Verdict {
		time.Sleep(200 * time.Microsecond)
		return stored
	}))
	for i := range 100 {
		var all sync.WaitGroup
		for range 6 {
			c := dialRaw(t, b.addr)
			all.Go(func() { // each write may find the connection ended by the next one's
				c.conn.Write(connectOptions{id: "a", version: 4, willTopic: statusTopic, will: "offline", retain: true}.packet())
				c.next(patience) // CONNACK
				c.conn.Write(c.publishPacket(statusTopic, "online", 1, 1, true))
				c.next(patience) // PUBACK
			})
		}
		all.Wait()
		ended := time.After(patience)
		for len(b.openConns()) > 1 { // those that are being ended may still publish
			select {
			case <-ended:
				t.Fatalf("%d connections are left", len(b.openConns()))
			case <-time.After(time.Millisecond):
			}
		}
		pk, _ := b.server.Topics.Retained.Get(statusTopic)
		if string(pk.Payload) != "online" {
			t.Fatalf("after round %d the retained status is %q", i, pk.Payload)
		}
	}
}

func TestSessionsShowWhoIsConnected(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	c := connect(t, b.addr, connectOptions{id: "a", version: 5})
	c.subscribe("meshcore/#", 0)
	c.ping()
	s := b.Sessions()
	if len(s) != 1 || s[0].ClientID != "a" || s[0].Protocol != 5 || s[0].Subscriptions != 1 || s[0].Remote != c.conn.LocalAddr().String() {
		t.Errorf("sessions: %+v", s)
	}
	gone := b.openConns()[0].gone
	c.conn.Close()
	<-gone
	if s := b.Sessions(); len(s) != 0 {
		t.Errorf("sessions after the client left: %+v", s)
	}
}

func TestNoLocalSubscriptionsSkipTheirOwnMessages(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	c := connect(t, b.addr, connectOptions{id: "a", version: 5})
	const noLocal = 4
	c.send(packet(0x82, []byte{0, 1, 0}, str("meshcore/#"), []byte{noLocal}))
	c.read()
	c.publish(topic, "mine", 1, 1)
	c.expectAck(0x40, 1)
	other := connect(t, b.addr, connectOptions{id: "b", version: 5})
	other.publish(topic, "theirs", 1, 1)
	other.expectAck(0x40, 1)
	if _, got, _ := c.expectPublish(); got != "theirs" {
		t.Errorf("got %q", got)
	}
}

func TestExpiredSessionLeavesNoSubscriptions(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	c := dialRaw(t, b.addr)
	c.version = 5
	const expireInASecond = "\x05\x11\x00\x00\x00\x01"
	c.send(packet(0x10, str("MQTT"), []byte{5, 0, 0, 60}, []byte(expireInASecond), str("short")))
	c.read()
	c.subscribe("meshcore/#", 1)
	if n := len(b.server.Topics.Subscribers(topic).Subscriptions); n != 1 {
		t.Fatalf("%d subscribers, want 1", n)
	}
	c.conn.Close()
	expired := time.After(patience)
	for len(b.server.Topics.Subscribers(topic).Subscriptions) > 0 {
		select {
		case <-expired:
			t.Fatal("the subscription outlives its session")
		case <-time.After(50 * time.Millisecond): // the library looks once a second
		}
	}
}
