package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

// adoptedVersion is the version that a database of CoreScope has once it is
// taken over: that of 0001, whose tables are the same.
const adoptedVersion = 1

// adopt takes over a database that CoreScope made: it gets whatever of 0001 it
// lacks, rows and schema, and all of CoreScope's marks. It runs inside the
// transaction that opens the file, so the file is CoreScope's or the hub's,
// never half of either.
//
// All of it is done before Open returns, also what CoreScope's ingestor does in
// the background: rows with last_seen 0 would be pruned as if they were of
// 1970, nodes in upper case would be doubled by the first advert, and a server
// that starts meanwhile would show what is not true. Time grows with the file,
// about as fast as SQLite can read it; memory does not, since rows stay in
// SQLite, whose page cache and sorter are bounded.
//
// Marks are written and not believed: every step is done whether or not its
// mark is there, and finds nothing to do where it was done before.
//
// It returns how many rows got a path, and how many a scope, which CoreScope
// counts.
func adopt(ctx context.Context, conn querier, log *slog.Logger) (got filled, err error) {
	want, marks, err := coreScope(ctx)
	if err != nil {
		return got, err
	}
	steps := []struct {
		act string
		do  func() error
	}{
		{"drop what CoreScope gave up", func() error { return execAll(ctx, conn, dropObsolete...) }},
		{"complete the tables", func() error { return completeTables(ctx, conn, want) }},
		{"repair observations", func() error { return repairObservations(ctx, conn, want) }},
		{"index observations", func() error { return completeIndexes(ctx, conn, want, "observations") }},
		{"read paths", func() (err error) { got.paths, err = fillPaths(ctx, conn); return err }},
		{"write times in one form", func() error { return exactTimes(ctx, conn) }},
		{"fill transmissions", func() error { return execAll(ctx, conn, fillTransmissions...) }},
		{"complete the indexes", func() error { return completeIndexes(ctx, conn, want, "") }},
		{"fold the keys of nodes", func() error { return foldNodeKeys(ctx, conn) }},
		{"fill the scopes of nodes", func() (err error) { got.scopes, err = fillScopes(ctx, conn); return err }},
		{"fill nodes and observers", func() error { return execAll(ctx, conn, fillStations...) }},
		{"make the view", func() error { return remakeViews(ctx, conn, want) }},
		{"write the marks", func() error { return marks.write(ctx, conn) }},
	}
	for i, step := range steps {
		start := time.Now()
		stop := tellEvery(betweenLines, log, "still taking over CoreScope's database", "step", fmt.Sprintf("%d of %d, %s", i+1, len(steps), step.act))
		err := step.do()
		stop()
		if err != nil {
			return got, fmt.Errorf("%s: %w", step.act, err)
		}
		log.Debug("taking over CoreScope's database", "step", step.act, "dur", time.Since(start))
	}
	return got, setUserVersion(ctx, conn, adoptedVersion)
}

// filled counts rows that were completed.
type filled struct{ paths, scopes int64 }

// dropObsolete: the view is in the way of changing its tables, and the indexes
// are those that CoreScope's ingestor drops when it finds them. A file that is
// vacuumed at each commit goes on as CoreScope's ingestor would have it; one
// that is never vacuumed stays so until somebody runs VACUUM.
var dropObsolete = []string{
	"DROP VIEW IF EXISTS packets_v",
	"DROP INDEX IF EXISTS idx_client_recept_rxpk",
	"DROP INDEX IF EXISTS idx_tx_last_seen",
	"PRAGMA auto_vacuum = INCREMENTAL",
}

func execAll(ctx context.Context, conn querier, statements ...string) error {
	for _, s := range statements {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", firstWords(s), err)
		}
	}
	return nil
}

// firstWords names a statement in an error.
func firstWords(statement string) string {
	words := strings.Fields(statement)
	return strings.Join(words[:min(4, len(words))], " ")
}

// adoptFailed is err for an operator. The file is CoreScope's as before.
func adoptFailed(path string, err error) error {
	const act = "open database %s: take over CoreScope's file: %w"
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf(act, path, err)
	}
	switch resultCode(err) {
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT:
		return fmt.Errorf(act+"; let CoreScope's ingestor open it once, or choose another path", path, err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf(act+"; free %d MB, or choose a path on another disk", path, err, fileSize(path)>>20+1)
	}
	return openFailed(path, fmt.Errorf("take over CoreScope's file: %w", err))
}
