package store

import (
	"context"
	"fmt"
)

// marks are the names under which CoreScope's ingestor keeps that it has done a
// migration, so that it does not do it again.
type marks struct {
	done  []string // _migrations
	async []string // _async_migrations
}

func readMarks(ctx context.Context, db querier) (*marks, error) {
	m := &marks{}
	var err error
	if m.done, err = queryStrings(ctx, db, "SELECT name FROM _migrations"); err != nil {
		return nil, fmt.Errorf("read _migrations: %w", err)
	}
	if m.async, err = queryStrings(ctx, db, "SELECT name FROM _async_migrations"); err != nil {
		return nil, fmt.Errorf("read _async_migrations: %w", err)
	}
	return m, nil
}

const (
	markDone = `INSERT OR IGNORE INTO _migrations(name) VALUES(?)`

	markAsyncDone = `INSERT INTO _async_migrations(name, status, ended_at) VALUES(?, 'done', datetime('now'))
		ON CONFLICT(name) DO UPDATE SET status = 'done', ended_at = excluded.ended_at, error = NULL
		WHERE status <> 'done'`
)

// write sets all marks, also those of migrations that CoreScope has begun and
// not finished.
func (m *marks) write(ctx context.Context, conn querier) error {
	for _, name := range m.done {
		if _, err := conn.ExecContext(ctx, markDone, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, name := range m.async {
		if _, err := conn.ExecContext(ctx, markAsyncDone, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
