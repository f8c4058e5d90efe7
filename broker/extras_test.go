package broker

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"
)

func TestRetainedMessageIsRewrittenOnceForLimitedViewers(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	retain := func(topic, payload string) {
		b.retain(outgoing{topic: topic, payload: []byte(payload), retain: true}, "")
	}
	get := func(topic string) *packets.Packet {
		pk, there := b.server.Topics.Retained.Get(topic)
		if !there {
			t.Fatal("nothing is retained")
		}
		return b.shelf.limited(&pk)
	}
	retain(statusTopic, `{"status":"online","model":"V3"}`)
	first := get(statusTopic)
	if string(first.Payload) != `{"status":"online"}` || get(statusTopic) != first {
		t.Errorf("got %s, and another the second time: %v", first.Payload, get(statusTopic) != first)
	}
	retain(statusTopic, `{"status":"offline","model":"V3"}`)
	if got := get(statusTopic); string(got.Payload) != `{"status":"offline"}` {
		t.Errorf("after a change: %s", got.Payload)
	}
	const odd = "meshcore/ZRH/AA/debug"
	retain(odd, "SNR=1")
	if get(odd) != nil || len(b.shelf.extras.made) != 2 {
		t.Errorf("%d are remembered, want 2: one of them is shown to nobody", len(b.shelf.extras.made))
	}
	retain(odd, "")
	retain(statusTopic, "")
	if x := b.shelf.extras; len(x.made) != 0 || x.bytes != 0 {
		t.Errorf("%d are left, %d bytes", len(x.made), x.bytes)
	}
}

func TestRewrittenRetainedMessagesAreBounded(t *testing.T) {
	t.Parallel()
	var x extras
	one := extra{packet: &packets.Packet{Payload: []byte(strings.Repeat("x", 4000))}}
	for i := range 2 * maxExtras / one.cost() {
		x.keep(fmt.Sprint(i), one)
		x.keep(fmt.Sprint(i), one)
	}
	if want := maxExtras / one.cost(); len(x.made) != want || x.bytes != want*one.cost() {
		t.Errorf("%d are kept, %d bytes; want %d", len(x.made), x.bytes, want)
	}
}
