package store

import (
	"context"
	"time"
)

// How long one chore may hold the writer. It stops between two rows once
// choreTime is over; choreGoal is what the size of the next one is aimed at, its
// commit included. A sender may be held up for 50 ms, and a commit takes now and
// then several times as long as the one before it.
const (
	choreTime = 12 * time.Millisecond
	choreGoal = 12 * time.Millisecond
)

// How many rows one chore may look at or change: the first of a sweep, which
// does not know the storage yet, and the bounds of those that follow.
const (
	firstRows = 16
	leastRows = 8
	mostRows  = 2048
)

// choreRest is how many times as long as a chore took the writer is left to the
// records before the next one.
const choreRest = 4

// chore is a small piece of maintenance that the writer does for somebody else.
// It shares the transaction of the records that are waiting, and comes after
// them; with none waiting it has a transaction of its own, which keeps
// CommitInterval like any other. A chore that fails takes no record with it.
type chore struct {
	kind      string // for the counters
	work      sweep
	allowance allowance

	asked   time.Time  // when the writer was asked
	settled chan error // one answer, which the writer does not wait to give

	ran  bool          // its turn came
	more bool          // the sweep is not at its end
	wait time.Duration // for the writer, beyond CommitInterval
	took time.Duration // commit included
}

// allowance is how much one chore may do.
type allowance struct {
	rows    int // to look at or to change
	used    int
	changed int // of used

	until time.Time
	now   func() time.Time
}

// left is how many rows may still be used; 0 when the time is over.
func (a *allowance) left() int {
	if a.used > 0 && !a.now().Before(a.until) {
		return 0
	}
	return a.rows - a.used
}

// use takes n rows of it.
func (a *allowance) use(n int, changed bool) {
	a.used += n
	if changed {
		a.changed += n
	}
}

// run does the work inside the writer's transaction.
func (c *chore) run(l *ledger, now func() time.Time) (err error) {
	began := now()
	c.ran = true
	c.allowance.now, c.allowance.until = now, began.Add(choreTime)
	c.more, err = c.work(l, &c.allowance)
	return err
}

// nextRows is how many rows the chore after c may use. There is one, so c had
// more to do than it was allowed.
func (c *chore) nextRows() int {
	a := &c.allowance
	switch {
	case c.took > choreGoal:
		return max(int(int64(a.used)*int64(choreGoal)/int64(c.took)), leastRows)
	case c.took < choreGoal/2:
		return min(a.rows+a.rows/2, mostRows)
	}
	return a.rows
}

// sweep runs work to its end, chore by chore, and returns how many rows it
// changed. kind is what it is counted as.
func (s *Store) sweep(ctx context.Context, kind string, work sweep) (changed int, err error) {
	for rows := firstRows; ; {
		s.writer.wal.await() // two that flush at once hold each other up
		c := &chore{kind: kind, work: work, allowance: allowance{rows: rows}, settled: make(chan error, 1)}
		if err := s.do(ctx, c); err != nil {
			return changed, err
		}
		changed += c.allowance.changed
		if !c.more {
			return changed, nil
		}
		rows = c.nextRows()
		if err := s.rest(ctx, choreRest*c.took); err != nil {
			return changed, err
		}
	}
}

// do hands a chore to the writer and waits until it is committed or has failed.
func (s *Store) do(ctx context.Context, c *chore) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.asked = s.writer.now()
	select {
	case s.writer.chores <- c:
		return <-c.settled // the writer answers what it has taken
	case <-s.queue.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// rest waits, unless ctx ends or the store is closed first.
func (s *Store) rest(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-s.queue.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}
