package broker

import (
	"fmt"
	"net"
	"syscall"
	"testing"

	"corescope-hub/ingest"
)

func TestUpstreamMayRestart(t *testing.T) {
	t.Parallel()
	for name, keeps := range map[string]bool{"and keep its sessions": true, "and forget its sessions": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := []string{"allow_anonymous true"}
			if keeps {
				settings = append(settings, "persistence true", "persistence_location DIR/")
			}
			m := newMosquitto(t, settings...)
			sink := newHeldSink()
			b := bridgeTo(t, sink, m.addr)
			untilUp(t, b, 1)
			c := persistent(t, m.addr)
			c.publish(topic, "not yet stored", 1, 1)
			c.expectAck(0x40, 1)
			sink.next(t) // never settled
			m.stop(syscall.SIGTERM)
			until(t, "bridge down", func() bool { return !upstreamOf(b).Connected })
			m.start()
			untilUp(t, b, 2)
			c = persistent(t, m.addr)
			c.publish(topic, "after the restart", 1, 1)
			c.expectAck(0x40, 1)
			want := []string{"after the restart"}
			if keeps {
				want = append(want, "not yet stored")
			}
			collect(t, sink, want...)
		})
	}
}

func TestBridgeToAHubThatRestarts(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	here := func(o *Options) { o.Listen = Listeners("tcp://"+addr, "tcp://127.0.0.1:0") }
	up := start(t, verdictSink(storeAll), here)
	sink := newHeldSink()
	b := bridgeTo(t, sink, addr)
	untilUp(t, b, 1)
	up.stop()
	until(t, "bridge down", func() bool { return !upstreamOf(b).Connected })
	start(t, verdictSink(storeAll), here)
	untilUp(t, b, 2)
	c := persistent(t, addr)
	c.publish(topic, "again", 1, 1)
	c.expectAck(0x40, 1)
	collect(t, sink, "again")
}

func TestDeadUpstreamsHoldNeitherTheOthersNorTheHub(t *testing.T) {
	t.Parallel()
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	mute := newFakeUpstream(t)                               // accepts and says nothing
	rude := newFaultProxy(t, nobody.Addr().String()).start() // accepts and hangs up
	alive := []string{mosquitto(t), start(t, verdictSink(storeAll)).addr}
	sink := newHeldSink()
	b := start(t, sink, swift, func(o *Options) {
		for i, addr := range append([]string{nobody.Addr().String(), mute.addr, rude.addr}, alive...) {
			u := upstreamAt("mqtt://" + addr)
			u.Name = fmt.Sprint(i)
			o.Upstreams = append(o.Upstreams, u)
		}
	})
	for i, addr := range alive {
		until(t, "bridge up", func() bool { return b.Stats().Upstreams[3+i].Connected })
		c := persistent(t, addr)
		c.publish(topic, addr, 1, 1)
		c.expectAck(0x40, 1)
		if m := sink.next(t); string(m.Payload) != addr || m.Source != fmt.Sprint(3+i) {
			t.Errorf("sink got %+v", m.Message)
		} else {
			m.settle(stored)
		}
	}
	local := connect(t, b.addr, connectOptions{id: "local"})
	local.publish(topic, "{}", 1, 1)
	sink.next(t).settle(stored)
	local.expectAck(0x40, 1)
	for _, s := range b.Stats().Upstreams[:3] {
		if s.Connected || s.Connects != 0 {
			t.Errorf("dead upstream: %+v", s)
		}
	}
	b.stop() // and none of them holds the end
}

func TestStopWritesTheAcksThatAreDueAndTakesNothingMore(t *testing.T) {
	t.Parallel()
	f := newFakeUpstream(t)
	sink := newHeldSink()
	b := bridgeTo(t, sink, f.addr)
	c := f.login()
	c.send(publication(topic, []byte("before"), 1, 1))
	m := sink.next(t)
	stopped := make(chan struct{})
	go func() { b.stop(); close(stopped) }()
	<-b.accepting.Done()
	c.send(publication(topic, []byte("too late"), 1, 2))
	m.settle(stored)
	c.expectAck(1)
	c.expect(0xE0) // DISCONNECT, and no acknowledgement of the second
	c.expectEnd()
	<-stopped
	select {
	case m := <-sink.messages:
		t.Errorf("took %s while stopping", m.Payload)
	default:
	}
}

// As mosquitto does when nothing more is sent before it has an answer.
func TestMessagesAreUrgentWhenTheUpstreamWaitsForMany(t *testing.T) {
	t.Parallel()
	sink := newHeldSink()
	f := newFakeUpstream(t)
	bridgeTo(t, sink, f.addr)
	c := f.login()
	for i := range 20 {
		c.send(publication(topic, []byte("{}"), 1, uint16(i+1)))
	}
	for i := range 20 {
		m := sink.next(t)
		defer m.settle(stored)
		if m.Urgent != (i+1 >= fewUnanswered) {
			t.Errorf("message %d is urgent: %t", i+1, m.Urgent)
		}
	}
}

func TestReconnectingLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	f := newFakeUpstream(t)
	b := bridgeTo(t, verdictSink(func(ingest.Message) ingest.Verdict { return stored }), f.addr)
	const rounds = 30
	for i := range rounds {
		c := f.login()
		untilUp(t, b, int64(i+1))
		c.send(publication(topic, []byte("{}"), 1, 1))
		c.expectAck(1)
		c.Close()
	}
	f.login()
	s := upstreamOf(b)
	if s.Disconnects != rounds || len(s.Ended) != maxEndings || s.Waiting != 0 || b.Stats().InFlight != 0 {
		t.Errorf("%d disconnects, %d kept, %d waiting", s.Disconnects, len(s.Ended), s.Waiting)
	}
}

// Whatever an upstream floods the hub with, it takes no more memory than the
// bounds say, and observers of the hub are served meanwhile.
func TestFloodOfTopicsAndRetainedMessagesLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	f := newFakeUpstream(t)
	b := bridgeTo(t, verdictSink(storeAll), f.addr, republished)
	c := f.login()
	const flood = 20_000
	go func() {
		for i := range flood {
			message := publication(fmt.Sprintf("meshcore/X%d/A/status", i), []byte("{}"), 0, 0)
			message[0] |= byte(i % 2) // retained
			if _, err := c.Write(message); err != nil {
				return
			}
		}
	}()
	local := connect(t, b.addr, connectOptions{id: "local"})
	for id := uint16(1); id <= 50; id++ {
		local.publish(topic, "{}", 1, id)
		local.expectAck(0x40, id)
	}
	until(t, "the flood is over", func() bool { return upstreamOf(b).Messages == flood })
	b.shown.mu.Lock()
	remembered := len(b.shown.now) + len(b.shown.before)
	b.shown.mu.Unlock()
	s := b.Stats()
	if s.Retained != 0 || s.InFlight != 0 || s.Upstreams[0].Waiting != 0 || remembered > 2*maxShown || s.Upstreams[0].Republished != flood/2 {
		t.Errorf("retained %d, in flight %d, remembered %d, %+v", s.Retained, s.InFlight, remembered, s.Upstreams[0])
	}
}
