// Package corescope exchanges files with CoreScope's web server. It reads the
// hub's database and writes nothing to it; what it wants of the writer, and what
// it wants to know of it, goes through files:
//
//	<directory of the database>/prune-requests/request-<id>.json   nodes to delete
//	<directory of the database>/prune-requests/result-<id>.json    the answer
//	<directory of the database>/mbcap-snapshot/snapshot.json       what it has learned of nodes
//	the stats file, wherever the operator wants it                 the hub's counters
//
// Whoever may write to the directory of the database could write to the database
// as well, so requests need no other proof of who asks. Yet nothing here follows
// a link, or reads more than it has bounds for.
package corescope

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"corescope-hub/broker"
	"corescope-hub/ingest"
	"corescope-hub/store"
)

// When the files are looked after, as CoreScope's ingestor does it.
const (
	requestsEvery  = 15 * time.Second
	snapshotAfter  = 2 * time.Minute
	snapshotEvery  = 5 * time.Minute
	statsFileEvery = time.Second
)

// Options is what an Exchange works with.
type Options struct {
	Dir       string // of the database, as CoreScope's server knows it
	StatsFile string // "" writes none
	Sources   []Source
	Store     *store.Store
	Broker    func() broker.Stats
	Ingest    func() ingest.Stats
	Log       *slog.Logger
}

// Source is where messages come from: a listener of the hub, or a bridge.
type Source struct {
	Name   string // as ingest counts it
	Broker string // its address, without a login
	Bridge bool   // to a broker that is another's
}

// Exchange looks after the files.
type Exchange struct {
	opts Options
	now  func() time.Time // time.Now outside tests

	warned  map[string]bool // requests that were told of already; as many as requestsAtATime
	applied fileState       // the snapshot that was written to the database last
}

// New makes an Exchange. It touches no file yet.
func New(opts Options) *Exchange {
	return &Exchange{opts: opts, now: time.Now}
}

// Run looks after the files until ctx ends. What goes wrong is logged.
func (x *Exchange) Run(ctx context.Context) error {
	var running sync.WaitGroup
	running.Go(func() { every(ctx, 0, requestsEvery, func() { x.answerRequests(ctx) }) })
	running.Go(func() { every(ctx, snapshotAfter, snapshotEvery, func() { x.applySnapshot(ctx) }) })
	if x.opts.StatsFile != "" {
		w := newStatsWriter(x)
		running.Go(func() { every(ctx, 0, statsFileEvery, w.write) })
	}
	running.Wait()
	return nil
}

// every calls f after a first pause and then at an interval, until ctx ends.
func every(ctx context.Context, first, interval time.Duration, f func()) {
	timer := time.NewTimer(first)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			f()
			timer.Reset(interval)
		case <-ctx.Done():
			return
		}
	}
}
