package broker

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"corescope-hub/ingest"
)

func packetsOf(key string) string { return "meshcore/ZRH/" + key + "/packets" }

// enrolled starts a broker with an observers file.
func enrolled(t *testing.T, sink Sink, knownOnly bool, change ...func(*Options)) (running, Roll) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "observers")
	b := start(t, sink, append(change, func(o *Options) { o.Observers.KnownOnly, o.Observers.File = knownOnly, path })...)
	return b, NewRoll(path)
}

// observer waits until what is known of an observer is as wanted.
func (b running) observer(t *testing.T, key string, as func(Observer) bool) Observer {
	t.Helper()
	for late := timeout(); ; {
		all := b.Observers()
		i := slices.IndexFunc(all, func(o Observer) bool { return o.Key == key })
		if i >= 0 && as(all[i]) {
			return all[i]
		}
		select {
		case <-late:
			t.Fatalf("observer %.8s: not as wanted: %+v", key, all)
		case <-time.After(time.Millisecond):
		}
	}
}

func decide(t *testing.T, roll Roll, key string, change func(*Ruling)) {
	t.Helper()
	if err := roll.Change(key, change); err != nil {
		t.Fatal(err)
	}
}

func TestUnknownObserverIsRefusedSoftlyAndRememberedUntilItIsAllowed(t *testing.T) {
	t.Parallel()
	sink := newHeldSink()
	b, roll := enrolled(t, sink, true)
	viewer := connect(t, b.addr, connectOptions{id: "viewer"})
	viewer.subscribe("#", 0)
	c := connect(t, b.addr, connectOptions{id: "a"})
	for id, topic := range []string{packetsOf(keyA), "meshcore/client/" + keyA + "/packets", "meshcore/packets"} {
		c.publish(topic, `{"origin_id":"`+keyA+`"}`, 1, uint16(id+1))
		c.expectAck(0x40, uint16(id+1))
	}
	if len(sink.messages) != 0 {
		t.Fatal("a message of an unknown observer reached the sink")
	}
	o := b.observer(t, keyA, func(Observer) bool { return true })
	if o.Messages != 3 || o.Address != c.conn.LocalAddr().String() || len(o.Refusals) != 1 || o.Refusals[0].Reason != ReasonUnknown ||
		o.Refusals[0].Count != 3 || o.Refusals[0].Remedy != "let it in: corescope-hub observers allow "+keyA || o.Connections != 1 {
		t.Errorf("got %+v", o)
	}

	decide(t, roll, keyA, func(r *Ruling) { r.Decision = Allow })
	b.observer(t, keyA, func(o Observer) bool { return o.Decision == Allow })
	c.publish(packetsOf(keyA), "{}", 1, 4)
	sink.next(t).settle(ingest.Verdict{Outcome: ingest.Stored, Origin: "Hill"})
	c.expectAck(0x40, 4)
	if topic, _, _ := viewer.expectPublish(); topic != packetsOf(keyA) {
		t.Errorf("the viewer got %s", topic)
	}
	if o := b.observer(t, keyA, func(Observer) bool { return true }); o.Name != "Hill" {
		t.Errorf("got %+v", o)
	}
}

func TestDeniedObserverIsRefusedWhereAllAreTaken(t *testing.T) {
	t.Parallel()
	b, roll := enrolled(t, verdictSink(storeAll), false)
	decide(t, roll, keyA, func(r *Ruling) { r.Decision = Deny })
	c := connect(t, b.addr, connectOptions{id: "a"})
	c.publish(packetsOf(keyA), "{}", 1, 1)
	c.expectAck(0x40, 1)
	b.observer(t, keyA, func(o Observer) bool {
		c.publish(packetsOf(keyA), "{}", 1, 1)
		c.expectAck(0x40, 1)
		return len(o.Refusals) == 1 && o.Refusals[0].Reason == ReasonDenied
	})
	if b.Stats().RefusedMessages[ReasonDenied] == 0 {
		t.Error("not counted")
	}
}

func TestMutedObserverIsHeardAgainWhenTheMuteIsOver(t *testing.T) {
	t.Parallel()
	r := newRoster(false, DefaultLimits())
	now := time.Now()
	r.rule(map[string]Ruling{keyA: {Key: keyA, Muted: true, Until: now.Add(time.Hour)}})
	judge := func(at time.Time) Reason {
		reason, _ := r.judge(arrival{Speaker: ingest.Speaker{ID: keyA}, conn: &conn{}, at: at})
		return reason
	}
	if got := judge(now); got != ReasonMuted {
		t.Errorf("muted: got %q", got)
	}
	if got := judge(now.Add(time.Hour)); got != "" {
		t.Errorf("afterwards: got %q", got)
	}
}

func TestBridgesHaveFiltersOfTheirOwnUnlessAnObserverIsDenied(t *testing.T) {
	t.Parallel()
	r := newRoster(true, DefaultLimits())
	bridged := arrival{Speaker: ingest.Speaker{ID: keyA}, bridge: "elsewhere", at: time.Now()}
	if got, _ := r.judge(bridged); got != "" {
		t.Errorf("unknown: got %q", got)
	}
	r.rule(map[string]Ruling{keyA: {Key: keyA, Decision: Deny}})
	if got, _ := r.judge(bridged); got != ReasonDenied {
		t.Errorf("denied: got %q", got)
	}
}

func TestBrokenObserversFileChangesNothing(t *testing.T) {
	t.Parallel()
	b, roll := enrolled(t, verdictSink(storeAll), true)
	decide(t, roll, keyA, func(r *Ruling) { r.Decision = Allow })
	c := connect(t, b.addr, connectOptions{id: "a"})
	c.publish(packetsOf(keyA), "{}", 1, 1)
	c.expectAck(0x40, 1)
	b.observer(t, keyA, func(o Observer) bool { return o.Decision == Allow })
	if err := os.WriteFile(roll.path, []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		b.reread()
	}
	b.observer(t, keyA, func(o Observer) bool { return o.Decision == Allow })
}

func TestSeenObserversAreRememberedOverARestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "observers")
	file := func(o *Options) { o.Observers.KnownOnly, o.Observers.File = true, path }
	b := start(t, verdictSink(storeAll), file)
	c := connect(t, b.addr, connectOptions{id: "a"})
	c.publish(packetsOf(keyA), "{}", 1, 1)
	c.expectAck(0x40, 1)
	b.stop()
	seen, err := ReadSeen(SeenFile(path))
	if err != nil || len(seen) != 1 || seen[0].Key != keyA || seen[0].Messages != 1 || seen[0].Refused != ReasonUnknown || seen[0].First.IsZero() {
		t.Errorf("seen: %+v, %v", seen, err)
	}
	o := start(t, verdictSink(storeAll), file).observer(t, keyA, func(Observer) bool { return true })
	if o.Messages != 1 || o.Connections != 0 || !o.LastMessage.Equal(seen[0].Last) {
		t.Errorf("after the restart: %+v", o)
	}
}

func TestSeenObserversAreWrittenSeldom(t *testing.T) {
	t.Parallel()
	k := &seenKeeper{}
	now := time.Now()
	writes := 0
	for range 24 * 60 * 12 { // a day in steps of 5 s, with new observers all the time
		if now = now.Add(5 * time.Second); k.due(true, now) {
			k.written = now
			writes++
		}
	}
	if writes < 24 || writes > 40 {
		t.Errorf("%d writes in a day of made-up observers", writes)
	}
	k.written = now
	if k.due(false, now.Add(59*time.Minute)) {
		t.Error("written within the hour without news")
	}
}

func TestRosterIsBounded(t *testing.T) {
	t.Parallel()
	r := newRoster(true, DefaultLimits())
	now := time.Now()
	r.rule(map[string]Ruling{keyA: {Key: keyA, Decision: Allow}})
	r.judge(arrival{Speaker: ingest.Speaker{ID: keyA}, conn: &conn{}, at: now})
	r.settled(&conn{}, keyA, stored, now)
	flooder := &conn{}
	for i := range 3 * maxObservers {
		r.judge(arrival{Speaker: ingest.Speaker{ID: fmt.Sprint(i)}, conn: flooder, at: now.Add(time.Duration(i))})
	}
	if n := r.size(); n > maxObservers {
		t.Errorf("%d observers are remembered", n)
	}
	if len(flooder.stations) > maxStations {
		t.Errorf("one connection speaks for %d", len(flooder.stations))
	}
	if r.byKey[keyA] == nil {
		t.Error("made-up observers made it forget a real one")
	}
}

func TestEveryReasonHasARemedy(t *testing.T) {
	t.Parallel()
	all := Reasons()
	for _, r := range ingest.Reasons() {
		all = append(all, Reason(r))
	}
	for _, r := range all {
		if w := explain(r); w.text == "" || w.remedy == "" {
			t.Errorf("%s has no words", r)
		}
	}
}
