package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	sqlite3 "modernc.org/sqlite/lib"
)

// pageSize is the page size of fresh files, in bytes, and what the sizes of
// Options are counted in.
const pageSize = 4096

// dsn names the file at path with SQLite's own URI parameters and pragmas,
// each written as key=value. Pragmas run in the order given.
func dsn(path string, params ...string) string {
	query := make([]string, len(params))
	for i, p := range params {
		key, value, _ := strings.Cut(p, "=")
		query[i] = key + "=" + url.QueryEscape(value)
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: strings.Join(query, "&")}).String()
}

// writerDSN opens the file to write. auto_vacuum and page_size mean something
// only for a file without tables, and have to come before WAL mode.
//
// mode is rwc to make the file when there is none, rw to insist on it.
func writerDSN(path, mode string, opts Options) string {
	return dsn(path,
		"mode="+mode,
		"_pragma=busy_timeout(5000)",
		"_pragma=page_size("+strconv.Itoa(pageSize)+")",
		"_pragma=auto_vacuum(INCREMENTAL)",
		"_pragma=journal_mode(WAL)",
		"_pragma=foreign_keys(ON)",
		"_pragma=synchronous(FULL)",
		"_pragma=wal_autocheckpoint(0)",
		"_pragma=journal_size_limit("+strconv.FormatInt(4*opts.CheckpointBytes, 10)+")",
		"_pragma=cache_size(-"+strconv.FormatInt(opts.CacheBytes>>10, 10)+")",
	)
}

// readerDSN opens the file to read.
func readerDSN(path string) string {
	return dsn(path, "mode=ro", "_pragma=busy_timeout(5000)", "_pragma=query_only(ON)")
}

// resolve makes path absolute and follows a link, so that every name of a
// file leads to one lock.
func resolve(path string) (string, error) {
	if path == "" {
		return "", errors.New("open database: no path given")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("open database %s: %w", path, err)
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real, nil
	}
	return abs, nil
}

// inspect refuses a file that is there and is not ours to write, without
// changing a byte of it.
func inspect(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return openFailed(path, errors.Unwrap(err)) // of an fs.PathError, which names the path again
	case info.IsDir():
		return fmt.Errorf("open database %s: is a directory; give the path of a file in it", path)
	case info.Size() == 0 && fileSize(path+"-wal") == 0:
		return nil
	}
	db, err := sql.Open("sqlite", dsn(path, inspectParams(path)...))
	if err != nil {
		return fmt.Errorf("open database %s: %w", path, err)
	}
	defer db.Close()
	return checkContents(ctx, db, path)
}

// inspectParams opens a file without leaving traces. A reader of a file in WAL
// mode makes -wal and -shm files unless told that nobody writes, which is true
// while there is no WAL. After a power cut in the middle of the file's first
// transaction there is a rollback journal to play back; that alone needs
// writing, and is SQLite's own repair.
func inspectParams(path string) []string {
	switch {
	case fileSize(path+"-journal") > 0:
		return []string{"mode=rw"}
	case fileSize(path+"-wal") > 0:
		return []string{"mode=ro"}
	}
	return []string{"mode=ro", "immutable=1"}
}

// checkContents says in one line why the file cannot be used, if it cannot.
func checkContents(ctx context.Context, db querier, path string) error {
	tables, err := tableNames(ctx, db)
	if err != nil {
		if resultCode(err) == sqlite3.SQLITE_NOTADB {
			return fmt.Errorf("open database %s: not an SQLite database; move the file away or choose another path", path)
		}
		return openFailed(path, err)
	}
	if len(tables) == 0 {
		return nil
	}
	for _, table := range []string{"nodes", "observers", "transmissions", "observations"} {
		if !slices.Contains(tables, table) {
			return fmt.Errorf("open database %s: an SQLite file of another program (it has no table %s); choose another path", path, table)
		}
	}
	version, err := userVersion(ctx, db)
	if err != nil {
		return openFailed(path, err)
	}
	if latest := latestVersion(); version > latest {
		return fmt.Errorf("open database %s: written by a newer corescope-hub (schema %d, this one knows %d); install that version or restore a backup", path, version, latest)
	}
	return nil
}

// querier is a *sql.DB, *sql.Conn or *sql.Tx.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func tableNames(ctx context.Context, db querier) ([]string, error) {
	return queryStrings(ctx, db, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`)
}

func userVersion(ctx context.Context, db querier) (version int, err error) {
	err = db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	return version, err
}

func queryStrings(ctx context.Context, db querier, query string, args ...any) (out []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// fileSize is the size of a file in bytes, 0 when there is none.
func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
