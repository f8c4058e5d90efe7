package broker

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestRefusedLoginSaysWhatToDo(t *testing.T) {
	t.Parallel()
	r := newRoster(false, Limits{})
	now := time.Unix(1795551246, 0)
	for _, tc := range []struct {
		why          error
		text, remedy string
	}{
		{fmt.Errorf("%w: it says 2024-05-15 20:00:00", ErrTokenClock), "it says 2024-05-15", "`time 1795551246`"},
		{fmt.Errorf("%w: %q", ErrTokenAudience, "mqtt.example"), `"mqtt.example"`, "set the audience"},
		{fmt.Errorf("%w: 3h0m0s ago by the hub's clock", ErrTokenExpired), "3h0m0s ago", "restart its uploader"},
		{ErrTokenNoExpiry, "never expires", "a day at most"},
		{ErrHubClock, "the hub's own clock", "the hub's own machine"},
		{errWrongPassword, "wrong password", "corescope-hub passwd"},
		{errTooManySessions, "too many sessions", "check its user name and password"}, // nothing more is known
	} {
		r.turnedAway(keyA, "192.0.2.7:4711", tc.why, now)
		o := r.snapshot(now)[0]
		if f := o.Refusals[0]; len(o.Refusals) != 1 || !strings.Contains(f.Text, tc.text) || !strings.Contains(f.Remedy, tc.remedy) {
			t.Errorf("%v: %+v", tc.why, o.Refusals)
		}
		if o.Address != "192.0.2.7:4711" {
			t.Errorf("%v: from %q", tc.why, o.Address)
		}
	}
}

func TestTwoConnectionsOfOneObserverAreNoticed(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	publish := func(client string, keys ...string) {
		c := connect(t, b.addr, connectOptions{id: client})
		for i, key := range keys {
			c.publish(packetsOf(key), client, 1, uint16(i+1))
			c.expectAck(0x40, uint16(i+1))
		}
	}
	publish("uploader", keyA)
	publish("other broker", keyA, keyB)
	if o := b.observer(t, keyA, func(o Observer) bool { return o.Connections == 2 }); !o.Doubled.IsZero() {
		t.Errorf("a connection that speaks for many is a second one: %+v", o)
	}
	publish("older uploader", keyA)
	if o := b.observer(t, keyA, func(o Observer) bool { return o.Connections == 3 }); !o.Doubled.After(o.Since) {
		t.Errorf("two connections are one: %+v", o)
	}
}
