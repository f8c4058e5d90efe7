package store

import (
	"fmt"
	"time"
)

// commit writes the batch in one transaction, and the chore with it. An error
// means that nothing of the batch may be taken for stored.
func (w *writer) commit(out []outcome) error {
	if w.chore != nil {
		if settled, err := w.commitWithChore(out); settled {
			return err
		}
	}
	return w.useConn(func() error {
		err := w.transact(func() error { return w.applyAll(out) })
		if err != nil && recordFault(err) {
			err = w.transact(func() error { return w.applyEach(out) })
		}
		return err
	})
}

// commitWithChore writes the batch and does the chore after it. With false the
// batch is to be written without: the records are not to suffer from what may
// be the chore's fault, nor the chore from a bad record.
func (w *writer) commitWithChore(out []outcome) (settled bool, err error) {
	c, began := w.chore, w.now()
	err = w.useConn(func() error {
		return w.transact(func() error {
			if err := w.applyAll(out); err != nil {
				return err
			}
			began = w.now()
			return c.run(w.ledger, w.now)
		})
	})
	if !c.ran && err != nil && recordFault(err) && len(w.batch) > 0 {
		return false, nil
	}
	end := w.now()
	c.took = end.Sub(began)
	c.wait = began.Sub(maxTime(c.asked, w.lastCommit.Add(w.opts.CommitInterval)))
	w.chore = nil
	w.stats.countChore(c, err)
	if err == nil && c.allowance.changed > 0 {
		w.lastCommit = end // one that changes nothing costs no flush
	}
	c.settled <- err
	return err == nil || !c.ran || len(w.batch) == 0, err
}

// maxTime is the later of two times.
func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// useConn runs f on a connection that is to be trusted.
func (w *writer) useConn(f func() error) error {
	if w.broken {
		if err := w.reopen(); err != nil {
			return err
		}
	}
	err := w.conn.use(func() error {
		if w.opts.before != nil {
			if err := w.opts.before(w.conn); err != nil {
				return err
			}
		}
		err := f()
		if err == nil {
			err = w.place.check(w.path)
		}
		return err
	})
	w.broken = err != nil && connectionFault(err)
	return err
}

// transact runs apply between BEGIN and COMMIT.
func (w *writer) transact(apply func() error) error {
	if _, err := w.conn.exec("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	err := w.ledger.refresh()
	if err == nil {
		err = apply()
	}
	if err == nil {
		if _, err = w.conn.exec("COMMIT"); err != nil {
			err = fmt.Errorf("commit: %w", err)
		}
	}
	if err != nil {
		// Fails when SQLite has rolled back already. Were a transaction still
		// open, the next BEGIN would fail and the connection be replaced.
		w.conn.exec("ROLLBACK")
		w.ledger.rollback(0)
		return err
	}
	w.ledger.commit()
	return nil
}

// applyAll writes the records of the batch together: what they share is
// written once.
func (w *writer) applyAll(out []outcome) (err error) {
	wall := w.now()
	for i := range w.batch {
		if out[i].result, err = w.ledger.apply(w.batch[i].record); err != nil {
			return err
		}
	}
	return w.ledger.flush(wall)
}

// applyEach writes the records of a batch in which one is bad, each under a
// savepoint, so that only that one is lost.
func (w *writer) applyEach(out []outcome) error {
	for i := range w.batch {
		mark := w.ledger.mark()
		if _, err := w.conn.exec("SAVEPOINT record"); err != nil {
			return err
		}
		result, err := w.ledger.apply(w.batch[i].record)
		if err == nil {
			err = w.ledger.flush(w.now())
		}
		switch {
		case err == nil:
			out[i] = outcome{result: result}
		case !recordFault(err):
			return err
		default:
			out[i] = outcome{err: fmt.Errorf("%w: %w", ErrBadRecord, err)}
			if _, err := w.conn.exec("ROLLBACK TO record"); err != nil {
				return err
			}
			w.ledger.rollback(mark)
			if err := w.ledger.refresh(); err != nil {
				return err
			}
		}
		if _, err := w.conn.exec("RELEASE record"); err != nil {
			return err
		}
	}
	return nil
}
