package broker

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"corescope-hub/ingest"
)

// statusOf is the topic of the status of keyA.
var statusOf = "meshcore/ZRH/" + keyA + "/status"

const online = `{"status":"online","origin":"Hill","stats":{"battery_mv":3997}}`

// retained waits until a topic's retained message is want.
func (b running) retained(t *testing.T, topic, want string) {
	t.Helper()
	for late := timeout(); ; {
		pk, _ := b.server.Topics.Retained.Get(topic)
		if string(pk.Payload) == want {
			return
		}
		select {
		case <-late:
			t.Fatalf("%s is %q, want %q", topic, pk.Payload, want)
		case <-time.After(time.Millisecond):
		}
	}
}

// sayOnline publishes the retained status of keyA.
func (c *rawClient) sayOnline() {
	c.t.Helper()
	c.send(c.publishPacket(statusOf, online, 1, 9, true))
	c.expectAck(0x40, 9)
}

const offline = `{"status":"offline","origin":"Hill"}`

func TestRetainedStatusIsCorrectedWhenTheConnectionEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*rawClient){
		"a goodbye that is not retained, as meshcoretomqtt's": func(c *rawClient) {
			c.publish(statusOf, `{"status":"offline"}`, 0, 0)
			c.send([]byte{0xE0, 0})
		},
		"dead, without a will": func(c *rawClient) { c.conn.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t, verdictSink(storeAll))
			c := connect(t, b.addr, connectOptions{id: "a"})
			c.sayOnline()
			sub := connect(t, b.addr, connectOptions{id: "sub"})
			sub.subscribe("meshcore/#", 0)
			sub.expectPublish()
			end(c)
			b.retained(t, statusOf, offline)
			for {
				if _, got, _ := sub.expectPublish(); got == offline {
					break
				}
			}
		})
	}
}

func TestRetainedStatusStaysWhileAnotherConnectionSpeaksForTheObserver(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	first := connect(t, b.addr, connectOptions{id: "first"})
	first.sayOnline()
	second := connect(t, b.addr, connectOptions{id: "second"})
	second.publish(packetsOf(keyA), "{}", 1, 1)
	second.expectAck(0x40, 1)
	var gone chan struct{}
	for _, c := range b.openConns() {
		if c.clientID() == "first" {
			gone = c.gone
		}
	}
	first.conn.Close()
	<-gone
	b.retained(t, statusOf, online)
	second.sayOnline()
	second.conn.Close()
	b.retained(t, statusOf, offline)
}

func TestObserverThatIsHeardAgainIsOnline(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	c := connect(t, b.addr, connectOptions{id: "a"})
	c.sayOnline()
	c.conn.Close()
	b.retained(t, statusOf, offline)
	c = connect(t, b.addr, connectOptions{id: "b"})
	c.ping()
	b.retained(t, statusOf, offline) // it may be anybody
	c.publish(packetsOf(keyA), "{}", 1, 1)
	c.expectAck(0x40, 1)
	b.retained(t, statusOf, strings.Replace(offline, "offline", "online", 1))
	c.conn.Close()
	b.retained(t, statusOf, offline)
}

func TestStatusesOfAnEarlierHubAreThereUntilTheObserversSpeak(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) {
		o.MaxRetained = 1
		o.Statuses = []RetainedStatus{
			{Key: keyA, Topic: statusOf, Payload: []byte(offline)},
			{Key: keyB, Topic: "meshcore/ZRH/" + keyB + "/status", Payload: []byte(offline)},
		}
	})
	sub := connect(t, b.addr, connectOptions{id: "sub"})
	sub.subscribe("meshcore/#", 0)
	if topic, got, retained := sub.expectPublish(); topic != statusOf || got != offline || !retained {
		t.Errorf("got %s %s, retained %v", topic, got, retained)
	}
	sub.ping() // nothing more: there is room for one
	connect(t, b.addr, connectOptions{id: "a"}).publish(packetsOf(keyA), "{}", 0, 0)
	b.retained(t, statusOf, strings.Replace(offline, "offline", "online", 1))
}

func TestOwnStopLeavesStatusesAlone(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	c := connect(t, b.addr, connectOptions{id: "a", willTopic: statusOf, will: offline, retain: true})
	c.sayOnline()
	b.stop()
	b.retained(t, statusOf, online)
}

// A device whose address changes comes with a second session, and the first one
// ends much later.
func TestWillOfAnOlderSessionIsNotPublishedWhileAnotherSpeaks(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	old := connect(t, b.addr, connectOptions{id: "a", willTopic: statusOf, will: offline, retain: true})
	old.sayOnline()
	now := connect(t, b.addr, connectOptions{id: "b"})
	now.sayOnline()
	old.conn.Close()
	for late := timeout(); len(b.Sessions()) > 1; {
		select {
		case <-late:
			t.Fatal("the old session does not end")
		case <-time.After(time.Millisecond):
		}
	}
	b.retained(t, statusOf, online)
}

// connectWithDelay logs in with a session that outlives its connection, and a
// last will that is delayed.
func connectWithDelay(t *testing.T, addr string, seconds uint32) *rawClient {
	t.Helper()
	c := dialRaw(t, addr)
	c.version = 5
	expiry := append([]byte{5, 0x11}, binary.BigEndian.AppendUint32(nil, 3600)...)
	delay := append([]byte{5, 0x18}, binary.BigEndian.AppendUint32(nil, seconds)...)
	c.send(packet(0x10, str("MQTT"), []byte{5, 4, 0, 60}, expiry, str("a"), delay, str(statusOf), str(offline)))
	if h, body := c.read(); h != 0x20 || body[1] != 0 {
		t.Fatalf("CONNACK % x", body)
	}
	return c
}

func TestDelayedWillWaits(t *testing.T) {
	t.Parallel()
	var wills atomic.Int32
	b := start(t, verdictSink(func(m ingest.Message) ingest.Verdict {
		if m.Will {
			wills.Add(1)
		}
		return stored
	}))
	waiting := func() int {
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.delayed)
	}
	leave := func(c *rawClient) {
		gone := b.openConns()[0].gone
		c.conn.Close()
		<-gone
	}
	leave(connectWithDelay(t, b.addr, 3600))
	if waiting() != 1 || wills.Load() != 0 {
		t.Errorf("%d wills wait, %d were sent", waiting(), wills.Load())
	}
	c := connectWithDelay(t, b.addr, 1)
	if waiting() != 0 {
		t.Error("the will of a client that is back still waits")
	}
	sub := connect(t, b.addr, connectOptions{id: "sub"})
	sub.subscribe("meshcore/#", 0)
	c.conn.Close()
	if _, got, _ := sub.expectPublish(); got != offline || wills.Load() != 1 {
		t.Errorf("got %s; %d wills", got, wills.Load())
	}
	b.stop()
	if waiting() != 0 {
		t.Error("a will waits after the end")
	}
}

func TestWillThatMayNotBePublishedIsRefusedAtConnect(t *testing.T) {
	t.Parallel()
	d := newDevice('a')
	claims := d.claims()
	claims.IssuedAt, claims.Expires = time.Now().Unix(), time.Now().Add(time.Hour).Unix()
	user, password, _ := MintToken(claims, d.sign)
	b := start(t, verdictSink(storeAll), func(o *Options) { o.Auth.Tokens.Audiences = []string{"*"} })
	for i, will := range []struct{ topic, payload string }{
		{"meshcore/ZRH/" + keyB + "/status", offline},
		{"meshcore/ZRH/" + d.key + "/serial/commands", offline},
		{"meshcore/ZRH/" + d.key + "/status", strings.Repeat("x", 5000)},
		{"$SYS/broker/version", offline},
	} {
		c := connect(t, b.addr, connectOptions{id: "a", user: user, password: password, willTopic: will.topic, will: will.payload})
		c.ping()
		if n := b.Stats().RefusedMessages[ReasonWill]; n != int64(i+1) {
			t.Errorf("will for %s: %d refused, want %d", will.topic, n, i+1)
		}
	}
	o := b.observer(t, d.key, func(o Observer) bool { return len(o.Refusals) > 0 })
	if o.Refusals[0].Reason != ReasonWill || o.Refusals[0].Count != 4 {
		t.Errorf("got %+v", o.Refusals)
	}
}

func TestRefusedLoginIsShownAtItsObserver(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) {
		o.Auth.Anonymous, o.Auth.Tokens.Audiences = AnonymousNone, []string{"*"}
	})
	c := dialRaw(t, b.addr)
	c.send(connectOptions{id: "a", version: 4, user: tokenUser + keyA, password: "x.y.z"}.packet())
	c.read()
	o := b.observer(t, keyA, func(o Observer) bool { return len(o.Refusals) > 0 })
	if f := o.Refusals[0]; f.Reason != ReasonLogin || !strings.Contains(f.Text, ErrTokenForm.Error()) || f.Remedy == "" {
		t.Errorf("got %+v", f)
	}
}

func TestTakeoversWithoutEndAreASign(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	for i := range 3 * takeoversInRow {
		c := connect(t, b.addr, connectOptions{id: "a"})
		c.publish(packetsOf(keyA), fmt.Sprint(i), 1, 1)
		c.expectAck(0x40, 1)
	}
	o := b.observer(t, keyA, func(o Observer) bool { return len(o.Signs) > 0 })
	if o.Signs[0].What != SignTakeovers {
		t.Errorf("got %+v", o.Signs)
	}
}
