package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"
)

// writer turns queued records into transactions. Only its goroutine touches
// its fields.
type writer struct {
	conn    *writeConn
	broken  bool    // the connection is to be replaced before the next use
	readers *sql.DB // whose connections have the same files open
	path    string
	opts    Options
	queue   *queue
	feed    *feed
	stats   *counters
	log     *slog.Logger
	now     func() time.Time // time.Now outside tests

	ledger *ledger
	wal    *checkpointer
	place  place
	chores chan *chore // maintenance that asks for the writer; it waits in nobody's hands

	batch        []item // reused
	chore        *chore // taken, and to be done with the batch; nil for none
	lastCommit   time.Time
	failingSince time.Time // zero while commits work
}

func newWriter(conn *writeConn, readers *sql.DB, path string, opts Options, q *queue, f *feed, stats *counters) *writer {
	now := opts.now
	if now == nil {
		now = time.Now
	}
	return &writer{
		conn: conn, readers: readers, path: path, opts: opts, queue: q, feed: f, stats: stats, log: opts.Log, now: now,
		ledger: newLedger(conn, opts),
		wal:    newCheckpointer(path, opts, stats, now),
		chores: make(chan *chore),
	}
}

// load learns what the file holds, before the first record.
func (w *writer) load() error {
	err := w.conn.use(w.ledger.refresh)
	if err == nil {
		w.place.check(w.path) // of a fresh file there may be no WAL yet
		w.wal.place = w.place
		w.feed.ring(w.ledger.lastObservation())
	}
	return err
}

// run writes until the queue is closed and empty.
func (w *writer) run() {
	defer close(w.queue.settled)
	for w.collect() {
		if len(w.batch) == 0 && w.chore == nil {
			w.probe()
		} else {
			w.settle()
		}
		w.watchWAL()
	}
}

// collect fills batch with all that may share the next transaction, and takes a
// chore if one is offered. It returns false when the queue is closed and empty.
//
// A batch needs no timer of its own under load: it is what arrived during the
// last commit. Only to keep CommitInterval does it go on collecting for a while.
func (w *writer) collect() bool {
	if !w.first() {
		return false
	}
	var due <-chan time.Time
	if wait := w.opts.CommitInterval - w.now().Sub(w.lastCommit); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		due = timer.C
	}
	full := min(w.opts.MaxBatch, w.opts.QueueDepth)
	for due != nil && len(w.batch) < full && !w.urgent() {
		select {
		case it, open := <-w.queue.items:
			if !open {
				return true // closing: no more waiting
			}
			w.batch = append(w.batch, it)
		case w.chore = <-w.offered():
		case <-due:
			due = nil
		}
	}
	w.drain()
	return true
}

// urgent says whether the record that came last waits for no other.
func (w *writer) urgent() bool {
	n := len(w.batch)
	return n > 0 && w.batch[n-1].record.Urgent
}

// first waits for something to do; while commits fail that may be nothing but to
// probe.
func (w *writer) first() (open bool) {
	if w.chore != nil { // the last transaction ended before its turn
		return true
	}
	again, stop := w.nextProbe()
	defer stop()
	select {
	case it, open := <-w.queue.items:
		if open {
			w.batch = append(w.batch, it)
		}
		return open
	case w.chore = <-w.chores:
		return true
	case <-again:
		return true
	}
}

// offered is where chores come from; nowhere, while there is one already.
func (w *writer) offered() <-chan *chore {
	if w.chore != nil {
		return nil
	}
	return w.chores
}

// drain adds what is queued at this moment.
func (w *writer) drain() {
	for len(w.batch) < w.opts.MaxBatch {
		select {
		case it, open := <-w.queue.items:
			if !open {
				return
			}
			w.batch = append(w.batch, it)
		default:
			return
		}
	}
}

// settle commits the batch and sends the outcomes off.
func (w *writer) settle() {
	start := w.now()
	out := make([]outcome, len(w.batch))
	err := w.commit(out)
	if len(w.batch) == 0 {
		return // there was only a chore, which has its answer
	}
	spaced := w.lastCommit.Add(w.opts.CommitInterval)
	w.lastCommit = w.now()
	for i := range out {
		out[i].done = w.batch[i].done
		if err != nil {
			out[i].result, out[i].err = Result{}, fmt.Errorf("%w: %w", ErrNotCommitted, err)
		}
	}
	w.stats.countBatch(w.batch, out, w.lastCommit.Sub(start), err)
	w.stats.countUse(useRecords, start.Sub(maxTime(w.batch[0].queued, spaced)), w.lastCommit.Sub(start))
	w.report(err)
	if err == nil {
		w.feed.ring(w.ledger.lastObservation())
	}
	w.queue.settled <- out // has room: see queue
	clear(w.batch)
	w.batch = w.batch[:0]
}

// reopen replaces a connection that is not to be trusted any more. The file
// must be there: a fresh one in its place would take records that nobody asked
// it to.
func (w *writer) reopen() error {
	return w.wal.suspend(func() error {
		if w.place.check(w.path) != nil {
			if err := w.leave(); err != nil {
				return err
			}
		}
		w.conn.close() // rolls back what is open; it may well be closed already
		conn, err := openWriteConn(context.Background(), writerDSN(w.path, "rw", w.opts))
		if _, gone := os.Stat(w.path); err != nil && errors.Is(gone, fs.ErrNotExist) {
			return fmt.Errorf("%s: %w; put it back, and the hub goes on", w.path, errReplaced)
		}
		if err != nil {
			return fmt.Errorf("reopen database: %w", err)
		}
		if err := w.arrive(conn); err != nil {
			conn.close()
			return err
		}
		// A flush that failed may have left a gap in the WAL on the disk which the
		// page cache hides; what comes after it would be lost with the power. A
		// reader may prevent this.
		conn.use(func() error { _, err := checkpoint(conn, truncateWAL); return err })
		w.readers.SetMaxIdleConns(w.opts.Readers)
		w.conn = conn
		w.ledger.reconnect(conn)
		w.place, w.broken = place{}, false
		return nil
	})
}

// close copies the WAL into the file, so that the file alone is the database,
// and lets go of it. The rows are safe without the copy: a reader can prevent
// it, and that is no error.
func (w *writer) close() error {
	var left walState
	w.conn.use(func() (err error) { left, err = checkpoint(w.conn, truncateWAL); return err })
	if left.length > 0 && !w.conn.closed && w.place.check(w.path) != nil {
		w.log.Error("rows are lost: their WAL was removed, and a program that reads them kept them from being copied", "pages", left.left)
	}
	if err := w.conn.close(); err != nil && !w.broken {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}
