package store

import (
	"database/sql/driver"
	"fmt"
	"time"
)

const (
	// oldTransmissions are in the order of their first sighting, for which there
	// is an index: nobody is last seen before he is first seen, so it leads to
	// all that may be too old and to little else. A last_seen of 0 is of a file
	// that an older CoreScope wrote.
	oldTransmissions = `SELECT id, first_seen, hash,
		CASE WHEN last_seen > 0 THEN last_seen
			ELSE (SELECT MAX(timestamp) FROM observations o WHERE o.transmission_id = t.id) END
		FROM transmissions t
		WHERE first_seen < ?1 AND (first_seen, id) > (?2, ?3)
		ORDER BY first_seen, id LIMIT ?4`

	countObservations = `SELECT count(*) FROM observations WHERE transmission_id = ?`

	deleteObservations = `DELETE FROM observations WHERE id IN
		(SELECT id FROM observations WHERE transmission_id = ?1 ORDER BY id LIMIT ?2)`

	deleteTransmission = `DELETE FROM transmissions WHERE id = ?`
)

// packetPruner deletes transmissions that were last heard before a time, and
// their observations.
type packetPruner struct {
	before time.Time

	// The last transmission that is done with.
	firstSeen string
	id        int64
}

// prunePackets deletes what was last heard before a time.
func prunePackets(before time.Time) sweep {
	p := &packetPruner{before: before}
	return p.sweep
}

// pruneAtATime is how many transmissions are looked up together. Their
// observations count too, so an allowance is used up by few.
const pruneAtATime = 32

func (p *packetPruner) sweep(l *ledger, a *allowance) (more bool, err error) {
	for {
		n := min(a.left(), pruneAtATime)
		if n == 0 {
			return true, nil
		}
		rows, err := l.conn.all(4, oldTransmissions, p.before.Format(timeLayout), p.firstSeen, p.id, int64(n))
		if err != nil {
			return false, fmt.Errorf("find old transmissions: %w", err)
		}
		for _, row := range rows {
			done, err := p.transmission(l, a, row)
			if err != nil {
				return false, fmt.Errorf("prune transmission: %w", err)
			}
			if !done {
				return true, nil
			}
			p.id, _ = row[0].(int64)
			p.firstSeen, _ = row[1].(string)
		}
		if len(rows) < n {
			return false, nil
		}
	}
}

// transmission deletes one transmission, if it is old and the allowance is
// enough. Its observations go first. If they are more than a whole allowance,
// they go by and by.
func (p *packetPruner) transmission(l *ledger, a *allowance, row []driver.Value) (done bool, err error) {
	if a.left() == 0 {
		return false, nil
	}
	if lastSeen, _ := row[3].(int64); lastSeen >= p.before.Unix() {
		a.use(1, false)
		return true, nil
	}
	var cols [1]driver.Value
	if _, err := l.conn.query(cols[:], countObservations, row[0]); err != nil {
		return false, err
	}
	observations, _ := cols[0].(int64)
	if left := int64(a.left()); observations >= left {
		if a.used > 0 {
			return false, nil // the next chore has a whole allowance for it
		}
		return false, p.observations(l, a, row[0], left)
	}
	if err := p.observations(l, a, row[0], observations); err != nil {
		return false, err
	}
	if _, err := l.conn.exec(deleteTransmission, row[0]); err != nil {
		return false, err
	}
	a.use(1, true)
	if hash, ok := row[2].(string); ok {
		l.transmissions.remove(hash)
	}
	return true, nil
}

// observations deletes up to n observations of a transmission.
func (p *packetPruner) observations(l *ledger, a *allowance, transmission driver.Value, n int64) error {
	if n == 0 {
		return nil
	}
	did, err := l.conn.exec(deleteObservations, transmission, n)
	a.use(int(did.rows), true)
	return err
}
