package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// completeTables makes the tables that are missing and adds the columns that
// are missing. Two kinds are made anew instead, which keeps their rows and
// rowids: observers, to declare the rowid that observations refer to, and the
// two tables of nodes when their columns are in different orders, because
// CoreScope's ingestor moves rows from one to the other by position.
func completeTables(ctx context.Context, conn querier, want *shape) error {
	have, err := readShape(ctx, conn)
	if err != nil {
		return err
	}
	for _, table := range want.of("table") {
		_, known := have.find("table", table.name)
		switch {
		case !known:
			_, err = conn.ExecContext(ctx, table.sql)
		case table.name == "observers" && !have.declaresRowid(table.name):
			err = remakeTable(ctx, conn, have, want, table.name)
		default:
			err = addColumns(ctx, conn, have, want, table.name)
		}
		if err != nil {
			return fmt.Errorf("table %s: %w", table.name, err)
		}
	}
	if have, err = readShape(ctx, conn); err != nil {
		return err
	}
	if slices.Equal(have.columnNames("nodes"), have.columnNames("inactive_nodes")) {
		return nil
	}
	for _, table := range []string{"nodes", "inactive_nodes"} {
		if err := remakeTable(ctx, conn, have, want, table); err != nil {
			return fmt.Errorf("table %s: %w", table, err)
		}
	}
	return nil
}

func addColumns(ctx context.Context, conn querier, have, want *shape, table string) error {
	names := have.columnNames(table)
	for _, c := range want.columns[table] {
		if slices.Contains(names, c.name) {
			continue
		}
		if err := addColumn(ctx, conn, table, c); err != nil {
			return err
		}
	}
	return nil
}

func addColumn(ctx context.Context, conn querier, table string, c column) error {
	_, err := conn.ExecContext(ctx, "ALTER TABLE "+table+" ADD COLUMN "+quoted(c.name)+" "+c.declaration)
	if err != nil {
		return fmt.Errorf("add column %s: %w", c.name, err)
	}
	return nil
}

// remakeTable makes a table anew as 0001 declares it. Its rows keep their
// rowids; columns that 0001 does not know come last, and indexes and triggers
// are made again. DROP and CREATE, not RENAME: that would look into every view
// of the file.
func remakeTable(ctx context.Context, conn querier, have, want *shape, table string) error {
	var shared []string
	var others []column
	for _, c := range have.columns[table] {
		switch {
		case c.name == "rowid": // goes by itself
		case slices.Contains(want.columnNames(table), c.name):
			shared = append(shared, c.name)
		default:
			others = append(others, c)
			shared = append(shared, quoted(c.name))
		}
	}
	made, _ := want.find("table", table)
	columns := strings.Join(shared, ", ")
	err := execAll(ctx, conn,
		"CREATE TABLE hub_remake AS SELECT rowid AS hub_rowid, "+columns+" FROM "+table,
		"DROP TABLE "+table,
		made.sql)
	if err != nil {
		return err
	}
	for _, c := range others {
		if err := addColumn(ctx, conn, table, c); err != nil {
			return err
		}
	}
	err = execAll(ctx, conn,
		"INSERT INTO "+table+" (rowid, "+columns+") SELECT hub_rowid, "+columns+" FROM hub_remake ORDER BY hub_rowid",
		"DROP TABLE hub_remake")
	if err != nil {
		return err
	}
	for _, o := range have.objects {
		if o.table == table && (o.kind == "index" || o.kind == "trigger") {
			if _, err := conn.ExecContext(ctx, o.sql); err != nil {
				return fmt.Errorf("%s %s: %w", o.kind, o.name, err)
			}
		}
	}
	return nil
}

// completeIndexes makes the indexes that are missing on a table, or on all
// tables for "", and makes those anew that are not what their name says.
func completeIndexes(ctx context.Context, conn querier, want *shape, table string) error {
	have, err := readShape(ctx, conn)
	if err != nil {
		return err
	}
	for _, index := range want.of("index") {
		if table != "" && index.table != table {
			continue
		}
		if have.agrees(want, "index", index.name) {
			continue
		}
		if err := execAll(ctx, conn, "DROP INDEX IF EXISTS "+index.name, index.sql); err != nil {
			return err
		}
	}
	return nil
}

func remakeViews(ctx context.Context, conn querier, want *shape) error {
	for _, view := range want.of("view") {
		if _, err := conn.ExecContext(ctx, view.sql); err != nil {
			return err
		}
	}
	return nil
}
