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

// writerDSN opens the file to write. page_size and auto_vacuum are a fresh
// file's, and have to come before WAL mode; to set auto_vacuum again would
// write to the file each time it is opened.
//
// mode is rwc to make the file when there is none, rw to insist on it.
func writerDSN(path, mode string, opts Options) string {
	params := []string{"mode=" + mode, "vfs=" + joinedWAL, "_pragma=busy_timeout(5000)"}
	if isFresh(path) || fileSize(path+"-journal") > 0 { // which may make it fresh again
		params = append(params, "_pragma=page_size("+strconv.Itoa(pageSize)+")", "_pragma=auto_vacuum(INCREMENTAL)")
	}
	return dsn(path, append(params,
		"_pragma=journal_mode(WAL)",
		"_pragma=foreign_keys(ON)",
		"_pragma=synchronous(FULL)",
		"_pragma=wal_autocheckpoint(0)",
		"_pragma=journal_size_limit("+strconv.FormatInt(4*opts.CheckpointBytes, 10)+")",
		"_pragma=cache_size(-"+strconv.FormatInt(opts.CacheBytes>>10, 10)+")",
	)...)
}

// isFresh reports whether there is no database at path yet, also not one that
// is all in its WAL.
func isFresh(path string) bool { return fileSize(path) == 0 && fileSize(path+"-wal") == 0 }

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
		return checkNoWAL(path)
	case err != nil:
		return openFailed(path, errors.Unwrap(err)) // of an fs.PathError, which names the path again
	case info.IsDir():
		return fmt.Errorf("open database %s: is a directory; give the path of a file in it", path)
	case isFresh(path):
		return nil
	}
	db, err := sql.Open("sqlite", dsn(path, inspectParams(path)...))
	if err != nil {
		return fmt.Errorf("open database %s: %w", path, err)
	}
	defer db.Close()
	_, err = checkContents(ctx, db, path)
	return err
}

// checkNoWAL refuses to make a database beside the WAL of another, which SQLite
// would delete: its rows may be in no other file.
func checkNoWAL(path string) error {
	if fileSize(path+"-wal") == 0 {
		return nil
	}
	return fmt.Errorf("open database %s: the file is gone, but its WAL is there and may hold rows that are nowhere else; move the file back, or move %s-wal away to begin anew", path, path)
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

// origin is whose file it is, and how far it has come.
type origin struct {
	coreScope bool // made by CoreScope, and not the hub's yet
	version   int  // of the hub's migrations; 0 for a file without tables
}

// coreScopeVersions are the user_versions of files that are not the hub's yet:
// 0 of CoreScope's ingestor, 3 of the Node server before it, for the schema
// that they share, and 1 of a hub that did not declare the rowids of files it
// took over.
var coreScopeVersions = []int{0, 1, 3}

// checkContents tells whose file it is, or says in one line why it cannot be
// used. That observers declare their rowid is what makes a file the hub's: the
// hub sees to it, and nobody else does.
func checkContents(ctx context.Context, db querier, path string) (origin, error) {
	s, err := readShape(ctx, db)
	if err != nil {
		if resultCode(err) == sqlite3.SQLITE_NOTADB {
			return origin{}, fmt.Errorf("open database %s: not an SQLite database; move the file away or choose another path", path)
		}
		return origin{}, openFailed(path, err)
	}
	var o origin
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&o.version); err != nil {
		return origin{}, openFailed(path, err)
	}
	if len(s.of("table")) == 0 {
		return origin{}, nil
	}
	if err := s.checkTables(); err != nil {
		return origin{}, fmt.Errorf("open database %s: %w", path, err)
	}
	o.coreScope = !s.declaresRowid("observers") || o.version == 0 // as in a copy made through SQL text
	if latest := latestVersion(); o.coreScope && !slices.Contains(coreScopeVersions, o.version) || o.version > latest && !o.coreScope {
		return origin{}, fmt.Errorf("open database %s: written by a newer corescope-hub or CoreScope (schema %d, this one knows %d); install that version or restore a backup", path, o.version, latest)
	}
	return o, nil
}

// checkTables refuses a file of another program, and one of a CoreScope whose
// observations named their observer in text. CoreScope's ingestor cannot use
// such a file; the Node server before it turned them into today's.
func (s *shape) checkTables() error {
	old := errors.New("made by a CoreScope from before its schema 3; start CoreScope's last release with a Node server on it once, which converts it, or choose another path")
	if s.columns["packets"] != nil && s.columns["transmissions"] == nil {
		return old
	}
	for _, table := range []string{"nodes", "observers", "transmissions", "observations"} {
		if s.columns[table] == nil {
			return fmt.Errorf("an SQLite file of another program (it has no table %s); choose another path", table)
		}
	}
	if !slices.Contains(s.columnNames("observations"), "observer_idx") {
		return old
	}
	return nil
}

// querier is a *sql.DB, *sql.Conn or *sql.Tx.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// queryStrings reads the first column of every row.
func queryStrings(ctx context.Context, db querier, query string, args ...any) (out []string, err error) {
	err = eachRow(ctx, db, func(scan func(...any) error) error {
		var s string
		err := scan(&s)
		out = append(out, s)
		return err
	}, query, args...)
	return out, err
}

// eachRow calls f with the Scan of each row of a query.
func eachRow(ctx context.Context, db querier, f func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// fileSize is the size of a file in bytes, 0 when there is none.
func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
