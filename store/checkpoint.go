package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// checkpointer copies the WAL into the database file, on a goroutine and a
// connection of its own: commits go on meanwhile, and what is random writing all
// over the file holds up nobody. SQLite's own checkpoint, which would run inside
// COMMIT, is off.
//
// The WAL starts again from its beginning with the first commit that finds all
// of it copied and no reader in it. On a busy hub that moment may never come by
// itself, since each copy leaves behind what was committed during it; then the
// writer copies the little that is left, with nobody to add to it.
type checkpointer struct {
	path     string
	limit    int64         // pages
	interval time.Duration // 0: only the limit counts
	stats    *counters
	log      *slog.Logger
	now      func() time.Time

	// What the writer saw after its last commit. Pages.
	length  atomic.Int64 // of the WAL
	backlog atomic.Int64 // of them not in the file
	wrote   chan struct{}
	quit    chan struct{}

	mu     sync.Mutex   // held during a round
	start  atomic.Int64 // length at the start of the round that is on; -1 for none
	finish atomic.Bool  // the writer is to copy what is left
	quick  atomic.Int64 // pages that the storage copies in finishTime
	tried  int64        // length at the last round
	place  place        // of the files that the writer has open
	pinned bool         // told that a reader keeps the WAL long
}

const (
	// finishPages is the most that the writer copies itself, and finishTime how
	// long it may take by what the last round took, while the WAL is shorter
	// than mostLimits. Later it is the limit.
	finishPages = 512
	finishTime  = 20 * time.Millisecond

	// mostPasses is how often one round goes after what was committed during
	// the pass before.
	mostPasses = 3

	// mostLimits is how many times the limit the WAL may grow during one round
	// before commits wait for it: on storage that copies slower than it appends
	// it would fill the disk.
	mostLimits = 4
)

func newCheckpointer(path string, opts Options, stats *counters, now func() time.Time) *checkpointer {
	c := &checkpointer{
		path: path, limit: opts.CheckpointBytes / pageSize, interval: opts.CheckpointInterval,
		stats: stats, log: opts.Log, now: now,
		wrote: make(chan struct{}, 1), quit: make(chan struct{}),
	}
	c.start.Store(-1)
	c.quick.Store(finishPages)
	return c
}

// run copies when enough is waiting, or the interval is over, until stop.
func (c *checkpointer) run() {
	var due <-chan time.Time // set while something is waiting and interval is
	for {
		select {
		case <-c.quit:
			return
		case <-c.wrote:
			if !c.isLong() {
				if due == nil && c.interval > 0 && c.backlog.Load() > 0 {
					due = time.After(c.interval)
				}
				continue
			}
		case <-due:
		}
		due = nil
		if c.round() > 0 && c.interval > 0 {
			due = time.After(c.interval)
		}
	}
}

// stop ends run; a round that is on is finished.
func (c *checkpointer) stop() { close(c.quit) }

// isLong says that a round is due by the length of the WAL. A round that a
// reader has stopped is not tried again before there is as much more.
func (c *checkpointer) isLong() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	length := c.length.Load()
	if length < c.tried {
		c.tried = 0 // the WAL has started again
	}
	return c.backlog.Load() >= c.limit && length >= c.tried+c.limit
}

// round copies all there is, and what is committed meanwhile, as far as readers
// let it. It returns the pages that are left. A failure loses nothing: the rows
// stay in the WAL.
func (c *checkpointer) round() (left int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	began, pages := c.now(), c.backlog.Load()
	c.start.Store(c.length.Load())
	defer c.start.Store(-1)
	c.tried = c.length.Load()
	wal, err := c.passes()
	if err != nil {
		c.log.Debug("checkpoint", "err", err)
		wal.left = max(wal.left, 1) // as far as anybody knows
	}
	took := c.now().Sub(began)
	if err == nil && pages >= finishPages { // fewer say little
		c.quick.Store(pages * int64(finishTime) / max(int64(took), 1))
	}
	c.finish.Store(err == nil && wal.length >= 2*c.limit)
	c.stats.countCheckpoint(took, err, c.now())
	if err == nil {
		c.tellPinned(wal)
	}
	return wal.left
}

// await returns when the round that is on is over.
func (c *checkpointer) await() {
	c.mu.Lock()
	defer c.mu.Unlock()
}

// finishable is how much the writer may copy itself, by the WAL's length.
func (c *checkpointer) finishable(length int64) int64 {
	if length >= mostLimits*c.limit {
		return max(finishPages, c.limit)
	}
	return min(finishPages, c.quick.Load())
}

// passes has a connection of its own for each round, so that between rounds it
// holds no file that may be moved or replaced.
func (c *checkpointer) passes() (wal walState, err error) {
	if err := c.place.check(c.path); err != nil {
		return wal, err
	}
	conn, err := openWriteConn(context.Background(), checkpointDSN(c.path))
	if err != nil {
		return wal, fmt.Errorf("open database to checkpoint: %w", err)
	}
	defer conn.close()
	err = conn.use(func() error {
		for range mostPasses {
			before := wal.left
			copied, err := checkpoint(conn, copyWAL)
			if err != nil {
				return err
			}
			if wal, err = checkpoint(conn, lookAtWAL); err != nil {
				return err
			}
			if wal.held = copied.left; copied.length < 0 {
				wal.held = -1
			}
			if wal.left == 0 || before > 0 && wal.left >= before {
				break
			}
		}
		return nil
	})
	return wal, err
}

// suspend runs f, which goes on with other files, between two rounds. As long as
// it fails there are none.
func (c *checkpointer) suspend(f func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := f()
	if err == nil {
		c.place = place{}
	}
	return err
}

// watchWAL looks at the WAL after each commit, tells the checkpointer, and does
// what that one cannot. Its errors are not the records': they show again at the
// next commit if they last.
func (w *writer) watchWAL() {
	if w.broken {
		return
	}
	c := w.wal
	var wal walState
	err := w.conn.use(func() (err error) {
		wal, err = checkpoint(w.conn, lookAtWAL)
		if err == nil && c.finish.Swap(false) && wal.left <= c.finishable(wal.length) {
			began := w.now()
			if _, err = checkpoint(w.conn, copyWAL); err == nil {
				wal, err = checkpoint(w.conn, lookAtWAL)
			}
			w.stats.countUse(useCheckpoint, 0, w.now().Sub(began))
		}
		return err
	})
	if err != nil {
		w.log.Debug("look at the WAL", "err", err)
		return
	}
	c.length.Store(wal.length)
	c.backlog.Store(wal.left)
	select {
	case c.wrote <- struct{}{}:
	default: // it has not looked since the last one
	}
	if start := c.start.Load(); start >= 0 && c.length.Load() >= start+mostLimits*c.limit {
		c.await()
	}
}

// walState is what there is in the WAL. Pages.
type walState struct {
	length int64
	left   int64 // not in the database file
	held   int64 // of them, what a round met and a reader kept it from copying; -1 for not known
}

// The modes of a checkpoint that the store uses.
const (
	lookAtWAL   = `PRAGMA wal_checkpoint(NOOP)`
	copyWAL     = `PRAGMA wal_checkpoint(PASSIVE)` // as far as readers allow, waiting for nobody
	truncateWAL = `PRAGMA wal_checkpoint(TRUNCATE)`
)

// checkpoint runs one of those. The pragma answers whether it was blocked, the
// pages in the WAL when it began, and how many of them are in the file; -1 for
// both when another connection is copying.
func checkpoint(conn *writeConn, mode string) (walState, error) {
	var row [3]driver.Value
	ok, err := conn.query(row[:], mode)
	if err != nil || !ok {
		return walState{}, err
	}
	length, _ := row[1].(int64)
	copied, _ := row[2].(int64)
	return walState{length: length, left: max(length-copied, 0)}, nil
}

// checkpointDSN opens the file to copy the WAL into it. As for the writer, what
// was committed is on disk before it is copied.
func checkpointDSN(path string) string {
	return dsn(path, "mode=rw", "_pragma=busy_timeout(0)", "_pragma=synchronous(FULL)", "_pragma=wal_autocheckpoint(0)", "_pragma=cache_size(-64)")
}
