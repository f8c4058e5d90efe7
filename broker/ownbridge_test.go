package broker

import (
	"log/slog"
	"strings"
	"testing"
	"time"
)

// bridgeToItself starts a hub whose bridge leads back to it by an address that is
// none of its own, as a router does that forwards a port.
func bridgeToItself(t *testing.T, sink Sink, change ...func(*Options)) (running, *faultProxy, *logBuffer) {
	t.Helper()
	p, log := newFaultProxy(t, ""), newLogBuffer()
	u := upstreamAt("mqtt://" + p.addr)
	u.Republish = true
	b := start(t, sink, append([]func(*Options){swift, func(o *Options) {
		o.Upstreams, o.Log = []Upstream{u}, slog.New(slog.NewTextHandler(log, nil))
	}}, change...)...)
	p.target = b.addr
	p.start()
	return b, p, log
}

func TestBridgeToTheHubItselfIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	sink := newHeldSink()
	b, p, log := bridgeToItself(t, sink)
	until(t, "the hub finds itself", func() bool { return upstreamOf(b).LastError != "" })
	s := upstreamOf(b)
	if s.State != UpstreamDown || !s.Self || s.Connects != 0 || !strings.HasPrefix(s.LastError, "is this hub itself: not dialled; ") {
		t.Errorf("upstream stats: %+v", s)
	}
	if !strings.Contains(log.String(), "retry_in=10m0s") || strings.Contains(log.String(), "login refused") {
		t.Errorf("log:\n%s", log)
	}
	c := connect(t, b.addr, connectOptions{id: "observer"})
	c.publish(topic, "{}", 1, 1)
	sink.next(t).settle(stored)
	c.expectAck(0x40, 1)
	if s := b.Stats(); s.Received != 1 || s.Upstreams[0].Messages != 0 || s.RefusedLogins != 0 || p.accepted.Load() != 1 {
		t.Errorf("%d connections, stats %+v", p.accepted.Load(), s)
	}
}

func TestBridgeToTheHubItselfIsToldOfOnceAndTriedAgain(t *testing.T) {
	t.Parallel()
	b, p, log := bridgeToItself(t, newHeldSink(), func(o *Options) { o.pace.selfPause = time.Millisecond })
	until(t, "several attempts", func() bool { return p.accepted.Load() > 5 })
	if n := strings.Count(log.String(), "bridge down"); n != 1 || upstreamOf(b).Connects != 0 {
		t.Errorf("told %d times:\n%s", n, log)
	}
}

func TestStrangerWithTheClientIDOfABridgeHurtsOnlyItself(t *testing.T) {
	t.Parallel()
	up := newFakeUpstream(t)
	b := bridgeTo(t, newHeldSink(), up.addr)
	id := b.upstreams[0].clientID()

	far := up.accept()
	far.expect(0x10) // the bridge waits for its CONNACK
	stranger := dialRaw(t, b.addr)
	stranger.send(connectOptions{id: id, version: 4}.packet())
	header, body := stranger.read()
	if header != 0x20 || len(body) != 2 || body[1] < firstMark || body[1] > lastMark {
		t.Errorf("answer to the stranger: % x % x", header, body)
	}
	stranger.expectClosed()
	connect(t, b.addr, connectOptions{id: id, version: 5}) // no bridge speaks that
	connect(t, b.addr, connectOptions{id: "other"})

	far.send([]byte{0x20, 2, 0, 0})
	far.grant()
	untilUp(t, b, 1)
	if s := upstreamOf(b); s.LastError != "" {
		t.Errorf("the bridge is misled: %s", s.LastError)
	}
	connect(t, b.addr, connectOptions{id: id})
}
