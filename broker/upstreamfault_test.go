package broker

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// upstreams are the two makes of broker that bridges are tried with.
func upstreams(t *testing.T, test func(t *testing.T, addr string)) {
	t.Run("mosquitto", func(t *testing.T) { t.Parallel(); test(t, mosquitto(t)) })
	t.Run("mochi", func(t *testing.T) {
		t.Parallel()
		test(t, start(t, verdictSink(storeAll)).addr)
	})
}

// persistent connects a client at an upstream.
func persistent(t *testing.T, addr string) *rawClient {
	t.Helper()
	return connect(t, addr, connectOptions{id: "observer"})
}

// payloads collects what a sink gets, repeats included.
func collect(t *testing.T, sink *heldSink, want ...string) {
	t.Helper()
	missing := map[string]bool{}
	for _, w := range want {
		missing[w] = true
	}
	for len(missing) > 0 {
		m := sink.next(t)
		m.settle(stored)
		delete(missing, string(m.Payload))
	}
}

func TestBridgeLosesNothingOverAConnectionThatIsCut(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]func(*faultProxy){
		"reset":      (*faultProxy).reset,
		"half close": (*faultProxy).halfClose,
		"close":      func(p *faultProxy) { p.each(func(c pair) { c.near.Close(); c.far.Close() }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			upstreams(t, func(t *testing.T, addr string) {
				proxy := newFaultProxy(t, addr).start()
				sink := newHeldSink()
				b := bridgeTo(t, sink, proxy.addr)
				untilUp(t, b, 1)
				c := persistent(t, addr)
				c.publish(topic, "before", 1, 1)
				c.expectAck(0x40, 1)
				held := sink.next(t)
				cut(proxy)
				c.publish(topic, "after", 1, 2)
				c.expectAck(0x40, 2)
				untilUp(t, b, 2)
				held.settle(stored) // too late: its acknowledgement was for the connection that is gone
				collect(t, sink, "before", "after")
			})
		})
	}
}

// cutter lets so many bytes of the first connection through.
func cutter(most int64) func(int, io.Reader, io.Writer) error {
	return func(n int, from io.Reader, to io.Writer) error {
		if n > 0 {
			_, err := io.Copy(to, from)
			return err
		}
		io.CopyN(to, from, most)
		return errors.New("cut")
	}
}

func TestBridgeGetsAMessageThatWasCutInTheMiddle(t *testing.T) {
	t.Parallel()
	upstreams(t, func(t *testing.T, addr string) {
		proxy := newFaultProxy(t, addr)
		proxy.pass = cutter(4 + 5 + 20) // CONNACK, SUBACK, and some of the PUBLISH
		proxy.start()
		sink := newHeldSink()
		b := bridgeTo(t, sink, proxy.addr)
		untilUp(t, b, 1)
		c := persistent(t, addr)
		c.publish(topic, "cut in the middle", 1, 1)
		c.expectAck(0x40, 1)
		m := sink.next(t)
		m.settle(stored)
		if string(m.Payload) != "cut in the middle" {
			t.Errorf("sink got %q", m.Payload)
		}
		if s := upstreamOf(b); s.Disconnects != 1 || len(s.Ended) != 1 || s.Ended[0].Cause == "" {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestBridgeLeavesAnUpstreamThatIsSwallowedByTheNetwork(t *testing.T) {
	t.Parallel()
	upstreams(t, func(t *testing.T, addr string) {
		proxy := newFaultProxy(t, addr).start()
		sink := newHeldSink()
		u := upstreamAt("mqtt://" + proxy.addr)
		u.ConnectTimeout = time.Second
		b := start(t, sink, swift, func(o *Options) {
			o.Upstreams = []Upstream{u}
			o.pace.pingAfter, o.pace.idle = time.Second, 3*time.Second
		})
		untilUp(t, b, 1)
		proxy.hole.Store(true)
		c := persistent(t, addr)
		c.publish(topic, "into the hole", 1, 1)
		c.expectAck(0x40, 1)
		until(t, "bridge down", func() bool { return !upstreamOf(b).Connected })
		if cause := upstreamOf(b).LastError; !strings.Contains(cause, "no whole control packet in 3s") && !strings.Contains(cause, "no answer in 1s") {
			t.Errorf("cause %q", cause)
		}
		proxy.hole.Store(false)
		collect(t, sink, "into the hole")
	})
}

func TestBridgeStaysUpWhileTheUpstreamAnswersPings(t *testing.T) {
	t.Parallel()
	f := newFakeUpstream(t)
	b := start(t, verdictSink(storeAll), swift, func(o *Options) {
		o.Upstreams = []Upstream{upstreamAt("mqtt://" + f.addr)}
		o.pace.pingAfter, o.pace.idle = time.Second, 5*time.Second
	})
	c := f.login()
	for range 3 {
		if kind, _, err := c.next(); err != nil || kind != 0xC0 {
			t.Fatalf("got %x, %v, want a PINGREQ", kind, err)
		}
		c.send([]byte{0xD0, 0})
	}
	if s := upstreamOf(b); !s.Connected || s.Connects != 1 {
		t.Errorf("stats %+v", s)
	}
}

// The upstream takes nothing of what the hub writes, so that not even a ping
// gets through.
func TestBridgeLeavesAnUpstreamThatTakesNothing(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe() // holds nothing: a write waits for its reader
	t.Cleanup(func() { near.Close(); far.Close() })
	w := newWire(near, 1<<10, time.Minute, 20*time.Millisecond)
	_, err := w.Write([]byte{0xC0, 0})
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("write: %v", err)
	}
}

func TestUpstreamThatSendsByteByByteIsReadAndHoldsNobody(t *testing.T) {
	t.Parallel()
	f := newFakeUpstream(t)
	sink := newHeldSink()
	b := bridgeTo(t, sink, f.addr)
	c := f.login()
	local := connect(t, b.addr, connectOptions{id: "local"})
	message := publication(topic, []byte(strings.Repeat("slow", 20)), 1, 1)
	whole := false
	for i := range message {
		c.send(message[i : i+1])
		local.publish(topic, "{}", 1, uint16(i+1))
		m := sink.next(t)
		for string(m.Payload) != "{}" {
			whole = true
			m.settle(stored)
			m = sink.next(t)
		}
		m.settle(stored)
		local.expectAck(0x40, uint16(i+1))
	}
	if !whole { // the last byte completed it only now
		sink.next(t).settle(stored)
	}
	c.expectAck(1)
}
