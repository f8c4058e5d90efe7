package store

import (
	"slices"
	"time"
)

// Who uses the writer, apart from the kinds of maintenance: records, and what
// is left of the WAL to be copied.
const (
	useRecords    = "records"
	useCheckpoint = "checkpoint"
)

// contended is the wait from which on a use of the writer counts as contended,
// as CoreScope counts.
const contended = 100 * time.Millisecond

// Use is what one kind of work asked of the writer.
type Use struct {
	Count     uint64 // transactions with such work in them
	Contended uint64 // of them, those that waited for more than 100 ms
	Wait      Spread // for the writer, beyond what CommitInterval asks
	Hold      Spread // of the writer, commit included
}

// Spread is how a duration was distributed over the last 1024 uses; Max is over
// all of them.
type Spread struct{ P50, P95, P99, Max time.Duration }

// useSamples is how many uses of one kind are remembered.
const useSamples = 1024

type use struct {
	count, contended uint64
	wait, hold       samples
}

// samples is a ring of the latest durations.
type samples struct {
	ring []time.Duration
	next int
	max  time.Duration
}

func (s *samples) add(d time.Duration) {
	s.max = max(s.max, d)
	if len(s.ring) < useSamples {
		s.ring = append(s.ring, d)
		return
	}
	s.ring[s.next] = d
	s.next = (s.next + 1) % useSamples
}

func (s *samples) spread() Spread {
	if len(s.ring) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(s.ring))
	at := func(percent int) time.Duration { return sorted[(len(sorted)-1)*percent/100] }
	return Spread{P50: at(50), P95: at(95), P99: at(99), Max: s.max}
}

// countUse counts one transaction.
func (c *counters) countUse(kind string, wait, hold time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.useOf(kind, wait, hold)
}

func (c *counters) useOf(kind string, wait, hold time.Duration) {
	u := c.uses[kind]
	if u == nil {
		u = &use{}
		c.uses[kind] = u
	}
	wait = max(wait, 0)
	u.count++
	if wait > contended {
		u.contended++
	}
	u.wait.add(wait)
	u.hold.add(hold)
}

// Uses tells what used the writer, by kind of work: "records" for what Append
// brought, "checkpoint" for copying the rest of the WAL, else the kinds of Stats.Upkeep. It sorts some thousands of numbers.
func (s *Store) Uses() map[string]Use {
	c := s.stats
	c.mu.Lock()
	defer c.mu.Unlock()
	uses := make(map[string]Use, len(c.uses))
	for kind, u := range c.uses {
		uses[kind] = Use{Count: u.count, Contended: u.contended, Wait: u.wait.spread(), Hold: u.hold.spread()}
	}
	return uses
}
