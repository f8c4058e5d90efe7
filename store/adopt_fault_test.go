package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// oldState is everything in a file that has not been taken over.
func oldState(t *testing.T, path string) []string {
	t.Helper()
	return append(dump(t, path, "SELECT * FROM sqlite_schema"), commonRows(t, path)...)
}

// tryToTakeOver does what Open does, on a connection of the test's.
func tryToTakeOver(t *testing.T, ctx context.Context, path string, spoil func(conn *sql.Conn) (querier, error)) error {
	t.Helper()
	conn, err := openWriteConn(ctx, writerDSN(path, "rw", testOptions()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.close()
	db, err := spoil(conn.held)
	if err != nil {
		t.Fatal(err)
	}
	_, err = migrate(ctx, db, path, slog.New(slog.DiscardHandler))
	return err
}

// SQLite's own limit on the file's size gives the error of a full disk.
func TestFullDiskLeavesOldFileAsItWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	makeLargeFile(t, path, adoptScript(t, "first.sql"), 4000)
	before := oldState(t, path)
	err := tryToTakeOver(t, t.Context(), path, func(conn *sql.Conn) (querier, error) {
		_, err := conn.ExecContext(t.Context(), "PRAGMA max_page_count = 1") // the least there is: what the file has now
		return conn, err
	})
	if err == nil {
		t.Fatal("taken over on a full disk")
	}
	wantOneLine(t, err, path, "take over CoreScope's file", "disk is full", "free 2 MB")
	if diff := cmp.Diff(before, oldState(t, path)); diff != "" {
		t.Errorf("file changed:\n%s", diff)
	}
	if size := fileSize(path + "-wal"); size > 0 {
		t.Errorf("%d bytes left in the WAL", size)
	}
	openAt(t, path).Close()
	checkShape(t, path)
}

// countdown lets n statements pass and calls spend ahead of each one more.
type countdown struct {
	querier
	n     int
	spend func() error
}

func (c *countdown) step() error {
	if c.n--; c.n < 0 {
		return c.spend()
	}
	return nil
}

func (c *countdown) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if query != "ROLLBACK" {
		if err := c.step(); err != nil {
			return nil, err
		}
	}
	return c.querier.ExecContext(ctx, query, args...)
}

func (c *countdown) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := c.step(); err != nil {
		return nil, err
	}
	return c.querier.QueryContext(ctx, query, args...)
}

// Whichever statement fails, the file is as it was, and can be taken over
// later.
func TestFailureAtAnyStatementLeavesOldFileAsItWas(t *testing.T) {
	path := oldFile(t, adoptScript(t, "node.sql"), oldRows(t))
	before := oldState(t, path)
	failure := errors.New("card pulled out")
	for n := rand.IntN(4); ; n += 4 {
		err := tryToTakeOver(t, t.Context(), path, func(conn *sql.Conn) (querier, error) {
			return &countdown{querier: conn, n: n, spend: func() error { return failure }}, nil
		})
		if err == nil {
			if n < 30 {
				t.Fatalf("taken over by %d statements", n)
			}
			break
		}
		if !errors.Is(err, failure) {
			t.Fatalf("statement %d: %v", n, err)
		}
		if diff := cmp.Diff(before, oldState(t, path)); diff != "" {
			t.Fatalf("statement %d failed and the file changed:\n%s", n, diff)
		}
	}
	checkShape(t, path)
	checkFilledRows(t, path)
	checkMarks(t, path)
}

func TestTakingOverStopsWhenAsked(t *testing.T) {
	path := oldFile(t, adoptScript(t, "first.sql"), oldRows(t))
	before := oldState(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	err := tryToTakeOver(t, ctx, path, func(conn *sql.Conn) (querier, error) {
		return &countdown{querier: conn, n: 20, spend: func() error { cancel(); return nil }}, nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context.Canceled", err)
	}
	if diff := cmp.Diff(before, oldState(t, path)); diff != "" {
		t.Errorf("file changed:\n%s", diff)
	}
}
