package broker

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Limits of what one observer may send. Reaching the rate makes it wait and
// loses nothing; what is refused beyond that is acknowledged and counted.
//
// Real observers send up to two messages a second, in bursts ten, and a few
// thousand at once after a long time away; each has a kilobyte. One or two
// regions are all that they ever name. Sources: the clients' own code.
type Limits struct {
	MessagesPerSecond int           // in the long run
	MessagesAtOnce    int           // before that counts
	BytesPerSecond    int           // likewise, of payloads
	BytesAtOnce       int           //
	RepeatsPerMinute  int           // of a message just sent, in the long run; more are refused
	RepeatsAtOnce     int           // before that counts
	Regions           int           // that an observer may name in an hour; more mute it
	FloodFor          time.Duration // at the rate all the time for so long, and it is muted
	MuteFor           time.Duration // how long a mute by the hub lasts; 0: the hub mutes nobody
}

// DefaultLimits are out of reach of every real observer.
func DefaultLimits() Limits {
	return Limits{
		MessagesPerSecond: 50,
		MessagesAtOnce:    60_000,
		BytesPerSecond:    100 << 10,
		BytesAtOnce:       120 << 20,
		RepeatsPerMinute:  60,
		RepeatsAtOnce:     10_000,
		Regions:           64,
		FloodFor:          10 * time.Minute,
		MuteFor:           time.Hour,
	}
}

// The signs that are looked for.
const (
	SignFlood     = "flood"           // at the limit of its rate
	SignRepeats   = "duplicate_storm" // the same messages over and over
	SignRegions   = "region_hopping"  // more regions than an observer can be in
	SignClock     = "clock_jumps"     // a clock that is set again and again
	SignTakeovers = "takeovers"       // two clients that call themselves the same and end each other's session
)

const (
	maxFeeds      = 8           // places that one observer's messages come from at a time
	recentHashes  = 32          // messages that a repeat is looked for in
	patientFor    = time.Second // the longest wait for one message: pings have to wait, too
	jump          = time.Hour   // by which a clock changes, to count
	jumpsInAnHour = 10          // a clock that is set more often is a sign
)

// source is where an observer's messages come from: where it has proved its key
// the zero value, else an address. What a stranger sends under an observer's key
// from elsewhere must not count against the observer.
type source struct{ from netip.Prefix }

func sourceOf(c *conn, key string) source {
	if c == nil || c.principal.Key == key {
		return source{}
	}
	return source{c.origin}
}

// feed is what one observer sends from one place. roster.mu guards it.
type feed struct {
	messages, bytes, repeats bucket

	last       time.Time
	floodSince time.Time // it has waited for the rate since then; zero: it does not
	recent     [recentHashes]uint64
	next       int // of recent, the one to replace
	regions    []string
	hour       time.Time // when counting regions and jumps began
	offset     time.Duration
	jumps      int
	mutedUntil time.Time
	mutedFor   string // the sign
}

// feed finds where a's messages come from, or takes it up.
func (s *station) feed(from source, l Limits, now time.Time) *feed {
	if f := s.feeds[from]; f != nil {
		return f
	}
	if s.feeds == nil {
		s.feeds = make(map[source]*feed)
	}
	if len(s.feeds) >= maxFeeds {
		s.forgetFeed()
	}
	f := &feed{
		messages: newBucket(float64(l.MessagesPerSecond), float64(l.MessagesAtOnce), now),
		bytes:    newBucket(float64(l.BytesPerSecond), float64(l.BytesAtOnce), now),
		repeats:  newBucket(float64(l.RepeatsPerMinute)/60, float64(l.RepeatsAtOnce), now),
		hour:     now,
	}
	s.feeds[from] = f
	return f
}

// forgetFeed makes room: the one that was heard longest ago goes.
func (s *station) forgetFeed() {
	var oldest source
	first := true
	for from, f := range s.feeds {
		if first || f.last.Before(s.feeds[oldest].last) {
			oldest, first = from, false
		}
	}
	delete(s.feeds, oldest)
}

// watch looks at a message of a client for what no observer does. It returns why
// the message is refused, and how long its connection has to wait before the
// next.
func (s *station) watch(a arrival, l Limits) (Reason, time.Duration) {
	f := s.feed(sourceOf(a.conn, s.key), l, a.at)
	f.last = a.at
	wait := max(f.messages.take(1, a.at), f.bytes.take(float64(a.size), a.at))
	switch {
	case wait == 0:
		f.floodSince = time.Time{}
	case f.floodSince.IsZero():
		f.floodSince = a.at
		s.sign(SignFlood, "it has to wait: more than "+fmt.Sprint(l.MessagesPerSecond)+" messages a second", a.at)
	case a.at.Sub(f.floodSince) > l.FloodFor:
		s.mute(f, SignFlood, l, a.at)
	}
	if a.at.Sub(f.hour) > time.Hour {
		f.hour, f.regions, f.jumps = a.at, nil, 0
	}
	if a.Region != "" && !slices.Contains(f.regions, a.Region) {
		if f.regions = append(f.regions, a.Region); len(f.regions) > l.Regions {
			f.regions = f.regions[:0]
			s.sign(SignRegions, fmt.Sprintf("more than %d regions within an hour", l.Regions), a.at)
			s.mute(f, SignRegions, l, a.at)
		}
	}
	switch {
	case a.at.Before(f.mutedUntil):
		return ReasonMuted, wait
	case f.repeated(a.sum) && f.repeats.take(1, a.at) > 0:
		s.sign(SignRepeats, "the same messages over and over", a.at)
		return ReasonDuplicates, wait
	}
	return "", wait
}

// repeated says whether the same was published to the same topic just now.
func (f *feed) repeated(sum uint64) bool {
	if slices.Contains(f.recent[:], sum) {
		return true
	}
	f.recent[f.next] = sum
	f.next = (f.next + 1) % recentHashes
	return false
}

// ticked compares an observer's clock with what it was. An observer that sends
// what it kept while it was away goes back once and then comes nearer.
func (s *station) ticked(f *feed, offset time.Duration, now time.Time) {
	if change := (offset - f.offset).Abs(); change < jump {
		return
	}
	f.offset = offset
	if f.jumps++; f.jumps == jumpsInAnHour {
		s.sign(SignClock, fmt.Sprintf("its clock jumped %d times in an hour, now to %s off", jumpsInAnHour, offset.Round(time.Minute)), now)
	}
}

// mute silences a feed for a while.
func (s *station) mute(f *feed, sign string, l Limits, now time.Time) {
	if l.MuteFor > 0 {
		f.mutedUntil, f.mutedFor = now.Add(l.MuteFor), sign
	}
}

// pardon ends the hub's own mutes.
func (s *station) pardon() {
	for _, f := range s.feeds {
		f.mutedUntil, f.floodSince = time.Time{}, time.Time{}
	}
}

// sign counts a sign. The caller holds roster.mu.
func (s *station) sign(what, text string, now time.Time) {
	one := Sign{What: what}
	if i := slices.IndexFunc(s.signs, func(g Sign) bool { return g.What == what }); i >= 0 {
		one = s.signs[i]
		s.signs = slices.Delete(s.signs, i, i+1)
	}
	one.Count, one.Last, one.Text = one.Count+1, now, text
	s.signs = slices.Insert(s.signs, 0, one)
}

// bucket holds tokens that come at a rate, up to a number. It may owe some.
type bucket struct {
	rate, most float64 // tokens a second, and at a time
	tokens     float64
	at         time.Time
}

func newBucket(rate, most float64, now time.Time) bucket {
	return bucket{rate: rate, most: most, tokens: most, at: now}
}

// take takes n tokens and returns how long to wait until they are really there,
// which is never longer than patientFor: who does not wait owes no more.
func (b *bucket) take(n float64, now time.Time) time.Duration {
	b.tokens = min(b.most, b.tokens+b.rate*max(now.Sub(b.at).Seconds(), 0)) - n
	b.at = now
	if b.tokens >= 0 {
		return 0
	}
	b.tokens = max(b.tokens, -b.rate*patientFor.Seconds())
	return time.Duration(-b.tokens / b.rate * float64(time.Second))
}
