package broker

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

func TestEmptyPasswordIsNoReasonToRefuse(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	for _, version := range []byte{3, 4, 5} {
		connect(t, b.addr, connectOptions{id: "a", version: version, user: "observer"}).ping()
	}
}

func TestEmptyWillIsNoReasonToRefuse(t *testing.T) {
	t.Parallel()
	sink := newHeldSink()
	b := start(t, sink)
	for _, version := range []byte{3, 4, 5} {
		c := connect(t, b.addr, connectOptions{id: "a", version: version, willTopic: statusTopic, retain: true})
		c.ping()
		gone := b.openConns()[0].gone
		c.conn.Close()
		<-gone
	}
	if n := len(sink.messages); n != 0 {
		t.Errorf("%d wills were published", n)
	}
}

func TestProtocolErrorIsCountedAndTold(t *testing.T) {
	t.Parallel()
	log := new(lines)
	b := start(t, verdictSink(storeAll), func(o *Options) { o.Log = slog.New(slog.NewTextHandler(log, nil)) })
	c := connect(t, b.addr, connectOptions{id: "Hill"})
	c.send([]byte{0x30, 0xFF, 0xFF, 0xFF, 0x7F}) // announces 256 MiB
	c.expectClosed()
	until(t, "the first is counted", func() bool { return b.Stats().ProtocolErrors == 1 })
	first := dialRaw(t, b.addr)
	first.send([]byte{0xC0, 0}) // PINGREQ before CONNECT
	first.expectClosed()
	until(t, "the second is counted", func() bool { return b.Stats().ProtocolErrors == 2 })
	leaves := connect(t, b.addr, connectOptions{id: "b"})
	leaves.send([]byte{0xE0, 0})
	leaves.expectClosed()
	vanishes := connect(t, b.addr, connectOptions{id: "c"})
	vanishes.ping()
	vanishes.conn.Close()
	b.stop()
	if n := b.Stats().ProtocolErrors; n != 2 {
		t.Errorf("counted %d protocol errors, want 2", n)
	}
	if text := log.String(); strings.Count(text, "level=WARN") != 1 || !strings.Contains(text, `client=Hill err="packet too large"`) {
		t.Errorf("one line a second is enough, and names the client and the reason; got:\n%s", text)
	}
}

// lines is a log to look at.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
