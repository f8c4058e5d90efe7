package broker

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// The library panics on a filter without its options.
func TestPacketThatTheLibraryPanicsOnEndsItsSession(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	b := start(t, verdictSink(storeAll), func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&logged, nil)) })
	sub := connect(t, b.addr, connectOptions{id: "sub"})
	sub.subscribe("meshcore/#", 0)
	const times = 20
	for range times {
		c := connect(t, b.addr, connectOptions{id: "a", version: 5, willTopic: statusTopic, will: "offline"})
		c.subscribe("meshcore/#", 1)
		c.send(packet(0x82, []byte{0, 2, 0}, str("meshcore/#")))
		c.expectClosed()
		if _, got, _ := sub.expectPublish(); got != "offline" {
			t.Fatalf("subscriber got %q", got)
		}
	}
	sub.ping()
	for deadline := time.After(patience); b.server.Clients.Len() > 1; {
		select {
		case <-deadline:
			t.Fatalf("%d sessions are left", b.server.Clients.Len())
		case <-time.After(time.Millisecond):
		}
	}
	if n := len(b.server.Topics.Subscribers(topic).Subscriptions); n != 1 {
		t.Errorf("%d subscribers are left, want 1", n)
	}
	b.stop()
	if n := strings.Count(logged.String(), "broker panic"); b.Stats().Panics != times || n < 1 || n > times/2 {
		t.Errorf("%d panics, %d of them logged", b.Stats().Panics, n)
	}
}
