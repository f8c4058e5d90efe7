package broker

import (
	"bufio"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// asksSoon starts a broker with a bridge that asks after a second of silence.
func asksSoon(t *testing.T, sink Sink, addr string, log io.Writer, change ...func(*Options)) running {
	t.Helper()
	u := upstreamAt("mqtt://" + addr)
	u.Silence = time.Second
	return start(t, sink, append([]func(*Options){swift, func(o *Options) {
		o.Upstreams = []Upstream{u}
		o.Log = slog.New(slog.NewTextHandler(log, nil))
	}}, change...)...)
}

// stuck lets control packets of the first connection through, but no more
// PUBLISHes once it is closed: the session is dead, and answers every ping.
func stuck(closed *atomic.Bool) func(int, io.Reader, io.Writer) error {
	return func(n int, from io.Reader, to io.Writer) error {
		r := &upstreamConn{r: bufio.NewReader(from)}
		for {
			kind, body, err := r.next()
			if err != nil {
				return err
			}
			if n == 0 && kind&0xF0 == 0x30 && closed.Load() {
				continue
			}
			if _, err := to.Write(packet(kind, body)); err != nil {
				return err
			}
		}
	}
}

// readOnlyMosquitto lets clients publish and read what belongs to the mesh, and
// nothing else.
func readOnlyMosquitto(t *testing.T) *mosquittoBroker {
	t.Helper()
	acl := filepath.Join(t.TempDir(), "acl")
	if err := os.WriteFile(acl, []byte("topic readwrite meshcore/#\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return newMosquitto(t, "allow_anonymous true", "acl_file "+acl)
}

func TestQuietMeshIsNotPunished(t *testing.T) {
	t.Parallel()
	for name, addr := range map[string]func(*testing.T) string{
		"a message may go round":     mosquitto,
		"through a mochi broker":     func(t *testing.T) string { return start(t, verdictSink(storeAll)).addr },
		"a message may not go round": func(t *testing.T) string { return readOnlyMosquitto(t).addr },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := addr(t)
			log, sink := newLogBuffer(), newHeldSink()
			b := asksSoon(t, sink, addr, log, func(o *Options) { o.pace.window = 2 * time.Second })
			until(t, "bridge quiet", func() bool { return upstreamOf(b).State == UpstreamQuiet })
			c := connect(t, addr, connectOptions{id: "observer"})
			c.publish(topic, "{}", 1, 1)
			c.expectAck(0x40, 1)
			m := sink.next(t)
			if m.Topic != topic {
				t.Errorf("the sink got the hub's own message: %+v", m.Message)
			}
			m.settle(stored)
			until(t, "bridge up again", func() bool { return upstreamOf(b).State == UpstreamUp })
			if s := upstreamOf(b); s.Connects != 1 || s.Dead != 0 || s.Probes == 0 {
				t.Errorf("stats %+v", s)
			}
			for _, said := range []string{"bridge quiet: nothing comes", "bridge brings messages again"} {
				if n := strings.Count(log.String(), said); n != 1 {
					t.Errorf("%q is in the log %d times:\n%s", said, n, log)
				}
			}
		})
	}
}

func TestConnectionThatAnswersPingsAndBringsNothingIsFoundOut(t *testing.T) {
	t.Parallel()
	for name, upstream := range map[string]func(*testing.T) string{
		"a message may go round":     mosquitto,
		"a message may not go round": func(t *testing.T) string { return readOnlyMosquitto(t).addr },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := upstream(t)
			proxy := newFaultProxy(t, addr)
			var closed atomic.Bool
			proxy.pass = stuck(&closed)
			proxy.start()
			log, sink := newLogBuffer(), newHeldSink()
			b := asksSoon(t, sink, proxy.addr, log, func(o *Options) { o.pace.echoWait = 2 * time.Second })
			untilUp(t, b, 1)
			closed.Store(true)
			c := connect(t, addr, connectOptions{id: "observer"})
			done := make(chan struct{})
			go func() { // the mesh is not quiet
				defer close(done)
				for id := uint16(1); !strings.Contains(upstreamOf(b).LastError, errDead.Error()); id++ {
					if _, err := c.conn.Write(c.publishPacket(topic, "{}", 1, id, false)); err != nil {
						return
					}
					if _, _, err := c.next(patience); err != nil {
						return
					}
				}
			}()
			m := sink.next(t) // over the next connection, and what was kept back at that
			m.settle(stored)
			<-done
			untilUp(t, b, 2)
			s := upstreamOf(b)
			if s.Dead != 1 || s.Connects != 2 || !strings.Contains(s.LastError, "nothing came for") {
				t.Errorf("stats %+v", s)
			}
			if n := strings.Count(log.String(), "bridge down"); n != 1 {
				t.Errorf("told %d times:\n%s", n, log)
			}
		})
	}
}

// Some brokers end the connection of a client that publishes where it may not.
func TestBridgeKeepsItsConnectionWhereAskingEndsTheSecondOne(t *testing.T) {
	t.Parallel()
	f := newFakeUpstream(t)
	b := asksSoon(t, verdictSink(storeAll), f.addr, io.Discard, func(o *Options) { o.pace.window = 200 * time.Millisecond })
	first := f.login()
	second := f.login()
	second.grant() // of its own topic
	second.expect(0x30)
	second.Close()
	third := f.login() // does not try again
	third.expect(0xE0)
	until(t, "bridge quiet", func() bool { return upstreamOf(b).State == UpstreamQuiet })
	first.send(publication(topic, []byte("{}"), 1, 1))
	first.expectAck(1)
}

// Where nobody may come twice, and no message goes round, there is nothing left
// but a new connection, from time to time.
func TestUpstreamThatCannotBeAskedIsConnectedToAnewInTheEnd(t *testing.T) {
	t.Parallel()
	f := newFakeUpstream(t)
	b := asksSoon(t, verdictSink(storeAll), f.addr, io.Discard)
	f.login()
	for range maxStrikes + 1 {
		second := f.accept()
		second.expect(0x10)
		second.send([]byte{0x20, 2, 0, 5})
		second.Close()
	}
	f.login()
	until(t, "the second connection", func() bool { return upstreamOf(b).Connects == 2 })
	if s := upstreamOf(b); !strings.Contains(s.LastError, "there is no way to ask the upstream") {
		t.Errorf("cause %q", s.LastError)
	}
}

func TestWhereTheSecondConnectionEndsTheFirstNoSecondIsMadeAgain(t *testing.T) {
	t.Parallel()
	f := newFakeUpstream(t)
	b := asksSoon(t, verdictSink(storeAll), f.addr, io.Discard)
	first := f.login()
	second := f.login()
	first.Close()
	second.expectEnd()
	first = f.login()
	first.grant() // of the topic of its own
	body := first.expect(0x30)
	first.send(packet(0x30, body)) // round
	until(t, "bridge quiet", func() bool { return upstreamOf(b).State == UpstreamQuiet })
}

func TestSilenceThatIsLongEnoughToAsk(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_800_000_000, 0)
	const least = 2 * time.Minute
	due := func(s *silence) time.Duration { return s.due().Sub(s.last) }
	busy := newSilence(least)
	busy.begin(at)
	if got := due(busy); got != least {
		t.Errorf("without a history: %s", got)
	}
	for range 500 {
		at = at.Add(2 * time.Second)
		busy.heard(at)
	}
	if got := due(busy); got != least {
		t.Errorf("a message every two seconds: %s", got)
	}
	calm := newSilence(least)
	calm.begin(at)
	for i := range 100 { // one packet, heard by four, every minute or two
		at = at.Add(time.Duration(60+i%60) * time.Second)
		for range 4 {
			calm.heard(at)
		}
	}
	if got := due(calm); got < 5*time.Minute || got > 6*time.Minute {
		t.Errorf("a packet every minute or two: %s", got)
	}
	rare := newSilence(least)
	rare.begin(at)
	for range 3 {
		at = at.Add(5 * time.Hour)
		rare.heard(at)
	}
	if got := due(rare); got != mostSilence {
		t.Errorf("a message every five hours: %s", got)
	}
	for _, want := range []time.Duration{4 * time.Minute, 8 * time.Minute} { // of silence, each time it was asked and lives
		busy.alive(busy.due())
		if got := due(busy); got != want {
			t.Errorf("asked again after %s, want %s", got, want)
		}
	}
	busy.begin(busy.last.Add(3 * time.Hour)) // a new connection: the old one was dead, not silent
	if got := due(busy); got != least {
		t.Errorf("after a dead connection: %s", got)
	}
}

func TestLoginIsRenewedBeforeItExpires(t *testing.T) {
	t.Parallel()
	for life, want := range map[time.Duration]time.Duration{
		time.Hour: 55 * time.Minute, 24 * time.Hour: 24*time.Hour - 5*time.Minute, 10 * time.Minute: 9 * time.Minute, -time.Second: time.Second,
	} {
		if got := renewAfter(life); got != want {
			t.Errorf("%s: after %s, want %s", life, got, want)
		}
	}
}
