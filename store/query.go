package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// ObservationRow is one observer hearing one transmission, as stored, with the
// transmission and the observer it belongs to.
type ObservationRow struct {
	ID             int64
	TransmissionID int64
	ReceivedAt     time.Time // hub clock, whole seconds

	ObserverID   string // "" when none is named
	ObserverName string
	IATA         string
	Direction    string   // as sent; "" when not
	SNR          *float64 // dB
	RSSI         *float64 // dBm
	Score        *int64   // 0 to 1000
	Path         []string // path hashes, upper-case hex digits
	Raw          []byte   // the frame as this observer heard it

	Hash           string // 16 lower-case hex digits
	FirstSeen      time.Time
	RouteType      uint8
	PayloadType    uint8
	PayloadVersion uint8
	DecodedJSON    string
	ChannelHash    string    // channel name, or "enc_" and the channel hash
	ScopeName      *string   // nil: not scoped; "": scoped, region unknown; else "#region"
	From           *[32]byte // adverts: the node's public key
}

// selectObservations casts what CoreScope's own writer may have stored with
// another type than the column's: fractions in score.
const selectObservations = `SELECT
	o.id, o.transmission_id, o.timestamp,
	COALESCE(obs.id, ''), COALESCE(obs.name, ''), COALESCE(obs.iata, ''),
	COALESCE(o.direction, ''), o.snr, o.rssi, CAST(round(o.score) AS INTEGER),
	COALESCE(o.path_json, ''), COALESCE(o.raw_hex, t.raw_hex),
	t.hash, t.first_seen,
	COALESCE(t.route_type, 0), COALESCE(t.payload_type, 0), COALESCE(t.payload_version, 0),
	COALESCE(t.decoded_json, ''), COALESCE(t.channel_hash, ''), t.scope_name, COALESCE(t.from_pubkey, '')
	FROM observations o
	JOIN transmissions t ON t.id = o.transmission_id
	LEFT JOIN observers obs ON obs.rowid = o.observer_idx
	WHERE o.id > ? ORDER BY o.id LIMIT ?`

// ObservationsAfter returns up to limit observations with an id above id, in
// the order of their ids. All of them are committed: none will be taken back.
func (s *Store) ObservationsAfter(ctx context.Context, id int64, limit int) ([]ObservationRow, error) {
	rows, err := s.read.QueryContext(ctx, selectObservations, id, limit)
	if err != nil {
		return nil, fmt.Errorf("read observations: %w", err)
	}
	defer rows.Close()
	var out []ObservationRow
	for rows.Next() {
		row, err := scanObservation(rows)
		if err != nil {
			return nil, fmt.Errorf("read observations: %w", err)
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read observations: %w", err)
	}
	return out, nil
}

func scanObservation(rows *sql.Rows) (r ObservationRow, err error) {
	var (
		received, route, payload, version int64
		path, raw, first, from            string
	)
	err = rows.Scan(&r.ID, &r.TransmissionID, &received,
		&r.ObserverID, &r.ObserverName, &r.IATA,
		&r.Direction, &r.SNR, &r.RSSI, &r.Score,
		&path, &raw,
		&r.Hash, &first, &route, &payload, &version,
		&r.DecodedJSON, &r.ChannelHash, &r.ScopeName, &from)
	if err != nil {
		return ObservationRow{}, err
	}
	r.ReceivedAt, r.FirstSeen = time.Unix(received, 0).UTC(), parseTime(first)
	r.RouteType, r.PayloadType, r.PayloadVersion = uint8(route), uint8(payload), uint8(version)
	r.Path, r.Raw, r.From = parsePath(path), parseHex(raw), parseKey(from)
	return r, nil
}
