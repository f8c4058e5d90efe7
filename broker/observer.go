package broker

import (
	"slices"
	"sort"
	"time"
)

// Observer is what the broker knows of one observer since it was started.
type Observer struct {
	Key      string // its public key, 64 upper-case hex digits, or the id that stands for one in its topics
	Name     string // as it last called itself; "" when not
	Region   string // of its last message; "" for roaming clients and flat topics
	Upstream string // the bridge that its last message came over; "" for a client of the hub

	Connections int       // open now that speak for it
	Since       time.Time // when the oldest of them was made; zero when there is none
	Doubled     time.Time // when the second was made that speaks for it alone; zero when there is none
	Address     string    // HOST:PORT of the latest, or of the latest login that was refused; "" when none ever was
	Proven      bool      // its latest connection has proved to have the key

	FirstSeen   time.Time // a message or a login
	LastMessage time.Time // accepted or not; zero when none came
	Messages    int64     // received, those refused included
	Bytes       int64     // of their payloads

	Refusals []Refusal // the latest first
	Signs    []Sign    // of something wrong with it, the latest first

	Decision   Decision  // the operator's
	Note       string    // the operator's
	Muted      bool      // acknowledged, not stored, not forwarded
	MutedUntil time.Time // zero: until somebody decides otherwise
	MutedBy    string    // "operator", or the Sign for which the hub did it
}

// Sign is something that was noticed about an observer and that no working one
// shows.
type Sign struct {
	What  string // what it is: one of the Sign constants
	Count int64
	Last  time.Time
	Text  string
}

// Observers lists the observers that spoke or tried to since the start, by key.
// There are no more than a few thousand: of those that are away the ones heard
// longest ago are forgotten first.
func (b *Broker) Observers() []Observer {
	all := b.roster.snapshot(time.Now())
	// slices.SortFunc would be ten kilobytes of program for a type of this size.
	sort.Slice(all, func(i, k int) bool { return all[i].Key < all[k].Key })
	return all
}

func (r *roster) snapshot(now time.Time) []Observer {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Observer, 0, len(r.byKey))
	for _, s := range r.byKey {
		all = append(all, r.observer(s, now))
	}
	return all
}

// observer is what of s is shown. The caller holds mu.
func (r *roster) observer(s *station, now time.Time) Observer {
	o := Observer{
		Key: s.key, Name: s.name, Region: s.region, Upstream: s.upstream,
		Connections: len(s.conns), Address: s.address, Proven: s.proven,
		FirstSeen: s.first, LastMessage: s.last, Messages: s.messages, Bytes: s.bytes,
		Refusals: slices.Clone(s.refusals), Signs: slices.Clone(s.signs),
	}
	o.Since, o.Doubled = s.connected()
	ruling := r.rulings[s.key]
	o.Decision, o.Note = ruling.Decision, ruling.Note
	if ruling.muted(now) {
		o.Muted, o.MutedUntil, o.MutedBy = true, ruling.Until, "operator"
		return o
	}
	o.MutedUntil, o.MutedBy = s.mutedByHub(now)
	o.Muted = !o.MutedUntil.IsZero()
	return o
}

// connected is when the first of its connections was made, and the second of
// those that speak for it alone: another broker's speaks for many. Zero when
// there is none. The caller holds roster.mu.
func (s *station) connected() (first, second time.Time) {
	var own []time.Time
	for c := range s.conns {
		if first.IsZero() || c.since.Before(first) {
			first = c.since
		}
		if len(c.stations) == 1 {
			own = append(own, c.since)
		}
	}
	if len(own) > 1 {
		slices.SortFunc(own, time.Time.Compare)
		second = own[1]
	}
	return first, second
}

// mutedByHub is until when, and for which sign, the hub silences what comes from
// one of the places that the observer's messages come from; zero when it does
// not. The caller holds roster.mu.
func (s *station) mutedByHub(now time.Time) (until time.Time, sign string) {
	for _, f := range s.feeds {
		if now.Before(f.mutedUntil) && f.mutedUntil.After(until) {
			until, sign = f.mutedUntil, f.mutedFor
		}
	}
	return until, sign
}
