package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"log/slog"
	"time"
)

const (
	// freePages is 0 for a file whose pages cannot be moved: one that CoreScope
	// made before it knew of this, until somebody runs VACUUM.
	freePages = `SELECT iif(v.auto_vacuum = 2, f.freelist_count, 0) FROM pragma_auto_vacuum v, pragma_freelist_count f`

	// vacuumPage moves the last page of the file into one that is free, and cuts
	// the file.
	vacuumPage = `PRAGMA incremental_vacuum(1)`
)

// vacuum gives up to pages free pages back to the file system. Its rows are
// pages.
func vacuum(pages int) sweep {
	return func(l *ledger, a *allowance) (more bool, err error) {
		var cols [1]driver.Value
		if _, err := l.conn.query(cols[:], freePages); err != nil {
			return false, fmt.Errorf("count free pages: %w", err)
		}
		free, _ := cols[0].(int64)
		for pages > 0 && free > 0 {
			if a.left() == 0 {
				return true, nil
			}
			if _, err := l.conn.exec(vacuumPage); err != nil {
				return false, fmt.Errorf("vacuum: %w", err)
			}
			a.use(1, true)
			pages, free = pages-1, free-1
		}
		return false, nil
	}
}

// vacuumWhole writes the file anew. VACUUM may renumber the rows of a table
// that declares no rowid, to which observations would refer; Open has seen to it
// that observers declare theirs. A file that there is no room for stays as it
// is: it is fine without.
func vacuumWhole(ctx context.Context, conn *sql.Conn, log *slog.Logger) error {
	began := time.Now()
	for _, statement := range []string{"PRAGMA auto_vacuum = INCREMENTAL", "VACUUM", truncateWAL} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			log.Warn("the database is not vacuumed", "err", err)
			return ctx.Err()
		}
	}
	log.Info("database vacuumed", "dur", time.Since(began))
	return nil
}
