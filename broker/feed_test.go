package broker

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"corescope-hub/ingest"
)

var day = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// observed plays messages to a roster as one connection would send them.
type observed struct {
	r    *roster
	c    *conn
	now  time.Time
	sent int
}

func observe(l Limits) *observed {
	return &observed{r: newRoster(false, l), c: &conn{caller: caller{origin: netip.MustParsePrefix("192.0.2.7/32")}}, now: day}
}

// send sends one message after a pause.
func (o *observed) send(pause time.Duration, key, region, payload string) (Reason, time.Duration) {
	o.now = o.now.Add(pause)
	o.sent++
	return o.r.judge(o.r.arrival(o.c, "", "meshcore/"+region+"/"+key+"/packets", []byte(payload), o.now))
}

func (o *observed) one(t *testing.T, key string) Observer {
	t.Helper()
	for _, one := range o.r.snapshot(o.now) {
		if one.Key == key {
			return one
		}
	}
	t.Fatalf("%s is not known", key)
	return Observer{}
}

// What the real clients send, by their own code: see the sources in Limits.
func TestNoRealObserverReachesALimit(t *testing.T) {
	t.Parallel()
	status := `{"status":"online",` + strings.Repeat(" ", 700) + `}`
	for name, play := range map[string]func(send func(pause time.Duration, payload string)){
		"a busy day: 2 packets a second, bursts of 10, status every 5 min": func(send func(time.Duration, string)) {
			for second := range 24 * 3600 {
				send(time.Second, fmt.Sprintf(`{"n":%d,%s}`, second, strings.Repeat(" ", 1000)))
				send(0, fmt.Sprintf(`{"m":%d,%s}`, second, strings.Repeat(" ", 1000)))
				for burst := range 10 * oneIf(second%60 == 0) {
					send(0, fmt.Sprint(second, burst))
				}
				if second%300 == 0 {
					send(0, status)
				}
			}
		},
		"a day's packets kept in memory, all at once, and again after a lost connection": func(send func(time.Duration, string)) {
			for again := range 3 {
				send(time.Duration(again)*time.Second, status)
				for n := range 5000 {
					send(0, fmt.Sprint(n))
				}
			}
		},
		"openHop's reconnects every 8 minutes, each with a status, and its retained copy": func(send func(time.Duration, string)) {
			for range 200 {
				send(8*time.Minute, status)
				send(0, status)
				send(time.Second, status)
			}
		},
		"neighbours, 10 KB, with every packet": func(send func(time.Duration, string)) {
			for n := range 3000 {
				send(time.Second, fmt.Sprint(n, strings.Repeat("x", 10_240)))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := observe(DefaultLimits())
			play(func(pause time.Duration, payload string) {
				if reason, wait := o.send(pause, keyA, "ZRH", payload); reason != "" || wait != 0 {
					t.Fatalf("message %d: %q, wait %s", o.sent, reason, wait)
				}
			})
			if one := o.one(t, keyA); len(one.Signs) > 0 || one.Messages != int64(o.sent) {
				t.Errorf("got %+v", one)
			}
		})
	}
}

func TestFloodWaitsAndIsMutedInTheEnd(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	l.MessagesAtOnce = 1000
	o := observe(l)
	began, accepted := o.now, 0
	for o.now.Sub(began) < l.FloodFor {
		reason, wait := o.send(0, keyA, "ZRH", fmt.Sprint(o.sent))
		if reason == "" {
			accepted++
		}
		if wait > patientFor {
			t.Fatalf("it has to wait %s", wait)
		}
		o.now = o.now.Add(wait)
	}
	if most := l.MessagesAtOnce + l.MessagesPerSecond*int(l.FloodFor/time.Second) + 1; accepted < most*9/10 || accepted > most {
		t.Errorf("%d messages in %s, want about %d", accepted, l.FloodFor, most)
	}
	for range 200 {
		_, wait := o.send(0, keyA, "ZRH", fmt.Sprint(o.sent))
		o.now = o.now.Add(wait)
	}
	if reason, _ := o.send(0, keyA, "ZRH", "x"); reason != ReasonMuted {
		t.Errorf("in the end: %q", reason)
	}
	if one := o.one(t, keyA); !one.Muted || one.MutedBy != SignFlood || one.Signs[0].What != SignFlood {
		t.Errorf("got %+v", one)
	}
	if reason, wait := o.send(l.MuteFor+time.Second, keyA, "ZRH", "y"); reason != "" || wait != 0 {
		t.Errorf("after the mute: %q, wait %s", reason, wait)
	}
}

func TestStrangersFloodDoesNotSilenceTheObserverItself(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	l.Regions = 2
	o := observe(l)
	for i := range 5 {
		o.send(0, keyA, fmt.Sprintf("R%d", i), "x")
	}
	if reason, _ := o.send(0, keyA, "ZRH", "y"); reason != ReasonMuted {
		t.Fatalf("the stranger: %q", reason)
	}
	o.c = &conn{caller: o.c.caller, principal: Principal{Key: keyA}}
	if reason, _ := o.send(0, keyA, "ZRH", "z"); reason != "" {
		t.Errorf("the observer, which has proved its key: %q", reason)
	}
	o.c = &conn{caller: caller{origin: netip.MustParsePrefix("192.0.2.8/32")}}
	if reason, _ := o.send(0, keyA, "ZRH", "z"); reason != "" {
		t.Errorf("from elsewhere: %q", reason)
	}
}

func TestMuteByTheHubEndsWhenTheObserverIsAllowed(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	l.Regions = 1
	o := observe(l)
	o.send(0, keyA, "ZRH", "x")
	if reason, _ := o.send(0, keyA, "SEA", "x"); reason != ReasonMuted {
		t.Fatalf("got %q", reason)
	}
	o.r.rule(map[string]Ruling{keyA: {Key: keyA, Decision: Allow}})
	if reason, _ := o.send(0, keyA, "ZRH", "y"); reason != "" {
		t.Errorf("got %q", reason)
	}
}

func TestLoopOfTwoBridgesIsCut(t *testing.T) {
	t.Parallel()
	o := observe(DefaultLimits())
	refused := 0
	for range 3 * DefaultLimits().RepeatsAtOnce {
		switch reason, _ := o.send(time.Millisecond, keyA, "ZRH", "the same"); reason {
		case ReasonDuplicates:
			refused++
		case "":
		default:
			t.Fatalf("refused: %s", reason)
		}
	}
	if refused < DefaultLimits().RepeatsAtOnce {
		t.Errorf("%d repeats refused", refused)
	}
	if reason, _ := o.send(0, keyA, "ZRH", "another"); reason != "" {
		t.Errorf("what is no repeat: %q", reason)
	}
}

func TestClockThatIsSetAgainAndAgainIsASign(t *testing.T) {
	t.Parallel()
	o := observe(DefaultLimits())
	for i := range 2 * jumpsInAnHour {
		o.send(time.Second, keyA, "ZRH", fmt.Sprint(i))
		offset := time.Duration(i%2) * 5 * time.Hour
		o.r.settled(o.c, keyA, ingest.Verdict{Outcome: ingest.Stored, Offset: &offset}, o.now)
	}
	if one := o.one(t, keyA); len(one.Signs) != 1 || one.Signs[0].What != SignClock || one.Muted {
		t.Errorf("got %+v", one)
	}
}

func TestPlacesOfOneObserverAreBounded(t *testing.T) {
	t.Parallel()
	o := observe(DefaultLimits())
	for i := range 100 {
		o.c = &conn{caller: caller{origin: netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), 32)}}
		o.send(time.Second, keyA, "ZRH", "x")
	}
	if n := len(o.r.byKey[keyA].feeds); n != maxFeeds {
		t.Errorf("%d places", n)
	}
}
