package store

import (
	"context"
	"fmt"
	"time"
)

// Recent counts what came lately.
type Recent struct {
	ByType       [16]int // transmissions that were heard first then, by payload type
	Observations int
}

// Recent counts what came since a time.
func (s *Store) Recent(ctx context.Context, since time.Time) (r Recent, err error) {
	const (
		types = `SELECT COALESCE(payload_type, 0) & 15, count(*) FROM transmissions WHERE first_seen >= ? GROUP BY 1`
		heard = `SELECT count(*) FROM observations WHERE timestamp >= ?`
	)
	rows, err := s.read.QueryContext(ctx, types, since.UTC().Format(timeLayout))
	if err != nil {
		return r, fmt.Errorf("count recent packets: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var t, n int
		if err := rows.Scan(&t, &n); err != nil {
			return r, fmt.Errorf("count recent packets: %w", err)
		}
		r.ByType[t] = n
	}
	if err := rows.Err(); err != nil {
		return r, fmt.Errorf("count recent packets: %w", err)
	}
	if err := s.read.QueryRowContext(ctx, heard, since.Unix()).Scan(&r.Observations); err != nil {
		return r, fmt.Errorf("count recent packets: %w", err)
	}
	return r, nil
}

// Counts is how much the database holds.
type Counts struct {
	Packets           int64 // transmissions, by their ids: exact unless rows between were deleted
	Observations      int64
	PacketsToday      int64 // heard first in the last 24 hours
	ObservationsToday int64

	// Daily is how many of today's observations were stored by the beginning of
	// each of the last days, oldest first, one a day; the last one is now.
	Daily []int64
}

// Counts estimates from the ids at both ends of the tables and at the days
// between, so it takes no longer for a large database than for a small one.
func (s *Store) Counts(ctx context.Context, now time.Time, days int) (Counts, error) {
	const (
		txIDs  = `SELECT COALESCE((SELECT min(id) FROM transmissions), 0), COALESCE((SELECT max(id) FROM transmissions), -1)`
		obsIDs = `SELECT COALESCE((SELECT min(id) FROM observations), 0), COALESCE((SELECT max(id) FROM observations), -1)`
		txAt   = `SELECT COALESCE((SELECT id FROM transmissions WHERE first_seen >= ? ORDER BY first_seen LIMIT 1), ?)`
		obsAt  = `SELECT COALESCE((SELECT id FROM observations WHERE timestamp >= ? ORDER BY timestamp LIMIT 1), ?)`
	)
	ids := func(query string) (first, last int64, err error) {
		err = s.read.QueryRowContext(ctx, query).Scan(&first, &last)
		return first, last, err
	}
	at := func(query string, when any, last int64) (id int64, err error) {
		err = s.read.QueryRowContext(ctx, query, when, last+1).Scan(&id)
		return id, err
	}
	var c Counts
	first, last, err := ids(txIDs)
	if err == nil {
		c.Packets = last - first + 1
		var id int64
		id, err = at(txAt, now.Add(-24*time.Hour).UTC().Format(timeLayout), last)
		c.PacketsToday = last + 1 - id
	}
	if err == nil {
		first, last, err = ids(obsIDs)
		c.Observations = last - first + 1
	}
	for day := days; day >= 0 && err == nil; day-- {
		var id int64
		id, err = at(obsAt, now.AddDate(0, 0, -day).Unix(), last)
		if day == 1 {
			c.ObservationsToday = last + 1 - id
		}
		if day == 0 {
			id = last + 1
		}
		c.Daily = append(c.Daily, max(id-first, 0))
	}
	if err != nil {
		return Counts{}, fmt.Errorf("count rows: %w", err)
	}
	return c, nil
}
