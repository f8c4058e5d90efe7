package broker

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// answered reads n messages and acknowledges them, in order of their number.
func (c *rawClient) answered(n int) {
	c.t.Helper()
	for i := range n {
		h, body := c.read()
		if h&0xF6 != 0x32 {
			c.t.Fatalf("message %d: got % x, want a PUBLISH at QoS 1", i, h)
		}
		at := 2 + int(body[0])<<8 + int(body[1])
		payload := body[at+2:]
		if c.version == 5 {
			payload = payload[1:]
		}
		if got := strings.TrimSpace(string(payload)); got != fmt.Sprint(i) {
			c.t.Fatalf("got message %s, want %d", got, i)
		}
		c.send(packet(0x40, body[at:at+2]))
	}
}

// publishNumbers publishes numbers from 0, in payloads of size bytes.
func (c *rawClient) publishNumbers(n, size int) {
	c.t.Helper()
	for i := range n {
		c.publish(topic, fmt.Sprintf("%*d", size, i), 1, uint16(i%200+1))
		c.expectAck(0x40, uint16(i%200+1))
	}
}

// dropped is how many messages were left out, for whatever reason.
func dropped(b *Broker) (n int64) {
	for _, one := range b.Stats().Dropped {
		n += one
	}
	return n
}

func TestSubscriberGetsEveryMessageThatItAcknowledges(t *testing.T) {
	t.Parallel()
	const messages = 3 * maxUnacknowledged
	for _, version := range []byte{4, 5} {
		b := start(t, verdictSink(storeAll))
		sub := connect(t, b.addr, connectOptions{id: "sub", version: version})
		sub.subscribe("meshcore/#", 1)
		connect(t, b.addr, connectOptions{id: "a"}).publishNumbers(messages, 100) // before it acknowledges the first
		sub.answered(messages)
		sub.ping()
		if n := dropped(b.Broker); n != 0 {
			t.Errorf("%d dropped", n)
		}
		if n := b.backlog.Load(); n != 0 {
			t.Errorf("%d bytes are left", n)
		}
	}
}

func TestAbsentSubscriberGetsAllInOrderWhenItIsBack(t *testing.T) {
	t.Parallel()
	const messages = 2 * maxUnacknowledged
	b := start(t, verdictSink(storeAll))
	sub := connect(t, b.addr, connectOptions{id: "sub", persist: true})
	sub.subscribe("meshcore/#", 1)
	gone := b.openConns()[0].gone
	c := connect(t, b.addr, connectOptions{id: "a"})
	sub.conn.Close()
	<-gone
	c.publishNumbers(messages, 10)
	connect(t, b.addr, connectOptions{id: "sub", persist: true}).answered(messages)
}

func TestWhatWaitsForSubscribersIsBounded(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) { o.MaxPendingBytes = 16 << 10 })
	sub := connect(t, b.addr, connectOptions{id: "sub", persist: true})
	sub.subscribe("meshcore/#", 1)
	gone := b.openConns()[0].gone
	c := connect(t, b.addr, connectOptions{id: "a"})
	sub.conn.Close()
	<-gone
	c.publishNumbers(200, 1000)
	if n, most := b.backlog.Load(), int64(4*16<<10); n > most || n < most/2 {
		t.Errorf("%d bytes wait, want up to %d", n, most)
	}
	if dropped(b.Broker) == 0 {
		t.Error("what was left out is not counted")
	}
	connect(t, b.addr, connectOptions{id: "sub"}).ping() // a clean session: what waited is of no use
	if n := b.backlog.Load(); n != 0 {
		t.Errorf("%d bytes are left of the session", n)
	}
}

func TestSessionsThatDoNotReadLeaveRoomForThoseThatDo(t *testing.T) {
	t.Parallel()
	o := DefaultOptions()
	b := &Broker{opts: o}
	m := outgoing{topic: topic, payload: make([]byte, 10_000), qos: 1}
	s := sending{packet: m.packet("", time.Now()), qos: 1}
	for range 500 { // each is full
		for stalled := new(outbox); stalled.add(s, b) == ""; {
		}
	}
	if b.backlog.Load() > maxBacklog+500*int64(s.size()) {
		t.Errorf("%d bytes wait", b.backlog.Load())
	}
	if reads := new(outbox); reads.add(s, b) != "" {
		t.Error("a session for which nothing waits gets nothing")
	}
}

// More than the buffers of the connection hold, to one that reads late.
func TestSlowReaderGetsEveryRetainedMessage(t *testing.T) {
	t.Parallel()
	const messages = 1000
	for _, qos := range []byte{0, 1} {
		b := start(t, verdictSink(storeAll), func(o *Options) { o.MaxPendingBytes = 64 << 10 })
		c := connect(t, b.addr, connectOptions{id: "a"})
		for i := range messages {
			c.send(c.publishPacket(fmt.Sprintf("meshcore/ZRH/%d/status", i), strings.Repeat("x", 4000), 1, uint16(i%200+1), true))
			c.expectAck(0x40, uint16(i%200+1))
		}
		sub := connect(t, b.addr, connectOptions{id: "sub"})
		sub.subscribe("meshcore/+/+/status", qos)
		time.Sleep(beforeTheVerdict) // its buffers are full
		seen := make(map[string]bool)
		for range messages {
			h, body := sub.read()
			at := 2 + int(body[0])<<8 + int(body[1])
			seen[string(body[2:at])] = true
			if h&1 == 0 {
				t.Fatal("a retained message does not say so")
			}
			if h&6 != 0 {
				sub.send(packet(0x40, body[at:at+2]))
			}
		}
		if len(seen) != messages {
			t.Errorf("QoS %d: %d of %d topics", qos, len(seen), messages)
		}
	}
}

func TestRetainedMessagesAreSentAsTheSubscriptionWants(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	c := connect(t, b.addr, connectOptions{id: "a"})
	c.send(c.publishPacket(statusTopic, "online", 1, 1, true))
	c.expectAck(0x40, 1)
	sub := connect(t, b.addr, connectOptions{id: "sub", version: 5})
	const ifNew, never, asPublished = 0x10, 0x20, 0x08
	for i, want := range []struct {
		options byte
		sent    bool
	}{{never, false}, {ifNew, false}, {0, true}, {ifNew, false}, {asPublished, true}} {
		sub.send(packet(0x82, []byte{0, 1, 0}, str("meshcore/#"), []byte{want.options}))
		sub.read() // SUBACK
		sub.send([]byte{0xC0, 0})
		h, _ := sub.read()
		if sent := h&0xF1 == 0x31; sent != want.sent {
			t.Errorf("subscription %d, options %x: got %x", i, want.options, h)
		} else if sent {
			sub.read() // PINGRESP
		}
	}
	c.send(c.publishPacket(statusTopic, "still", 1, 2, true))
	c.expectAck(0x40, 2)
	if _, got, retained := sub.expectPublish(); got != "still" || !retained {
		t.Errorf("as published: got %s, retained %v", got, retained)
	}
}

func TestLimitedViewerGetsMessagesWithoutSignalStrengths(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) {
		o.Auth.UsersFile = usersFile(t, "board:viewer:secret", "public:limited:secret")
	})
	viewer := connect(t, b.addr, connectOptions{id: "v", user: "board", password: "secret"})
	limited := connect(t, b.addr, connectOptions{id: "l", user: "public", password: "secret"})
	viewer.subscribe("meshcore/#", 0)
	limited.subscribe("meshcore/#", 0)
	c := connect(t, b.addr, connectOptions{id: "a"})
	c.publish(topic+"/x", `{"SNR":1}`, 1, 1) // packets, for all that is known
	c.expectAck(0x40, 1)
	c.publish("meshcore/ZRH/AA/debug", "SNR=1", 1, 2)
	c.expectAck(0x40, 2)
	c.send(c.publishPacket(statusTopic, `{"status":"online","model":"V3"}`, 1, 3, true))
	c.expectAck(0x40, 3)
	for _, want := range []string{`{"SNR":1}`, "SNR=1", `{"status":"online","model":"V3"}`} {
		if _, got, _ := viewer.expectPublish(); got != want {
			t.Errorf("the viewer got %s, want %s", got, want)
		}
	}
	for _, want := range []string{`{}`, `{"status":"online"}`} {
		if _, got, _ := limited.expectPublish(); got != want {
			t.Errorf("the limited viewer got %s, want %s", got, want)
		}
	}
	late := connect(t, b.addr, connectOptions{id: "l2", user: "public", password: "secret"})
	late.subscribe("meshcore/#", 0)
	if _, got, retained := late.expectPublish(); got != `{"status":"online"}` || !retained {
		t.Errorf("retained: got %s", got)
	}
}

func TestAnyNumberOfLimitedViewersCostOneRewrite(t *testing.T) {
	t.Parallel()
	m := outgoing{topic: topic, payload: []byte(`{"SNR":1}`)}
	v := &view{whole: m.packet("", time.Now())}
	p := &Principal{Role: RoleLimited}
	if first := v.of(p); first == nil || first != v.of(p) || first == v.whole {
		t.Error("made anew for each")
	}
}
