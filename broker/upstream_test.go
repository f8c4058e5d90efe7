package broker

import (
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"corescope-hub/ingest"
)

func bridged(addr string) func(*Options) {
	return func(o *Options) { o.Upstreams = []Upstream{upstreamAt("mqtt://" + addr)} }
}

// until waits for a condition that another program brings about.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	end := timeout()
	for !ok() {
		select {
		case <-end:
			t.Fatalf("waited in vain: %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestBridgeBringsMessagesOfAnUpstream(t *testing.T) {
	t.Parallel()
	addr := mosquitto(t)
	c := connect(t, addr, connectOptions{id: "observer"})
	c.send(c.publishPacket(statusTopic, "old news", 1, 1, true))
	c.expectAck(0x40, 1)

	sink := newHeldSink()
	b := start(t, sink, bridged(addr))
	m := sink.next(t)
	if !m.Replayed || string(m.Payload) != "old news" || m.Source != "up" || m.Region != "ZRH" {
		t.Errorf("sink got %+v", m.Message)
	}
	m.settle(stored)
	c.publish(topic, "{}", 1, 2)
	c.expectAck(0x40, 2)
	m = sink.next(t)
	if m.Replayed || m.Topic != topic {
		t.Errorf("sink got %+v", m.Message)
	}
	m.settle(stored)
	up := b.Stats().Upstreams[0]
	if !up.Connected || up.Messages != 2 || up.LastMessage.IsZero() {
		t.Errorf("upstream stats: %+v", up)
	}
}

func TestFirstLevelOfAnUpstreamsTopicsMayBeAnyWord(t *testing.T) {
	t.Parallel()
	addr := mosquitto(t)
	sink := newHeldSink()
	b := start(t, sink, bridged(addr), func(o *Options) {
		o.Upstreams[0].Topics = []string{"mesh-ch/+/+/packets", "alone", "meshcore/#", "home/#"}
	})
	untilUp(t, b, 1)
	c := connect(t, addr, connectOptions{id: "observer"})
	for id, tc := range []struct{ sent, want string }{
		{"mesh-ch/ZRH/OBS/packets", "meshcore/ZRH/OBS/packets"},
		{"alone", "alone"},
		{topic, topic},
		{"home/attic/" + topic, topic},
		{"meshcore/ZRH/meshcore/packets", "meshcore/ZRH/meshcore/packets"},
	} {
		c.publish(tc.sent, "{}", 1, uint16(id+1))
		c.expectAck(0x40, uint16(id+1))
		m := sink.next(t)
		if m.Topic != tc.want {
			t.Errorf("%s is read as %s, want %s", tc.sent, m.Topic, tc.want)
		}
		m.settle(stored)
	}
}

func TestBridgedMessageThatCouldNotBeKeptComesAgain(t *testing.T) {
	t.Parallel()
	addr := mosquitto(t)
	sink := newHeldSink()
	b := start(t, sink, bridged(addr))
	until(t, "bridge up", func() bool { return b.Stats().Upstreams[0].Connected })
	c := connect(t, addr, connectOptions{id: "observer"})
	c.publish(topic, "{}", 1, 1)
	c.expectAck(0x40, 1)
	sink.next(t).settle(notSafe)
	sink.next(t).settle(stored) // over a new connection
	until(t, "second connection", func() bool { return b.Stats().Upstreams[0].Connects == 2 })
}

func TestMessagesSentWhileTheHubIsDownArriveLater(t *testing.T) {
	t.Parallel()
	addr := mosquitto(t)
	b := start(t, verdictSink(storeAll), bridged(addr))
	until(t, "bridge up", func() bool { return b.Stats().Upstreams[0].Connected })
	b.stop()
	c := connect(t, addr, connectOptions{id: "observer"})
	c.publish(topic, "while it was down", 1, 1)
	c.expectAck(0x40, 1)
	sink := newHeldSink()
	start(t, sink, bridged(addr))
	m := sink.next(t)
	m.settle(stored)
	if string(m.Payload) != "while it was down" {
		t.Errorf("sink got %s", m.Payload)
	}
}

func TestDeadUpstreamDoesNotDelayTheHub(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0") // accepts and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	b := start(t, verdictSink(func(ingest.Message) ingest.Verdict { return stored }), bridged(ln.Addr().String()))
	c := connect(t, b.addr, connectOptions{id: "a"})
	c.publish(topic, "{}", 1, 1)
	c.expectAck(0x40, 1)
	if b.Stats().Upstreams[0].Connected {
		t.Error("the upstream counts as connected")
	}
}

func TestUpstreamAddressIsChecked(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "mqtt://", "http://example.org", "localhost:1883", "mqtt://a b"} {
		o := DefaultOptions()
		o.Upstreams = []Upstream{upstreamAt(address)}
		if _, err := New(verdictSink(storeAll), o); err == nil {
			t.Errorf("%q is taken for a broker address", address)
		}
	}
}

func TestReasonOfABridgeThatStaysDownIsToldOnceAnHour(t *testing.T) {
	t.Parallel()
	var n news
	at := time.Unix(1_800_000_000, 0)
	for _, step := range []struct {
		after  time.Duration
		reason string
		told   bool
	}{
		{0, "refused", true},
		{time.Minute, "refused", false},
		{time.Minute, "no route", true},
		{59 * time.Minute, "no route", false},
		{time.Minute, "no route", true},
		{time.Minute, "refused", true},
	} {
		at = at.Add(step.after)
		if got := n.is(step.reason, at); got != step.told {
			t.Errorf("%s: told %v, want %v", step.reason, got, step.told)
		}
	}
}

func upstreamAt(address string) Upstream {
	u := DefaultUpstream()
	u.Name, u.URL, u.Region = "up", address, "ZRH"
	return u
}

// The text of such an error names a port of ours that is another at each attempt.
func TestBridgeCutOffBeforeTheAnswerIsToldOfOnce(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"mqtt://", "mqtts://"} {
		up, log := newFakeUpstream(t), newLogBuffer()
		u := upstreamAt(scheme + up.addr)
		start(t, newHeldSink(), swift, func(o *Options) {
			o.Upstreams, o.Log = []Upstream{u}, slog.New(slog.NewTextHandler(log, nil))
		})
		for range 4 {
			c := up.accept()
			if _, err := c.r.Peek(1); err != nil {
				t.Fatal(err)
			}
			c.Conn.(*net.TCPConn).SetLinger(0) // a reset
			c.Close()
		}
		if n := strings.Count(log.String(), "bridge down"); n != 1 || !strings.Contains(log.String(), "check the scheme and the port") {
			t.Errorf("%s told %d times:\n%s", scheme, n, log)
		}
	}
}
