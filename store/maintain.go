package store

import (
	"context"
	"errors"
	"time"
)

// How often the kinds of maintenance are done, as CoreScope does them, and how
// soon again after a failure.
const (
	hourly     = time.Hour
	daily      = 24 * time.Hour
	afterError = time.Minute
)

// job is one kind of maintenance that comes again.
type job struct {
	kind  string // as it is counted
	every time.Duration
	byAge bool // goes by what the clock says; not while that is not to be believed
	sweep func(now time.Time) sweep

	due     time.Time
	failing bool // told already
}

// jobs are those that the retention asks for.
func (s *Store) jobs() []*job {
	opts := &s.writer.opts
	r := opts.Retention
	jobs := []*job{{kind: "observers", every: daily, sweep: func(time.Time) sweep { return banObservers(opts.Blacklist) }}}
	for _, j := range []struct {
		kind  string
		every time.Duration
		days  int
		sweep func(before time.Time) sweep
	}{
		{"observers", daily, r.ObserverDays, retireObservers},
		{"nodes", hourly, r.NodeDays, retireNodes},
		{"metrics", daily, r.MetricsDays, pruneMetrics},
		{"drops", daily, r.MetricsDays, pruneDrops},
		{"packets", daily, r.PacketDays, prunePackets},
		{"receptions", daily, r.ClientRxDays, pruneReceptions},
		{"clients", daily, r.ClientRxDays, pruneClients},
		{"neighbours", daily, r.NeighbourDays, pruneNeighbours},
	} {
		if j.days > 0 {
			jobs = append(jobs, &job{kind: j.kind, every: j.every, byAge: true, sweep: func(now time.Time) sweep {
				return j.sweep(daysBefore(now, j.days))
			}})
		}
	}
	return append(jobs,
		&job{kind: "drops", every: hourly, sweep: func(time.Time) sweep { return capDrops(keptDrops) }},
		&job{kind: "vacuum", every: hourly, sweep: func(time.Time) sweep { return vacuum(opts.VacuumPages) }})
}

// Maintain keeps the database in shape until ctx ends or the store is closed:
// it retires and removes what [Retention] says is too old, and gives free pages
// back. It begins at once, then comes back hourly or daily.
//
// All of it is done by the writer, in pieces of a few milliseconds that come
// after the records that are waiting, so that it may run at any time. Its
// failures are logged and tried again.
func (s *Store) Maintain(ctx context.Context) error {
	jobs, guard := s.jobs(), s.guardClock()
	for {
		next := s.doJobs(ctx, jobs, guard)
		if err := s.rest(ctx, max(next.Sub(s.writer.now()), time.Second)); err != nil {
			return nil
		}
	}
}

// doJobs does the jobs that are due, and returns when the next one is.
func (s *Store) doJobs(ctx context.Context, jobs []*job, guard *clockGuard) (next time.Time) {
	for _, j := range jobs {
		now := s.writer.now()
		switch {
		case now.Before(j.due):
		case j.byAge && !s.believes(ctx, guard):
			j.due = now.Add(clockLook)
		default:
			j.due = now.Add(s.doJob(ctx, j, now))
		}
		if next.IsZero() || j.due.Before(next) {
			next = j.due
		}
	}
	return next
}

// doJob does one job and returns how long it may rest.
func (s *Store) doJob(ctx context.Context, j *job, now time.Time) time.Duration {
	log := s.writer.log
	changed, err := s.sweep(ctx, j.kind, j.sweep(now))
	switch {
	case ctx.Err() != nil || errors.Is(err, ErrClosed):
	case err != nil:
		if !j.failing {
			log.Warn("maintenance fails; it is tried again every minute", "what", j.kind, "err", err)
		}
		j.failing = true
		return afterError
	case changed > 0:
		log.Info("maintenance done", "what", j.kind, "rows", changed, "dur", s.writer.now().Sub(now))
	}
	j.failing = false
	return j.every
}

// believes reports whether the guard trusts the clock, and tells when that
// changes.
func (s *Store) believes(ctx context.Context, guard *clockGuard) bool {
	log := s.writer.log
	ok, ahead, err := guard.trusts(ctx)
	switch {
	case err != nil:
		log.Debug("look at the clock", "err", err)
	case !ok && !guard.doubted:
		log.Warn("old rows are kept for now: the clock is far ahead of the database. If it is right, they go when it has run on for a day; else set it (timedatectl)",
			"clock", s.writer.now().UTC().Format(timeLayout), "ahead", ahead.Round(time.Hour))
		guard.doubted = true
	case ok && guard.doubted:
		log.Info("old rows go again: the clock is believed")
		guard.doubted = false
	}
	return ok
}
