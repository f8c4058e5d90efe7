package broker

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"corescope-hub/ingest"
)

// Each of these would end the program, fill its memory, or leave the bridge up
// without messages, if the client library got to see it.
func TestUpstreamThatBreaksTheProtocolCostsOnlyItsConnection(t *testing.T) {
	t.Parallel()
	suback := func(c *upstreamConn, codes ...byte) {
		body := c.expect(0x80)
		c.send(packet(0x90, body[:2], codes))
	}
	greet := func(c *upstreamConn) { c.expect(0x10); c.send([]byte{0x20, 2, 0, 0}) }
	up := func(c *upstreamConn) { greet(c); c.grant() }
	for name, tc := range map[string]struct {
		do   func(c *upstreamConn)
		want string
	}{
		"CONNACK with an unknown code":         {func(c *upstreamConn) { c.expect(0x10); c.send([]byte{0x20, 2, 0, 0x80 | 42}) }, "not a CONNACK"}, // one up to lastMark may be taken for an answer of our own
		"CONNACK of the wrong size":            {func(c *upstreamConn) { c.expect(0x10); c.send([]byte{0x20, 3, 0, 0, 0}) }, "not a CONNACK"},
		"two CONNACKs":                         {func(c *upstreamConn) { greet(c); c.send([]byte{0x20, 2, 0, 0}) }, "not a CONNACK"},
		"no CONNACK first":                     {func(c *upstreamConn) { c.expect(0x10); c.send([]byte{0xD0, 0}) }, "not with a CONNACK"},
		"a large PUBLISH first":                {func(c *upstreamConn) { c.expect(0x10); c.send([]byte{0x30, 0xff, 0xff, 0xff, 0x7f}) }, "not with a CONNACK"},
		"SUBACK with a code too many":          {func(c *upstreamConn) { greet(c); suback(c, 1, 1) }, "a SUBACK with 2 codes for 1 filters"},
		"SUBACK without a code":                {func(c *upstreamConn) { greet(c); suback(c) }, "a SUBACK with 0 codes for 1 filters"},
		"SUBACK to nothing":                    {func(c *upstreamConn) { up(c); c.send([]byte{0x90, 3, 9, 9, 1}) }, "a SUBACK with 1 codes for 0 filters"},
		"short SUBACK":                         {func(c *upstreamConn) { up(c); c.send([]byte{0x90, 1, 9}) }, "a SUBACK of 1 bytes"},
		"subscription refused":                 {func(c *upstreamConn) { greet(c); suback(c, 0x80) }, "subscribe to meshcore/#: the upstream refuses"},
		"PUBACK instead of a SUBACK":           {func(c *upstreamConn) { greet(c); c.send(packet(0x40, c.expect(0x80)[:2])) }, "nobody asked for a control packet of kind 4"},
		"UNSUBACK instead of a SUBACK":         {func(c *upstreamConn) { greet(c); c.send(packet(0xB0, c.expect(0x80)[:2])) }, "nobody asked for a control packet of kind 11"},
		"PUBREC":                               {func(c *upstreamConn) { up(c); c.send([]byte{0x50, 2, 0, 1}) }, "kind 5"},
		"CONNECT":                              {func(c *upstreamConn) { up(c); c.send(connectOptions{version: 4}.packet()) }, "kind 1"},
		"kind 0":                               {func(c *upstreamConn) { up(c); c.send([]byte{0, 0}) }, "kind 0"},
		"kind 15":                              {func(c *upstreamConn) { up(c); c.send([]byte{0xF0, 0}) }, "kind 15"},
		"PINGRESP with a body":                 {func(c *upstreamConn) { up(c); c.send([]byte{0xD0, 1, 1}) }, "a PINGRESP of 1 bytes"},
		"short PUBREL":                         {func(c *upstreamConn) { up(c); c.send([]byte{0x62, 1, 1}) }, "a PUBREL of 1 bytes"},
		"length of five bytes":                 {func(c *upstreamConn) { up(c); c.send([]byte{0x30, 0xff, 0xff, 0xff, 0xff, 1}) }, "a length of more than four bytes"},
		"256 MiB that are no PUBLISH":          {func(c *upstreamConn) { up(c); c.send([]byte{0xD0, 0xff, 0xff, 0xff, 0x7f}) }, "of kind 13 with 268435455 bytes"},
		"QoS 3":                                {func(c *upstreamConn) { up(c); c.send(publication(topic, nil, 3, 1)) }, "QoS 3"},
		"packet id 0":                          {func(c *upstreamConn) { up(c); c.send(publication(topic, nil, 1, 0)) }, "packet id 0"},
		"PUBLISH that ends within its topic":   {func(c *upstreamConn) { up(c); c.send([]byte{0x30, 4, 0, 9, 'a', 'b'}) }, "ends within its topic"},
		"PUBLISH without a topic":              {func(c *upstreamConn) { up(c); c.send([]byte{0x30, 1, 0}) }, "ends within its topic"},
		"PUBLISH without room for a packet id": {func(c *upstreamConn) { up(c); c.send([]byte{0x32, 3, 0, 1, 'a'}) }, "ends within its topic"},
		"large PUBLISH shorter than its topic": {func(c *upstreamConn) {
			up(c)
			c.send([]byte{0x32, 0x80, 0x80, 0x04, 0xff, 0xff})
			c.send(make([]byte, 65_600))
		}, ""},
		"end after half a PUBLISH": {func(c *upstreamConn) { up(c); c.send(publication(topic, []byte("{}"), 1, 1)[:9]); c.Close() }, "closed the connection"},
		"end after CONNECT":        {func(c *upstreamConn) { c.expect(0x10); c.Close() }, "closed the connection"},
		"end after SUBSCRIBE":      {func(c *upstreamConn) { greet(c); c.expect(0x80); c.Close() }, "closed the connection"},
		"end at once":              {func(c *upstreamConn) { c.Close() }, ""},
		"HTTP":                     {func(c *upstreamConn) { c.send([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }, "not with a CONNACK"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeUpstream(t)
			sink := newHeldSink()
			b := bridgeTo(t, sink, f.addr)
			bad := f.accept()
			tc.do(bad)
			c := f.login() // the next connection is as good as any
			if tc.want != "" {
				if got := upstreamOf(b).LastError; !strings.Contains(got, tc.want) {
					t.Errorf("told the operator %q, want %q", got, tc.want)
				}
			}
			c.send(publication(topic, []byte("{}"), 1, 7))
			sink.next(t).settle(stored)
			c.expectAck(7)
		})
	}
}

func TestMessageBeyondTheBoundsIsAcknowledgedAndNotKept(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("a/", 20_000)
	for name, message := range map[string][]byte{
		"too large":              publication(topic, make([]byte, 100_000), 1, 1),
		"a topic of many levels": publication(deep, []byte("{}"), 1, 1),
		"a topic too large":      publication(strings.Repeat("a", 65_000), make([]byte, 5_000), 1, 1),
		"wildcard":               publication("meshcore/#", []byte("{}"), 1, 1),
		"plus":                   publication("meshcore/+/x", []byte("{}"), 1, 1),
		"NUL":                    publication("mesh\x00core", []byte("{}"), 1, 1),
		"not UTF-8":              publication("mesh\xffcore", []byte("{}"), 1, 1),
		"$SYS":                   publication("$SYS/broker/uptime", []byte("{}"), 1, 1),
		"no topic":               publication("", []byte("{}"), 1, 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeUpstream(t)
			sink := newHeldSink()
			b := bridgeTo(t, sink, f.addr)
			c := f.login()
			untilUp(t, b, 1)
			c.send(message)
			c.expectAck(1)
			c.send(publication(topic, []byte("{}"), 1, 2))
			if m := sink.next(t); m.Topic != topic {
				t.Errorf("the sink got a message to %.80q", m.Topic)
			} else {
				m.settle(stored)
			}
			c.expectAck(2)
			if s := upstreamOf(b); s.Refused != 1 || s.Connects != 1 {
				t.Errorf("refused %d, connections %d", s.Refused, s.Connects)
			}
		})
	}
}

// A QoS 2 message is received once its PUBREC, after the commit, is answered.
func TestBridgeTakesQoS2(t *testing.T) {
	t.Parallel()
	f := newFakeUpstream(t)
	sink := newHeldSink()
	bridgeTo(t, sink, f.addr, func(u *Upstream) { u.QoS = 2 })
	c := f.login()
	c.send(publication(topic, []byte("{}"), 2, 9))
	sink.next(t).settle(stored)
	if body := c.expect(0x50); !bytes.Equal(body, []byte{0, 9}) {
		t.Errorf("PUBREC % x", body)
	}
	c.send([]byte{0x62, 2, 0, 9})
	if body := c.expect(0x70); !bytes.Equal(body, []byte{0, 9}) {
		t.Errorf("PUBCOMP % x", body)
	}
}

func TestAcksToAnUpstreamLeaveInOrderOfArrival(t *testing.T) {
	t.Parallel()
	f := newFakeUpstream(t)
	sink := newHeldSink()
	bridgeTo(t, sink, f.addr)
	c := f.login()
	for id := uint16(1); id <= 3; id++ {
		c.send(publication(topic, fmt.Append(nil, id), 1, id))
	}
	first, second, third := sink.next(t), sink.next(t), sink.next(t)
	third.settle(stored)
	second.settle(worthless)
	c.SetReadDeadline(time.Now().Add(beforeTheVerdict))
	if kind, body, err := c.next(); err == nil {
		t.Fatalf("% x % x before the first message is stored", kind, body)
	}
	c.SetReadDeadline(time.Time{})
	first.settle(stored)
	for id := uint16(1); id <= 3; id++ {
		c.expectAck(id)
	}
}

// An id is the upstream's to use anew on the next connection, for another
// message.
func TestVerdictOfAnOldConnectionAcknowledgesNothingOnTheNext(t *testing.T) {
	t.Parallel()
	f := newFakeUpstream(t)
	sink := newHeldSink()
	bridgeTo(t, sink, f.addr)
	c := f.login()
	c.send(publication(topic, []byte("old"), 1, 1))
	old := sink.next(t)
	c.Close()
	c = f.login()
	c.send(publication(topic, []byte("new"), 1, 1))
	fresh := sink.next(t)
	old.settle(stored)
	c.SetReadDeadline(time.Now().Add(beforeTheVerdict))
	if kind, body, err := c.next(); err == nil {
		t.Fatalf("% x % x: the new message is not stored yet", kind, body)
	}
	c.SetReadDeadline(time.Time{})
	fresh.settle(stored)
	c.expectAck(1)
}

func TestMessagesOfAnUpstreamThatWaitForTheirCommitAreBounded(t *testing.T) {
	t.Parallel()
	f := newFakeUpstream(t)
	sink := newHeldSink()
	b := bridgeTo(t, sink, f.addr)
	c := f.login()
	const size, sent = 60_000, 300 // 18 MB
	flooded := make(chan struct{})
	go func() {
		defer close(flooded)
		for range sent {
			if _, err := c.Write(publication(topic, make([]byte, size), 0, 0)); err != nil {
				return
			}
		}
	}()
	const room = maxWaitingBytes / (size + messageBytes)
	until(t, "the window is full", func() bool { return upstreamOf(b).Waiting == room })
	other := connect(t, b.addr, connectOptions{id: "local"})
	other.publish(topic, "{}", 1, 1)
	for done := 0; done < sent+1; done++ {
		if waiting := upstreamOf(b).Waiting; waiting > room {
			t.Fatalf("%d messages wait, want at most %d", waiting, room)
		}
		sink.next(t).settle(stored)
	}
	other.expectAck(0x40, 1)
	<-flooded
	if n := upstreamOf(b).Messages; n != sent {
		t.Errorf("%d of %d messages came", n, sent)
	}
}

func TestPanicOnABridgedMessageCostsOnlyThatMessage(t *testing.T) {
	t.Parallel()
	f := newFakeUpstream(t)
	b := bridgeTo(t, verdictSink(func(m ingest.Message) ingest.Verdict {
		if string(m.Payload) == "bad" {
			panic("a defect")
		}
		return stored
	}), f.addr)
	c := f.login()
	c.send(publication(topic, []byte("bad"), 1, 1))
	c.expectAck(1)
	c.send(publication(topic, []byte("good"), 1, 2))
	c.expectAck(2)
	if n := b.Stats().Panics; n != 1 {
		t.Errorf("counted %d panics", n)
	}
}

// fixedConn is a connection with an end, from which a test reads.
type fixedConn struct {
	net.Conn
	*bytes.Reader
}

func (c fixedConn) Read(p []byte) (int, error)       { return c.Reader.Read(p) }
func (c fixedConn) Write(p []byte) (int, error)      { return len(p), nil }
func (c fixedConn) SetReadDeadline(time.Time) error  { return nil }
func (c fixedConn) SetWriteDeadline(time.Time) error { return nil }

// FuzzWire feeds what an upstream may send. Whatever it is, the library gets to
// see whole control packets of bounded size, or an end.
func FuzzWire(f *testing.F) {
	connack := []byte{0x20, 2, 0, 0}
	for _, seed := range [][]byte{
		publication(topic, []byte("{}"), 1, 1), publication("#", nil, 2, 2), publication(topic, make([]byte, 5000), 1, 3),
		{0x30, 0xff, 0xff, 0xff, 0x7f}, {0x90, 3, 0, 1, 1}, {0xD0, 0}, {0x62, 2, 0, 1},
	} {
		f.Add(append(append([]byte{}, connack...), seed...))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		const most = 1 << 10
		w := newWire(fixedConn{Reader: bytes.NewReader(sent)}, most, time.Minute, time.Minute)
		w.Write(packet(0x82, []byte{0, 1}, str("meshcore/#"), []byte{1}))
		for {
			if err := w.next(); err != nil {
				return
			}
			if len(w.frame) > most+5 || len(w.frame) < 2 {
				t.Fatalf("a frame of %d bytes", len(w.frame))
			}
			if w.frame[0]>>4 == 3 {
				body := w.payload()
				n := int(body[0])<<8 | int(body[1])
				if got := string(body[2 : 2+n]); !plainTopic(got) {
					t.Fatalf("topic %q", got)
				}
			}
			w.frame = nil
		}
	})
}
