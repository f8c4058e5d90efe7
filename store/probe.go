package store

import (
	"fmt"
	"time"
)

// probePause is how long the writer waits for a record while commits fail,
// before it tries without.
const probePause = 5 * time.Second

// nextProbe is when to probe: never, while commits work.
func (w *writer) nextProbe() (due <-chan time.Time, stop func()) {
	if w.failingSince.IsZero() {
		return nil, func() {}
	}
	timer := time.NewTimer(probePause)
	return timer.C, func() { timer.Stop() }
}

// probe finds out whether commits work again, when nobody publishes who would
// show it: whoever sends messages only to a hub that is ready would wait for ever.
// It writes the first page as it is, so that no row of anybody's changes.
func (w *writer) probe() {
	rewrite := fmt.Sprintf("PRAGMA user_version = %d", latestVersion())
	err := w.useConn(func() error {
		return w.transact(func() error { _, err := w.conn.exec(rewrite); return err })
	})
	w.lastCommit = w.now()
	w.report(err)
}

// report counts whether commits work, and tells the operator once that they fail,
// and once that they work again; each record's own fate is told to its sender.
func (w *writer) report(err error) {
	if err != nil {
		err = commitFailed(w.path, err)
	}
	w.stats.countHealth(err, w.lastCommit)
	switch {
	case err != nil && w.failingSince.IsZero():
		w.failingSince = w.lastCommit
		w.log.Error("database commits fail; records are refused until they work. What was acknowledged is safe, and observers send the rest again", "err", err)
	case err == nil && !w.failingSince.IsZero():
		w.log.Info("database commits work again", "dur", w.lastCommit.Sub(w.failingSince))
		w.failingSince = time.Time{}
	}
}
