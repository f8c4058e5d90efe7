package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// migrations holds numbered SQL files. One that has been released is never
// edited. The number of the last one applied is the file's user_version, a
// field of the SQLite header that no CoreScope program looks at.
//
//go:embed migrations/*.sql
var migrations embed.FS

// adoptedVersion is the version that a database of CoreScope's ingestor has
// once it is found complete: that of 0001, whose tables are the same.
const adoptedVersion = 1

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
// finds the old schema or the new one, never half of it.
func migrate(ctx context.Context, conn *sql.Conn, path string) (err error) {
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return openFailed(path, err)
	}
	defer func() {
		if err != nil {
			conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		}
	}()
	if err := checkContents(ctx, conn, path); err != nil {
		return err
	}
	version, err := adopt(ctx, conn, path)
	if err != nil {
		return err
	}
	for i, name := range migrationNames() {
		if i < version {
			continue
		}
		if err := applyMigration(ctx, conn, name, i+1); err != nil {
			return openFailed(path, fmt.Errorf("apply %s: %w", name, err))
		}
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return openFailed(path, err)
	}
	return nil
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

// adopt returns the version the migrations start from. A file with tables and
// no version was made by CoreScope's ingestor: it is taken over as it is when
// it has everything the writer needs. This is the place to complete an older
// one.
func adopt(ctx context.Context, conn querier, path string) (int, error) {
	version, err := userVersion(ctx, conn)
	if err != nil || version > 0 {
		return version, err
	}
	tables, err := tableNames(ctx, conn)
	if err != nil || len(tables) == 0 {
		return 0, err
	}
	missing, err := missingParts(ctx, conn)
	if err != nil {
		return 0, fmt.Errorf("open database %s: %w", path, err)
	}
	if len(missing) > 0 {
		return 0, fmt.Errorf("open database %s: made by an older CoreScope, it lacks %s; run a current CoreScope ingestor on it once", path, strings.Join(missing, ", "))
	}
	return adoptedVersion, setUserVersion(ctx, conn, adoptedVersion)
}

// missingParts names the columns of 0001 that the file does not have, and the
// index that makes observations unique. The declared rowid is not one of them:
// every file has a rowid to ask for.
func missingParts(ctx context.Context, conn querier) ([]string, error) {
	reference, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer reference.Close()
	reference.SetMaxOpenConns(1) // each connection would be a database of its own
	if err := applyMigration(ctx, reference, migrationNames()[adoptedVersion-1], adoptedVersion); err != nil {
		return nil, err
	}
	want, err := parts(ctx, reference)
	if err != nil {
		return nil, err
	}
	have, err := parts(ctx, conn)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(want, func(part string) bool {
		return part == "observers.rowid" || slices.Contains(have, part)
	}), nil
}

func parts(ctx context.Context, db querier) ([]string, error) {
	return queryStrings(ctx, db, `
		SELECT t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c
		WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'
		UNION ALL
		SELECT name FROM sqlite_schema WHERE name = 'idx_observations_dedup'`)
}

func setUserVersion(ctx context.Context, db querier, version int) error {
	_, err := db.ExecContext(ctx, "PRAGMA user_version = "+strconv.Itoa(version))
	return err
}
