package store

import (
	"database/sql/driver"
	"time"
)

// checkpoints decides when the WAL is copied into the database file: between
// batches, never inside one, so that no sender waits for it. SQLite's own
// checkpoint, which would run inside COMMIT, is off.
type checkpoints struct {
	limit    int64         // pages in the WAL
	interval time.Duration // 0: only the limit counts
	pages    int64         // in the WAL and not in the file yet
	since    time.Time     // when the first of them came, or the last attempt was made
}

func newCheckpoints(opts Options) checkpoints {
	return checkpoints{limit: opts.CheckpointBytes / pageSize, interval: opts.CheckpointInterval}
}

// dueIn is how long an idle writer may wait; ok is false when there is nothing
// to wait for.
func (c *checkpoints) dueIn(now time.Time) (wait time.Duration, ok bool) {
	if c.pages == 0 || c.interval == 0 {
		return 0, false
	}
	return c.interval - now.Sub(c.since), true
}

func (c *checkpoints) aged(now time.Time) bool {
	wait, ok := c.dueIn(now)
	return ok && wait <= 0
}

// look counts the pages to copy. mode NOOP of the pragma answers without doing
// anything.
func (c *checkpoints) look(conn *writeConn, now time.Time) error {
	before := c.pages
	err := c.run(conn, "NOOP")
	if before == 0 {
		c.since = now
	}
	return err
}

// run checkpoints. The pragma answers whether it was blocked, the pages in the
// WAL, and how many of them are in the file.
func (c *checkpoints) run(conn *writeConn, mode string) error {
	var row [3]driver.Value
	ok, err := conn.query(row[:], checkpointSQL[mode])
	if err != nil || !ok {
		return err
	}
	log, _ := row[1].(int64)
	copied, _ := row[2].(int64)
	c.pages = max(log-copied, 0)
	return nil
}

var checkpointSQL = map[string]string{
	"NOOP":     "PRAGMA wal_checkpoint(NOOP)",
	"PASSIVE":  "PRAGMA wal_checkpoint(PASSIVE)",
	"TRUNCATE": "PRAGMA wal_checkpoint(TRUNCATE)",
}

// checkpointIfDue copies the WAL when it is large or old enough. A failure
// loses nothing: the rows stay in the WAL, and the next batch or interval tries
// again.
func (w *writer) checkpointIfDue() {
	now := w.now()
	aged := w.wal.aged(now)
	if aged {
		w.wal.since = now // whatever comes of it, not again at once
	}
	if w.broken {
		return
	}
	err := w.conn.use(func() error {
		if err := w.wal.look(w.conn, now); err != nil {
			return err
		}
		if !aged && w.wal.pages < w.wal.limit {
			return nil
		}
		err := w.wal.run(w.conn, "PASSIVE")
		w.stats.countCheckpoint(w.now().Sub(now), err, w.now())
		return err
	})
	if err != nil {
		w.log.Debug("checkpoint", "err", err)
	}
}
