package store

import (
	"fmt"
	"log/slog"
	"time"
)

// Options is how a Store works. Every value is taken as written.
type Options struct {
	// QueueDepth is how many records may be accepted whose done has not returned
	// yet. A full queue blocks the sender; it never drops. Records.
	QueueDepth int

	// MaxBatch is the most records written in one transaction. In a large file
	// each new packet changes a page of its own, that of its hash, and a batch that
	// changes more pages than the cache holds writes some of them twice. Records.
	MaxBatch int

	// CommitInterval is the least time from one commit to the next, so that a
	// busy hub does not wear out an SD card; the first record after a pause is
	// committed at once. A full batch does not wait. 0 commits as fast as
	// records come.
	CommitInterval time.Duration

	// MetricsInterval is the width of the buckets of observer_metrics. At least
	// a second, whole seconds.
	MetricsInterval time.Duration

	// NewObservers and NewNodes are how many observers and nodes that the
	// database does not know are made in a day. Whoever may publish can invent
	// both; no mesh grows so fast. What comes of further observers is not stored;
	// of further nodes the packets are.
	NewObservers, NewNodes int

	// CacheBytes bounds the writer's page cache.
	CacheBytes int64

	// CheckpointBytes is how much of the WAL is copied into the database file at
	// a time: larger writes less, and takes longer to open after a crash. The
	// WAL's file may be some times larger while readers or a flood of records
	// keep it from starting again.
	CheckpointBytes int64

	// CheckpointInterval is the longest time that committed rows stay in the WAL
	// alone; 0 leaves it to CheckpointBytes.
	CheckpointInterval time.Duration

	// Readers is how many read-only connections queries may use at once.
	Readers int

	// Retention is what Maintain goes by.
	Retention Retention

	// Blacklist names observers, case ignored, that Maintain marks inactive.
	Blacklist []string

	// VacuumPages is the most free pages that Maintain gives back to the file
	// system each time. Pages.
	VacuumPages int

	// VacuumOnOpen makes Open write the whole file anew, without gaps, if
	// nothing in it depends on what that renumbers. It takes minutes for a large
	// file, and as much room again.
	VacuumOnOpen bool

	// Log is told when commits begin to fail and when they work again. Nil logs
	// nothing.
	Log *slog.Logger

	now    func() time.Time       // for tests; nil is time.Now
	before func(*writeConn) error // for tests: run ahead of each transaction
}

// DefaultOptions suits a Raspberry Pi with an SD card.
func DefaultOptions() Options {
	return Options{
		QueueDepth:         8192,
		MaxBatch:           4096,
		CommitInterval:     250 * time.Millisecond,
		MetricsInterval:    5 * time.Minute,
		NewObservers:       10_000,
		NewNodes:           20_000,
		CacheBytes:         8 << 20,
		CheckpointBytes:    16 << 20,
		CheckpointInterval: 10 * time.Minute,
		Readers:            4,
		Retention:          Retention{NodeDays: 7, ObserverDays: 14, MetricsDays: 30, NeighbourDays: 5},
		VacuumPages:        1024,
	}
}

func (o Options) check() error {
	switch {
	case o.QueueDepth < 1:
		return fmt.Errorf("queue depth %d: must be at least 1 record", o.QueueDepth)
	case o.MaxBatch < 1:
		return fmt.Errorf("max batch %d: must be at least 1 record", o.MaxBatch)
	case o.CommitInterval < 0:
		return fmt.Errorf("commit interval %s: must not be negative", o.CommitInterval)
	case o.MetricsInterval < time.Second || o.MetricsInterval%time.Second != 0:
		return fmt.Errorf("metrics interval %s: must be whole seconds, at least one", o.MetricsInterval)
	case o.NewObservers < 0 || o.NewNodes < 0:
		return fmt.Errorf("%d new observers and %d new nodes a day: must not be negative", o.NewObservers, o.NewNodes)
	case o.CacheBytes < 0:
		return fmt.Errorf("cache of %d bytes: must not be negative", o.CacheBytes)
	case o.CheckpointBytes < pageSize:
		return fmt.Errorf("checkpoint at %d bytes: must be at least one page of %d", o.CheckpointBytes, pageSize)
	case o.CheckpointInterval < 0:
		return fmt.Errorf("checkpoint interval %s: must not be negative", o.CheckpointInterval)
	case o.Readers < 1:
		return fmt.Errorf("%d readers: must be at least 1", o.Readers)
	case o.VacuumPages < 0:
		return fmt.Errorf("vacuum of %d pages: must not be negative", o.VacuumPages)
	}
	return o.Retention.check()
}
