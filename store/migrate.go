package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strconv"
	"time"
)

// migrations holds numbered SQL files. One that has been released is never
// edited. The number of the last one applied is the user_version of the hub's
// files, a field of the SQLite header that CoreScope's ingestor and its server
// do not look at.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrationNames lists the files in the order of their numbers, from 1.
func migrationNames() []string {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	slices.Sort(names)
	return names
}

func latestVersion() int { return len(migrationNames()) }

// migrate brings the file up to date in one transaction: whoever opens it
// finds the old schema or the new one, never half of it. A file of CoreScope's
// is taken over first.
func migrate(ctx context.Context, conn querier, path string, log *slog.Logger) (filled, error) {
	start := time.Now()
	from, got, err := migrateWhole(ctx, conn, path, log)
	if err != nil || !from.coreScope {
		return got, err
	}
	// The WAL may be as large as the file now. Copied here, no record waits for
	// it; a reader that prevents it does no harm.
	if _, err := conn.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		log.Debug("checkpoint", "err", err)
	}
	log.Info("CoreScope's database is taken over", "dur", time.Since(start))
	return got, nil
}

func migrateWhole(ctx context.Context, conn querier, path string, log *slog.Logger) (from origin, got filled, err error) {
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return from, got, openFailed(path, err)
	}
	defer func() {
		if err != nil {
			conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		}
	}()
	// Once more, inside the transaction: the file may have changed since.
	if from, err = checkContents(ctx, conn, path); err != nil {
		return from, got, err
	}
	if err := checkWritable(ctx, conn, from); err != nil {
		return from, got, openFailed(path, err)
	}
	version := from.version
	if from.coreScope {
		log.Info("taking over CoreScope's database; it stays as it is until this is done")
		if got, err = adopt(ctx, conn, log); err != nil {
			return from, got, adoptFailed(path, err)
		}
		version = adoptedVersion
	}
	for i, name := range migrationNames() {
		if i < version {
			continue
		}
		if err := applyMigration(ctx, conn, name, i+1); err != nil {
			return from, got, openFailed(path, fmt.Errorf("apply %s: %w", name, err))
		}
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return from, got, openFailed(path, err)
	}
	return from, got, nil
}

// checkWritable finds a file that this user may only read, such as a backup that
// root has copied back. SQLite opens it all the same, begins a transaction, and
// complains at the first statement that would write; this one changes no row.
func checkWritable(ctx context.Context, conn querier, from origin) error {
	if from == (origin{}) { // a fresh file is the hub's own
		return nil
	}
	_, err := conn.ExecContext(ctx, "DELETE FROM observers WHERE 0")
	return err
}

func applyMigration(ctx context.Context, conn querier, name string, version int) error {
	script, err := migrations.ReadFile(name)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, string(script)); err != nil {
		return err
	}
	return setUserVersion(ctx, conn, version)
}

func setUserVersion(ctx context.Context, db querier, version int) error {
	_, err := db.ExecContext(ctx, "PRAGMA user_version = "+strconv.Itoa(version))
	return err
}
