package store

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Stats is a snapshot of what the store has done since it was opened.
type Stats struct {
	Records       uint64 // committed
	Transmissions uint64 // new ones among them
	Observations  uint64 // new ones
	Duplicates    uint64 // repeats of known observations and receptions
	Drops         uint64 // refused packets kept
	Receptions    uint64 // new ones of roaming clients
	Repeats       uint64 // records of a transmission that was known, heard by others or again
	Adverts       uint64 // records that told of a node
	Reports       uint64 // records that told of their observer
	Refused       uint64 // records of observers that were new when too many were
	NodesRefused  uint64 // adverts of nodes that were new when too many were
	NotCommitted  uint64 // records told to come again
	BadRecords    uint64 // records that can never be stored

	FilledPaths  uint64 // observations that got a path when Open took over a file of CoreScope's
	FilledScopes uint64 // nodes that got a scope then

	Commits      uint64
	CommitErrors uint64
	Failing      bool   // the last commit failed; tried again every few seconds, also without records
	LastError    string // of the last failed commit or checkpoint, for the operator; "" when there was none
	LastErrorAt  time.Time

	Checkpoints      uint64
	CheckpointErrors uint64

	Upkeep       map[string]Upkeep // maintenance by its kind
	ChoreSeconds Histogram         // duration of one piece of it, commit included

	QueueDepth    int    // records accepted and not settled
	QueueCapacity int    // records
	QueueWaits    uint64 // records that found the queue full

	BatchSize         Histogram // records per transaction
	CommitSeconds     Histogram // duration of a transaction, rows included
	CheckpointSeconds Histogram

	DatabaseBytes int64
	WALBytes      int64
}

// MovedSince says whether the writer did something after an earlier snapshot, or
// had nothing to do. A commit that failed is something: it is tried again.
func (s Stats) MovedSince(before Stats) bool {
	return s.QueueDepth == 0 || s.Commits != before.Commits || s.CommitErrors != before.CommitErrors
}

// Upkeep is what was done of one kind of maintenance.
type Upkeep struct {
	Chores uint64 // pieces that were committed
	Rows   uint64 // changed by them
	Errors uint64 // pieces that failed
}

// Histogram counts values by size.
type Histogram struct {
	Count   uint64
	Sum     float64
	Buckets []Bucket // by rising bound; values above the last are only in Count
}

// Bucket counts the values that are at most UpperBound, those of the smaller
// buckets included.
type Bucket struct {
	UpperBound float64
	Count      uint64
}

func newHistogram(bounds ...float64) Histogram {
	h := Histogram{Buckets: make([]Bucket, len(bounds))}
	for i, b := range bounds {
		h.Buckets[i].UpperBound = b
	}
	return h
}

func (h *Histogram) observe(v float64) {
	h.Count++
	h.Sum += v
	for i := range h.Buckets {
		if v <= h.Buckets[i].UpperBound {
			h.Buckets[i].Count++
		}
	}
}

func (h Histogram) clone() Histogram {
	h.Buckets = slices.Clone(h.Buckets)
	return h
}

// counters is the live Stats: written once per batch.
type counters struct {
	blocked atomic.Uint64 // QueueWaits

	mu    sync.Mutex
	stats Stats
	uses  map[string]*use // by kind of work
}

func newCounters() *counters {
	return &counters{uses: map[string]*use{}, stats: Stats{
		Upkeep:            map[string]Upkeep{},
		ChoreSeconds:      newHistogram(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1),
		BatchSize:         newHistogram(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000),
		CommitSeconds:     newHistogram(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5),
		CheckpointSeconds: newHistogram(.001, .01, .1, 1, 10),
	}}
}

// countBatch counts one transaction. err is its failure as a whole.
func (c *counters) countBatch(batch []item, out []outcome, took time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.stats
	if err != nil {
		s.CommitErrors++
		s.NotCommitted += uint64(len(out))
		return
	}
	s.Commits++
	s.BatchSize.observe(float64(len(out)))
	s.CommitSeconds.observe(took.Seconds())
	for i := range out {
		s.countRecord(batch[i].record, &out[i])
	}
}

// countHealth takes down whether the last commit worked, also when there was
// nothing to commit but a probe.
func (c *counters) countHealth(err error, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Failing = err != nil
	if err != nil {
		c.stats.LastError, c.stats.LastErrorAt = err.Error(), now
	}
}

func (s *Stats) countRecord(r *Record, o *outcome) {
	if o.err != nil {
		s.BadRecords++
		return
	}
	s.Records++
	if o.result.Refused {
		s.Refused++
		return
	}
	if o.result.NodeRefused {
		s.NodesRefused++
	}
	switch {
	case r.Drop != nil:
		s.Drops++
	case o.result.Duplicate:
		s.Duplicates++
	case r.Reception != nil:
		s.Receptions++
	case r.Observation != nil:
		s.Observations++
	}
	if o.result.New {
		s.Transmissions++
	}
	if r.Transmission != nil && !o.result.New {
		s.Repeats++
	}
	if r.Advert != nil && !o.result.NodeRefused {
		s.Adverts++
	}
	if r.Observer.ID != "" && r.Drop == nil {
		s.Reports++
	}
}

// countChore counts one piece of maintenance.
func (c *counters) countChore(done *chore, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.stats.Upkeep[done.kind]
	if err != nil {
		u.Errors++
	} else {
		u.Chores++
		u.Rows += uint64(done.allowance.changed)
		c.stats.ChoreSeconds.observe(done.took.Seconds())
		c.useOf(done.kind, done.wait, done.took)
	}
	c.stats.Upkeep[done.kind] = u
}

func (c *counters) countCheckpoint(took time.Duration, err error, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.stats.CheckpointErrors++
		c.stats.LastError, c.stats.LastErrorAt = err.Error(), now
		return
	}
	c.stats.Checkpoints++
	c.stats.CheckpointSeconds.observe(took.Seconds())
}

func (c *counters) snapshot() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.BatchSize, s.CommitSeconds = s.BatchSize.clone(), s.CommitSeconds.clone()
	s.CheckpointSeconds, s.ChoreSeconds = s.CheckpointSeconds.clone(), s.ChoreSeconds.clone()
	s.Upkeep = maps.Clone(s.Upkeep)
	s.QueueWaits = c.blocked.Load()
	return s
}

// Stats returns a snapshot of the counters.
func (s *Store) Stats() Stats {
	stats := s.stats.snapshot()
	stats.QueueDepth, stats.QueueCapacity = len(s.queue.places), cap(s.queue.places)
	stats.DatabaseBytes, stats.WALBytes = fileSize(s.path), fileSize(s.path+"-wal")
	return stats
}
