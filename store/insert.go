package store

import (
	"bytes"
	"database/sql/driver"
	"fmt"
	"time"
)

// transmissionRow is what the writer remembers of a row of transmissions.
type transmissionRow struct {
	id        int64
	firstSeen string // as in its column
	lastSeen  int64  // likewise, Unix seconds
	earlier   bool   // firstSeen is to be written
	later     bool   // lastSeen is to be written
}

// packet stores a transmission and this observer's observation of it.
func (l *ledger) packet(r *Record, observer *observerRow) (Result, error) {
	raw := hexText(r.Transmission.Raw)
	row, isNew, err := l.transmission(r, raw)
	if err != nil {
		return Result{}, err
	}
	heard := raw
	if !bytes.Equal(r.Transmission.Raw, r.Observation.Raw) {
		heard = hexText(r.Observation.Raw)
	}
	relays := l.resolve(r.Observation)
	id, isKnown, err := l.observation(r, row.id, isNew, observer, heard, resolvedText(relays))
	if err != nil {
		return Result{}, err
	}
	if r.Observation.Travelled && r.Observer.Heard && !isKnown {
		l.noteRelays(r, relays)
	}
	return Result{TransmissionID: row.id, ObservationID: id, New: isNew, Duplicate: isKnown}, nil
}

const (
	insertTransmission = `INSERT INTO transmissions
		(id, raw_hex, hash, first_seen, route_type, payload_type, payload_version,
		 decoded_json, from_pubkey, last_seen, created_at, channel_hash, scope_name)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT(hash) DO NOTHING`

	selectTransmission = `SELECT id, first_seen, last_seen FROM transmissions WHERE hash = ?`
)

// transmission finds the row of a hash, or makes it. The first sighting's
// frame and meaning stay; later ones only move its times.
func (l *ledger) transmission(r *Record, raw string) (row *transmissionRow, isNew bool, err error) {
	t, at := r.Transmission, l.text.format(r.ReceivedAt)
	if row, ok := l.transmissions.get(t.Hash); ok {
		l.noteSighting(row, at, r.ReceivedAt)
		return row, false, nil
	}
	row = &transmissionRow{id: l.nextTransmission, firstSeen: at, lastSeen: r.ReceivedAt.Unix()}
	var from any
	if t.From != nil {
		from = keyText(t.From)
	}
	did, err := l.conn.exec(insertTransmission, row.id, raw, t.Hash, at,
		int64(t.RouteType), int64(t.PayloadType), int64(t.PayloadVersion),
		orNull(t.DecodedJSON), from, row.lastSeen, createdAt(at), orNull(t.ChannelHash), deref(t.ScopeName))
	if err != nil {
		return nil, false, fmt.Errorf("insert transmission: %w", err)
	}
	if isNew = did.rows == 1; isNew {
		l.nextTransmission++
	} else if err := l.readTransmission(t.Hash, row); err != nil {
		return nil, false, err
	} else {
		l.noteSighting(row, at, r.ReceivedAt)
	}
	l.transmissions.put(t.Hash, row)
	return row, isNew, nil
}

func (l *ledger) readTransmission(hash string, row *transmissionRow) error {
	var cols [3]driver.Value
	ok, err := l.conn.query(cols[:], selectTransmission, hash)
	if err != nil {
		return fmt.Errorf("find transmission: %w", err)
	}
	if !ok {
		return fmt.Errorf("find transmission %s: neither inserted nor there", hash)
	}
	row.id, _ = cols[0].(int64)
	row.firstSeen, _ = cols[1].(string)
	row.lastSeen, _ = cols[2].(int64)
	return nil
}

// noteSighting moves a transmission's times apart, when they move.
func (l *ledger) noteSighting(row *transmissionRow, at string, received time.Time) {
	wasDue := row.earlier || row.later
	if at < row.firstSeen {
		row.firstSeen, row.earlier = at, true
	}
	if sec := received.Unix(); sec > row.lastSeen {
		row.lastSeen, row.later = sec, true
	}
	if !wasDue && (row.earlier || row.later) {
		l.dueTransmissions = append(l.dueTransmissions, row)
	}
}

const (
	updateLastSeen  = `UPDATE transmissions SET last_seen = ?1 WHERE id = ?2 AND last_seen < ?1`
	updateFirstSeen = `UPDATE transmissions SET first_seen = ?1 WHERE id = ?2 AND first_seen > ?1`
)

func (l *ledger) flushTransmission(row *transmissionRow) error {
	if row.later {
		if _, err := l.conn.exec(updateLastSeen, row.lastSeen, row.id); err != nil {
			return fmt.Errorf("update transmission: %w", err)
		}
	}
	if row.earlier {
		if _, err := l.conn.exec(updateFirstSeen, row.firstSeen, row.id); err != nil {
			return fmt.Errorf("update transmission: %w", err)
		}
	}
	row.earlier, row.later = false, false
	return nil
}

const (
	insertObservation = `INSERT INTO observations
		(id, transmission_id, observer_idx, direction, snr, rssi, score, path_json, timestamp, raw_hex, resolved_path)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`

	// selectObservation uses IS: a unique index holds two NULLs for different,
	// but observations that name no observer are no less the same.
	selectObservation = `SELECT id FROM observations
		WHERE transmission_id = ? AND observer_idx IS ? AND COALESCE(path_json, '') = ?`

	// mergeObservation takes over what a repeat knows better. direction and
	// timestamp stay, and nothing is written when nothing is new.
	mergeObservation = `UPDATE observations SET
		snr = COALESCE(?1, snr), rssi = COALESCE(?2, rssi),
		score = COALESCE(?3, score), raw_hex = COALESCE(?4, raw_hex), resolved_path = COALESCE(?5, resolved_path)
		WHERE id = ?6 AND (snr IS NOT COALESCE(?1, snr) OR rssi IS NOT COALESCE(?2, rssi)
			OR score IS NOT COALESCE(?3, score) OR raw_hex IS NOT COALESCE(?4, raw_hex)
			OR resolved_path IS NOT COALESCE(?5, resolved_path))`
)

// observation stores one observer's hearing of a transmission, or merges it
// into the row of its first hearing over the same path.
func (l *ledger) observation(r *Record, transmission int64, isNew bool, observer *observerRow, raw string, resolved any) (id int64, isKnown bool, err error) {
	o := r.Observation
	path := pathText(o.Hops, o.HopSize)
	var idx any // NULL: no observer
	if observer != nil {
		idx = observer.rowid
	} else if !isNew {
		// The unique index does not catch a repeat of NULL.
		if id, isKnown, err = l.findObservation(transmission, idx, path); err != nil {
			return 0, false, err
		}
	}
	if !isKnown {
		did, err := l.conn.exec(insertObservation, l.nextObservation, transmission, idx, deref(o.Direction),
			deref(o.SNR), deref(o.RSSI), deref(o.Score), path, r.ReceivedAt.Unix(), orNull(raw), resolved)
		if err != nil {
			return 0, false, fmt.Errorf("insert observation: %w", err)
		}
		if did.rows == 1 {
			l.nextObservation++
			return l.nextObservation - 1, false, nil
		}
		if id, isKnown, err = l.findObservation(transmission, idx, path); err != nil {
			return 0, false, err
		}
	}
	if !isKnown {
		return 0, false, fmt.Errorf("find observation of transmission %d: neither inserted nor there", transmission)
	}
	if _, err := l.conn.exec(mergeObservation, deref(o.SNR), deref(o.RSSI), deref(o.Score), orNull(raw), resolved, id); err != nil {
		return 0, false, fmt.Errorf("update observation: %w", err)
	}
	return id, true, nil
}

func (l *ledger) findObservation(transmission int64, idx any, path string) (id int64, ok bool, err error) {
	var cols [1]driver.Value
	ok, err = l.conn.query(cols[:], selectObservation, transmission, idx, path)
	if err != nil {
		return 0, false, fmt.Errorf("find observation: %w", err)
	}
	id, _ = cols[0].(int64)
	return id, ok, nil
}
