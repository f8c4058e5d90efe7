package store

import (
	"context"
	"time"
)

// When the clock is believed that rows are old. A Raspberry Pi has no clock of
// its own that runs without power, and a wrong answer of a time server may send
// it years ahead: what would be deleted then is young.
const (
	// clockProof is how long a clock has to run on, neither set nor stopped, to
	// be believed whatever the rows say.
	clockProof = 24 * time.Hour

	// clockGap is how far apart the rows of before clockProof may be from then,
	// for the clock to be believed at once. So a hub may have been off for two
	// days, and a clock that jumps ahead by less than that is not noticed.
	clockGap = 24 * time.Hour

	// clockSet is how far the clock goes apart from the time that passes, to
	// count as set. Time servers trim it by less.
	clockSet = time.Minute

	// clockLook is how often a clock that is not believed is looked at.
	clockLook = 10 * time.Minute
)

// clockGuard says whether to believe the clock.
type clockGuard struct {
	now    func() time.Time
	passed func() time.Duration                                           // since some moment, however the clock is set
	newest func(ctx context.Context, before time.Time) (time.Time, error) // time of a row; zero when there is none

	doubted bool // and told
	looked  bool
	offset  time.Duration // clock less passed, since 1970, when it was looked at last
	since   time.Duration // passed when the clock was first seen to run with that offset
}

// guardClock watches the clock of the store from now on.
func (s *Store) guardClock() *clockGuard {
	began := time.Now()
	return &clockGuard{now: s.writer.now, passed: func() time.Duration { return time.Since(began) }, newest: s.newestBefore}
}

// trusts reports whether what the clock calls old may be deleted, and if not,
// how far it is ahead of the last row that would prove it right.
func (g *clockGuard) trusts(ctx context.Context) (ok bool, ahead time.Duration, err error) {
	now := g.now().Round(0) // the clock alone
	if g.steady(now) >= clockProof {
		return true, 0, nil
	}
	before := now.Add(-clockProof)
	row, err := g.newest(ctx, before)
	if err != nil {
		return false, 0, err
	}
	return row.IsZero() || before.Sub(row) <= clockGap, now.Sub(row), nil
}

// steady is how long the clock has not been set, as far as is known.
func (g *clockGuard) steady(now time.Time) time.Duration {
	passed := g.passed()
	offset := now.Sub(time.Unix(0, 0)) - passed
	if moved := offset - g.offset; !g.looked || moved.Abs() > clockSet {
		g.looked, g.since = true, passed
	}
	g.offset = offset // slow trimming does not add up
	return passed - g.since
}

// newestObservation has an index to go by.
const newestObservation = `SELECT COALESCE(MAX(timestamp), 0) FROM observations WHERE timestamp <= ?`

// newestBefore is when the latest observation up to a time was received.
func (s *Store) newestBefore(ctx context.Context, before time.Time) (time.Time, error) {
	var at int64
	if err := s.read.QueryRowContext(ctx, newestObservation, before.Unix()).Scan(&at); err != nil || at == 0 {
		return time.Time{}, err
	}
	return time.Unix(at, 0), nil
}
