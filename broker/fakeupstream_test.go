package broker

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"testing"
)

// fakeUpstream is an upstream that does by the byte what a test wants.
type fakeUpstream struct {
	t     *testing.T
	addr  string
	conns chan *upstreamConn
}

// upstreamConn is one connection to it.
type upstreamConn struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func newFakeUpstream(t *testing.T) *fakeUpstream {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeUpstream{t: t, addr: ln.Addr().String(), conns: make(chan *upstreamConn, 100)}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			f.conns <- &upstreamConn{t, conn, bufio.NewReader(conn)}
		}
	}()
	return f
}

// accept waits for a bridge to dial.
func (f *fakeUpstream) accept() *upstreamConn {
	f.t.Helper()
	select {
	case c := <-f.conns:
		return c
	case <-timeout():
		f.t.Fatal("the bridge does not dial")
		return nil
	}
}

// login lets a bridge in and grants what it asks for.
func (f *fakeUpstream) login() *upstreamConn {
	f.t.Helper()
	c := f.accept()
	c.expect(0x10)
	c.send([]byte{0x20, 2, 0, 0})
	c.grant()
	return c
}

// grant answers a SUBSCRIBE to one filter.
func (c *upstreamConn) grant() {
	c.t.Helper()
	body := c.expect(0x80)
	c.send([]byte{0x90, 3, body[0], body[1], 1})
}

func (c *upstreamConn) send(b []byte) {
	c.t.Helper()
	if _, err := c.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// expect reads control packets up to one of a kind, answers pings on the way,
// and returns its body.
func (c *upstreamConn) expect(kind byte) []byte {
	c.t.Helper()
	for {
		got, body, err := c.next()
		switch {
		case err != nil:
			c.t.Fatalf("waiting for control packet %x of the bridge: %v", kind, err)
		case got == 0xC0:
			c.send([]byte{0xD0, 0})
		case got&0xF0 == kind&0xF0:
			return body
		default:
			c.t.Fatalf("the bridge sent % x % x, want %x", got, body, kind)
		}
	}
}

func (c *upstreamConn) next() (kind byte, body []byte, err error) {
	if kind, err = c.r.ReadByte(); err != nil {
		return 0, nil, err
	}
	n, err := binary.ReadUvarint(c.r)
	if err != nil {
		return 0, nil, err
	}
	body = make([]byte, n)
	_, err = io.ReadFull(c.r, body)
	return kind, body, err
}

// expectAck reads a PUBACK.
func (c *upstreamConn) expectAck(id uint16) {
	c.t.Helper()
	if body := c.expect(0x40); binary.BigEndian.Uint16(body) != id {
		c.t.Fatalf("acknowledged % x, want %d", body, id)
	}
}

// expectEnd waits until the bridge ends the connection.
func (c *upstreamConn) expectEnd() {
	c.t.Helper()
	for {
		if _, _, err := c.next(); err != nil {
			return
		}
	}
}

// publication is a PUBLISH; id is left out at QoS 0.
func publication(topic string, payload []byte, qos byte, id uint16) []byte {
	parts := [][]byte{str(topic)}
	if qos > 0 {
		parts = append(parts, binary.BigEndian.AppendUint16(nil, id))
	}
	return packet(0x30|qos<<1, append(parts, payload)...)
}

// swift makes bridges find out and try again fast.
func swift(o *Options) {
	o.pace.leastPause, o.pace.mostPause = 2e6, 20e6 // ns
}

// bridgeTo starts a broker with a bridge.
func bridgeTo(t *testing.T, sink Sink, addr string, change ...func(*Upstream)) running {
	t.Helper()
	u := upstreamAt("mqtt://" + addr)
	for _, c := range change {
		c(&u)
	}
	return start(t, sink, func(o *Options) { o.Upstreams = []Upstream{u} }, swift)
}

// upstreamOf is how the only bridge is.
func upstreamOf(b running) UpstreamStats { return b.Stats().Upstreams[0] }

// untilUp waits for the nth connection of the only bridge.
func untilUp(t *testing.T, b running, n int64) {
	t.Helper()
	until(t, "bridge up", func() bool { s := upstreamOf(b); return s.Connected && s.Connects >= n })
}

// logBuffer is a log that a test can read while it is written.
type logBuffer struct {
	lock chan struct{}
	text bytes.Buffer
}

func newLogBuffer() *logBuffer {
	l := &logBuffer{lock: make(chan struct{}, 1)}
	return l
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.lock <- struct{}{}
	defer func() { <-l.lock }()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.lock <- struct{}{}
	defer func() { <-l.lock }()
	return l.text.String()
}
