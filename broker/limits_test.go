package broker

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

func TestSilentConnectionIsClosed(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) { o.ConnectTimeout = 100 * time.Millisecond })
	dialRaw(t, b.addr).expectClosed()

	trickle := dialRaw(t, b.addr)
	go func() {
		for _, c := range (connectOptions{id: "slow", version: 4}).packet() {
			if _, err := trickle.conn.Write([]byte{c}); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	trickle.expectClosed()

	c := connect(t, b.addr, connectOptions{id: "a"})
	time.Sleep(150 * time.Millisecond) // past the deadline, which was for CONNECT only
	c.ping()
}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) { o.MaxConnections = 1 })
	c := connect(t, b.addr, connectOptions{id: "a"})
	dialRaw(t, b.addr).expectClosed()
	c.ping()
	if n := b.Stats().RefusedConnections; n != 1 {
		t.Errorf("refused %d connections, want 1", n)
	}
}

func TestConnectionsOfOneAddressAreBounded(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) { o.MaxPerAddress = 1 })
	c := connect(t, b.addr, connectOptions{id: "a"})
	dialRaw(t, b.addr).expectClosed()
	gone := b.openConns()[0].gone
	elsewhere := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	other, err := elsewhere.Dial("tcp", b.addr)
	if err != nil {
		t.Skip("needs a second loopback address; Linux has 127.0.0.2, elsewhere add it to the loopback interface:", err)
	}
	defer other.Close()
	(&rawClient{t: t, conn: other, r: bufio.NewReader(other), version: 4}).login(connectOptions{id: "b"})
	c.ping()
	c.conn.Close()
	<-gone
	connect(t, b.addr, connectOptions{id: "a"}).ping()
}

func TestOriginTellsMachinesApart(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.7:1883":           "192.0.2.7/32",
		"[::ffff:192.0.2.7]:1883":  "192.0.2.7/32",
		"[2001:db8:1:2:3:4:5:6]:1": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:1883":      "fe80::/64",
		"pipe":                     "invalid Prefix",
	} {
		if got := originOf(remote).String(); got != want {
			t.Errorf("%s: got %s, want %s", remote, got, want)
		}
	}
}

// Sessions that nobody comes back to must neither fill the memory nor keep new
// clients out.
func TestSessionsThatWereLeftFirstAreForgotten(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) { o.MaxAbsent = 2 })
	for i := range 5 {
		c := connect(t, b.addr, connectOptions{id: fmt.Sprint(i), persist: true})
		c.subscribe("meshcore/#", 1)
		gone := b.openConns()[0].gone
		c.conn.Close()
		<-gone
	}
	if n, left := b.server.Clients.Len(), len(b.server.Topics.Subscribers(topic).Subscriptions); n != 2 || left != 2 {
		t.Errorf("%d sessions and %d subscriptions left, want 2 of each", n, left)
	}
	if n := b.Stats().Forgotten; n != 3 {
		t.Errorf("%d forgotten, want 3", n)
	}
}

func TestSessionsOfAbsentClientsAreBounded(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) { o.MaxSessions = 2 })
	for _, id := range []string{"a", "b"} {
		connect(t, b.addr, connectOptions{id: id, persist: true}).conn.Close()
	}
	third := dialRaw(t, b.addr)
	third.send(connectOptions{id: "c", version: 4}.packet())
	if h, body := third.read(); h != 0x20 || body[1] == 0 {
		t.Errorf("got % x % x, want a refusal", h, body)
	}
	connect(t, b.addr, connectOptions{id: "a", persist: true}).ping()
}

func TestPersistentSubscriberGetsWhatItMissed(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	sub := connect(t, b.addr, connectOptions{id: "sub", persist: true})
	sub.subscribe("meshcore/#", 1)
	gone := b.openConns()[0].gone
	sub.conn.Close()
	<-gone
	c := connect(t, b.addr, connectOptions{id: "a"})
	c.publish(topic, "missed", 1, 1)
	c.expectAck(0x40, 1)
	c.ping()
	sub = connect(t, b.addr, connectOptions{id: "sub", persist: true})
	if _, got, _ := sub.expectPublish(); got != "missed" {
		t.Errorf("got %q", got)
	}
}

func TestStopClosesConnectionsThatNeverLoggedIn(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	silent := dialRaw(t, b.addr)
	connect(t, b.addr, connectOptions{id: "a"}).ping()
	b.stop()
	silent.expectClosed()
}

func TestKeepaliveNearTheLibrarysOverflowWorks(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	for _, k := range []uint16{0, 1, 43_690, 43_691, 65_535} {
		connect(t, b.addr, connectOptions{id: "a", keepalive: k}).ping()
	}
}

func TestUnpublishableTopicsAreAckedAndDropped(t *testing.T) {
	t.Parallel()
	sink := newHeldSink()
	b := start(t, sink)
	c := connect(t, b.addr, connectOptions{id: "a"})
	for i, topic := range []string{"$SYS/broker/version", "$other", strings.Repeat("x", 300), strings.Repeat("/", 30_000)} {
		c.publish(topic, "{}", 1, uint16(i+1))
		c.expectAck(0x40, uint16(i+1))
	}
	if len(sink.messages) != 0 {
		t.Errorf("%d of them reached the sink", len(sink.messages))
	}
}

func TestFiltersAreBounded(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) { o.MaxSubscriptions = 2 })
	c := connect(t, b.addr, connectOptions{id: "a"})
	refused := func(filter string) bool {
		c.send(packet(0x82, []byte{0, 1}, str(filter), []byte{0}))
		_, body := c.read()
		return body[2] == 0x80
	}
	for filter, want := range map[string]bool{strings.Repeat("a/", 10) + "#": true, strings.Repeat("/", 30_000): true} {
		if refused(filter) != want {
			t.Errorf("filter %.20q refused: %v", filter, !want)
		}
	}
	for i, filter := range []string{"meshcore/#", "meshcore/+/+/status", "meshcore/#", "one/more"} {
		if got, want := refused(filter), i == 3; got != want {
			t.Errorf("subscription %d to %s refused: %v, want %v", i, filter, got, want)
		}
	}
}

func TestOversizePacketCostsOnlyItsConnection(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	c := connect(t, b.addr, connectOptions{id: "a"})
	c.conn.Write([]byte{0x30, 0xFF, 0xFF, 0xFF, 0x7F}) // announces 256 MiB
	c.expectClosed()
	largest := connect(t, b.addr, connectOptions{id: "b"})
	largest.publish(topic, strings.Repeat("x", 60<<10), 1, 1)
	largest.expectAck(0x40, 1)
}

func TestGarbageCostsOnlyItsConnection(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	for _, garbage := range []string{"\x10\x00", "GET / HTTP/1.1\r\n\r\n", "\x10\x0c\x00\x04MQTT\x05\x02\x00\x3c\xff\xff", "\xff\xff\xff\xff\xff\xff"} {
		c := dialRaw(t, b.addr)
		c.send([]byte(garbage))
		c.expectClosed()
	}
	v5 := connect(t, b.addr, connectOptions{id: "a", version: 5})
	v5.send(packet(0x32, str(topic), []byte{0, 1}, []byte{0x7F, 0x01})) // properties longer than the packet
	v5.expectClosed()
	connect(t, b.addr, connectOptions{id: "b"}).ping()
}

// The library's queue for a client is shorter than what comes at a time.
func TestReadingSubscriberMissesNothing(t *testing.T) {
	t.Parallel()
	const messages = 3000
	for _, qos := range []byte{0, 1} {
		t.Run(fmt.Sprintf("retained, QoS %d", qos), func(t *testing.T) {
			t.Parallel()
			b := start(t, verdictSink(storeAll))
			c := connect(t, b.addr, connectOptions{id: "a"})
			for i := range messages {
				c.send(c.publishPacket(fmt.Sprintf("meshcore/ZRH/%d/status", i), "online", 0, 0, true))
			}
			c.ping()
			sub := connect(t, b.addr, connectOptions{id: "sub"})
			sub.subscribe("meshcore/#", qos)
			for range messages {
				sub.expectPublish()
			}
		})
	}
	t.Run("one group of commits", func(t *testing.T) {
		t.Parallel()
		sink := newHeldSink()
		sink.messages = make(chan held, messages)
		b := start(t, sink)
		sub := connect(t, b.addr, connectOptions{id: "sub"})
		sub.subscribe("meshcore/#", 0)
		for i := range 3 {
			c := connect(t, b.addr, connectOptions{id: fmt.Sprint(i)})
			for range messages / 3 {
				c.publish(topic, "{}", 0, 0)
			}
			c.ping()
		}
		for range messages {
			sink.next(t).settle(stored)
		}
		for range messages {
			sub.expectPublish()
		}
	})
}

func TestSubscriberWithASmallReceiveMaximumGetsAll(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	sub := dialRaw(t, b.addr)
	sub.version = 5
	const one = "\x03\x21\x00\x01"
	sub.send(packet(0x10, str("MQTT"), []byte{5, 2, 0, 60}, []byte(one), str("sub")))
	sub.read()
	sub.subscribe("meshcore/#", 1)
	c := connect(t, b.addr, connectOptions{id: "a"})
	const messages = 20
	for id := uint16(1); id <= messages; id++ {
		c.publish(topic, fmt.Sprint(id), 1, id)
		c.expectAck(0x40, id)
	}
	got := make(map[string]bool)
	for len(got) < messages {
		h, body := sub.read()
		if h&0xF0 != 0x30 {
			t.Fatalf("got % x % x, want a PUBLISH", h, body)
		}
		id := 2 + len(topic)
		got[string(body[id+3:])] = true
		sub.send(packet(0x40, body[id:id+2]))
	}
}

// A subscriber that does not read must not hold up anybody: not the publishers,
// not the other subscribers, at either QoS.
func TestStalledSubscriberHoldsUpNobody(t *testing.T) {
	t.Parallel()
	for _, qos := range []byte{0, 1} {
		t.Run(fmt.Sprintf("QoS %d", qos), func(t *testing.T) {
			t.Parallel()
			b := start(t, verdictSink(storeAll), func(o *Options) {
				o.MaxPendingBytes = 256 << 10
				o.WriteTimeout = time.Minute
			})
			stalled := connect(t, b.addr, connectOptions{id: "stalled"})
			stalled.conn.(*net.TCPConn).SetReadBuffer(4 << 10)
			stalled.subscribe("meshcore/#", qos)
			healthy := connect(t, b.addr, connectOptions{id: "healthy"})
			healthy.subscribe("meshcore/#", 0)
			c := connect(t, b.addr, connectOptions{id: "a"})
			payload := strings.Repeat("x", 10_000)
			for i := range 2000 {
				c.publish(topic, payload, 1, uint16(i%200+1))
				c.expectAck(0x40, uint16(i%200+1))
				healthy.expectPublish()
			}
			if dropped(b.Broker) == 0 {
				t.Error("nothing was left out for the stalled subscriber")
			}
		})
	}
}
