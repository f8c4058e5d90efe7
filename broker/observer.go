package broker

import (
	"cmp"
	"slices"
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
	Address     string    // HOST:PORT of the latest; "" when none ever was
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

// Refusal is one reason for which an observer's messages or logins were refused.
type Refusal struct {
	Reason Reason
	Count  int64
	Last   time.Time
	Text   string // what was wrong, the last time
	Remedy string // what to do about it
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
	slices.SortFunc(all, func(a, b Observer) int { return cmp.Compare(a.Key, b.Key) })
	return all
}
