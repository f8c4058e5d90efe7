package broker

import (
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRetainedMessagesAreBoundedTogether(t *testing.T) {
	t.Parallel()
	s := shelf{costs: make(map[string]int)}
	n := 0
	for ; s.put(fmt.Sprint(n), 1<<20, 1000); n++ {
	}
	if n != maxShelf>>20 {
		t.Errorf("%d of 1 MiB are kept", n)
	}
	for _, tc := range []struct {
		topic string
		cost  int
		want  bool
	}{
		{"0", 1 << 20, true},       // in its own place
		{"0", 1<<20 + 1, false},    // which does not grow
		{"0", 1<<20 - 1000, true},  // and may shrink
		{"new", 1000, true},        // for somebody
		{"another", 1, false},      //
		{"1", 1<<20 - 1<<10, true}, //
	} {
		if got := s.put(tc.topic, tc.cost, 1000); got != tc.want {
			t.Errorf("%d bytes at %s: %v, want %v", tc.cost, tc.topic, got, tc.want)
		}
	}
	s.forget("0")
	if !s.put("another", 1<<20-2000, 1000) {
		t.Error("what was taken off still counts")
	}
}

func TestRetainedMessageThatExpiresMakesRoom(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) { o.MaxRetained = 1 })
	if !b.retain(outgoing{topic: "a/b", payload: []byte("x"), retain: true}, "") || b.Broker.retained() != 1 {
		t.Fatal("not retained")
	}
	(&hook{b: b.Broker}).OnRetainedExpired("a/b")
	if b.Broker.retained() != 0 || b.shelf.bytes != 0 {
		t.Errorf("%d are left, %d bytes", b.Broker.retained(), b.shelf.bytes)
	}
}

// The library keeps a tree of all filters' levels.
func TestFiltersOfAllClientsAreBoundedTogether(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	b.count()
	b.held.levels.Store(maxFilterLevels - 4)
	c := connect(t, b.addr, connectOptions{id: "a"})
	c.send(packet(0x82, []byte{0, 1}, str("a/b/c"), []byte{0}, str("a/b"), []byte{0}, str("a"), []byte{0}))
	if _, body := c.read(); string(body[2:]) != "\x00\x80\x00" {
		t.Errorf("answers % x, want the second refused", body[2:])
	}
	c.send(packet(0xA2, []byte{0, 2}, str("a")))
	c.read()
	b.count()
	if n := b.held.levels.Load(); n != 3 {
		t.Errorf("%d levels are counted, want 3", n)
	}
}

func TestMessageWithTooManyPropertiesIsRefusedSoftly(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	c := connect(t, b.addr, connectOptions{id: "a", version: 5})
	sub := connect(t, b.addr, connectOptions{id: "sub", version: 5})
	sub.subscribe("meshcore/#", 0)
	for i, n := range []int{maxUserProperties + 1, maxUserProperties} {
		props := strings.Repeat("\x26\x00\x00\x00\x00", n)
		c.send(packet(0x33, str(topic), []byte{0, byte(i + 1)}, binary.AppendUvarint(nil, uint64(len(props))), []byte(props), fmt.Append(nil, n)))
		c.expectAck(0x40, uint16(i+1))
	}
	if _, body := sub.read(); !strings.HasSuffix(string(body), fmt.Sprint(maxUserProperties)) {
		t.Errorf("a subscriber got % x", body)
	}
	if n := b.Stats().RefusedMessages[ReasonTopic]; n != 1 {
		t.Errorf("%d refused, want 1", n)
	}
	if m := (outgoing{topic: topic, properties: nil}); m.size() != len(topic) {
		t.Errorf("%d bytes", m.size())
	}
}

// What a subscriber has got and does not acknowledge counts as waiting for it,
// until it acknowledges or its session ends.
func TestUnacknowledgedMessagesCountAsWaiting(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	sub := connect(t, b.addr, connectOptions{id: "sub"})
	sub.subscribe("meshcore/#", 1)
	c := connect(t, b.addr, connectOptions{id: "a"})
	const size = 10_000
	var ids [][]byte
	for id := uint16(1); id <= 4; id++ {
		c.publish(topic, strings.Repeat("x", size), 1, id)
		c.expectAck(0x40, id)
		_, body := sub.read()
		ids = append(ids, body[2+len(topic):][:2])
	}
	if n := b.backlog.Load(); n < 4*size {
		t.Errorf("%d bytes count, want more than %d", n, 4*size)
	}
	for _, id := range ids[:2] {
		sub.send(packet(0x40, id))
	}
	sub.ping()
	if n := b.backlog.Load(); n < 2*size || n > 3*size {
		t.Errorf("%d bytes count after two acknowledgements", n)
	}
	open := b.openConns()
	sub.conn.Close()
	for _, one := range open {
		if one.clientID() == "sub" {
			<-one.gone
		}
	}
	if n := b.backlog.Load(); n != 0 {
		t.Errorf("%d bytes are left of the session", n)
	}
}

func TestUnreleasedMessagesAreBoundedTogether(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	b.held.handshakes.Store(maxHandshakes)
	c := connect(t, b.addr, connectOptions{id: "a"})
	for id := uint16(1); id <= fewHandshakes; id++ {
		c.publish(topic, "{}", 2, id)
		c.expectAck(0x50, id)
	}
	c.publish(topic, "{}", 2, 100)
	c.expectClosed()
	if n := b.Stats().Cut[CutUnreleased]; n != 1 {
		t.Errorf("%d were ended for it, want 1", n)
	}
}

// Of those that do not read, the one that has not for the longest time goes when
// too much waits for all; never one that has been sent something just now, or a
// little, such as acknowledgements.
func TestWhoReadsNothingMakesRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &Broker{opts: DefaultOptions(), log: DefaultOptions().Log, crowd: newCrowd()}
		stuck := func(bytes int) *conn {
			ours, theirs := net.Pipe()
			t.Cleanup(func() { theirs.Close() })
			c := newConn(ours, &wayIn{b: b}, b.opts)
			b.conns[c] = struct{}{}
			c.Write(make([]byte, bytes))
			time.Sleep(time.Millisecond)
			return c
		}
		little := stuck(fewUnwritten)
		first, second := stuck(fewUnwritten+1), stuck(fewUnwritten+1)
		time.Sleep(stalledAfter)
		fresh := stuck(20_000)
		for i, want := range []*conn{first, second, nil} {
			b.unwritten.Store(2 * maxUnwritten)
			if room := b.relieve(time.Now()); room != (want != nil) {
				t.Errorf("%d: there is room: %v", i, room)
			}
			if want != nil && !wasEnded(want) || wasEnded(little) || wasEnded(fresh) || i == 0 && wasEnded(second) {
				t.Errorf("%d: ended: first %v, second %v, little %v, fresh %v", i, wasEnded(first), wasEnded(second), wasEnded(little), wasEnded(fresh))
			}
		}
		b.unwritten.Store(maxUnwritten + fresh.waiting.Load())
		begun := time.Now()
		b.letWrite()
		if waited := time.Since(begun); waited > stalledAfter || !wasEnded(fresh) || wasEnded(little) {
			t.Errorf("after %s the one that was fresh has ended: %v", waited, wasEnded(fresh))
		}
		b.unwritten.Store(0)
		for c := range b.conns {
			c.cut()
		}
	})
}

// wasEnded says whether c was cut off.
func wasEnded(c *conn) bool {
	c.out.Lock()
	defer c.out.Unlock()
	return c.out.err != nil
}
