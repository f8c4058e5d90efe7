package store

import (
	"context"
	"fmt"
	"time"
)

// ObserverStatus is what an observer last said of itself, as its row holds it.
type ObserverStatus struct {
	ID, Name, IATA                        string // IATA is never ""
	Model, Firmware, ClientVersion, Radio string // "" when it never said
	LastSeen                              time.Time
}

// selectStatuses leaves out rows of observers that never sent a status.
const selectStatuses = `SELECT id, COALESCE(name, ''), iata, COALESCE(model, ''), COALESCE(firmware, ''),
	COALESCE(client_version, ''), COALESCE(radio, ''), COALESCE(last_seen, '')
	FROM observers
	WHERE COALESCE(iata, '') <> '' AND COALESCE(inactive, 0) = 0
	AND COALESCE(model, firmware, client_version, radio, battery_mv, uptime_secs, noise_floor) IS NOT NULL
	ORDER BY last_seen DESC LIMIT ?`

// ObserverStatuses returns what up to limit active observers last said of
// themselves, those seen last first.
func (s *Store) ObserverStatuses(ctx context.Context, limit int) ([]ObserverStatus, error) {
	rows, err := s.read.QueryContext(ctx, selectStatuses, limit)
	if err != nil {
		return nil, fmt.Errorf("read observers' statuses: %w", err)
	}
	defer rows.Close()
	var all []ObserverStatus
	for rows.Next() {
		var o ObserverStatus
		var seen string
		if err := rows.Scan(&o.ID, &o.Name, &o.IATA, &o.Model, &o.Firmware, &o.ClientVersion, &o.Radio, &seen); err != nil {
			return nil, fmt.Errorf("read observers' statuses: %w", err)
		}
		o.LastSeen = parseTime(seen)
		all = append(all, o)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read observers' statuses: %w", err)
	}
	return all, nil
}
