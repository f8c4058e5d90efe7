package broker

import (
	"sync"
	"time"
)

// silence says how long a source may bring nothing before it has to be asked
// whether it lives: three times as long as it was silent at most of late. For
// messages that come at random, 64 pauses with none so long make that less
// likely than one in a million. Asking costs little, so a source that is silent
// for hours at night is still asked from time to time.
type silence struct {
	least, most time.Duration

	mu     sync.Mutex
	pauses [64]time.Duration // the last ones; messages within a second are one
	next   int               // index of the oldest
	last   time.Time         // when the last message came, or the connection began
	dueAt  time.Time
	ended  chan struct{} // closed by the next message; nil when nobody waits for it
}

// mostSilence is how long at most nobody asks.
const mostSilence = 30 * time.Minute

func newSilence(least time.Duration) *silence {
	return &silence{least: least, most: max(least, mostSilence)}
}

// begin takes down that a connection is up. The time before it was no silence.
func (s *silence) begin(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last, s.dueAt = at, at.Add(s.limit())
}

// heard takes down that a message came.
func (s *silence) heard(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if pause := at.Sub(s.last); pause >= time.Second {
		s.pauses[s.next] = pause
		s.next = (s.next + 1) % len(s.pauses)
	}
	s.last, s.dueAt = at, time.Time{}
	if s.ended != nil {
		close(s.ended)
		s.ended = nil
	}
}

// broken is closed by the next message.
func (s *silence) broken() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		s.ended = make(chan struct{})
	}
	return s.ended
}

// due is when the source has to be asked, unless a message comes.
func (s *silence) due() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dueAt.IsZero() {
		s.dueAt = s.last.Add(s.limit())
	}
	return s.dueAt
}

// since is how long the source has been silent.
func (s *silence) since(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Sub(s.last)
}

// alive takes down that the source was asked and lives: the next time is after
// as long a silence again.
func (s *silence) alive(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dueAt = at.Add(min(max(at.Sub(s.last), s.least), s.most))
}

// limit is how long the source may be silent.
func (s *silence) limit() time.Duration {
	var longest time.Duration
	for _, p := range s.pauses {
		longest = max(longest, p)
	}
	return min(max(3*longest, s.least), s.most)
}
