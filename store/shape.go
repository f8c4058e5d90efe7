package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// shape is what a database declares.
type shape struct {
	objects []object            // tables, indexes and views, in the order they were made
	columns map[string][]column // by table
}

// object is a table, an index or a view.
type object struct {
	kind, name string
	table      string // the one it belongs to
	sql        string
}

type column struct {
	name        string
	declaration string // what ALTER TABLE ADD COLUMN wants after the name: type, NOT NULL, DEFAULT
	key         bool   // part of the primary key
}

// coreScope reads the shape and the marks of 0001 from a database that is made
// from it, so that they have one home: CoreScope's tables, with a declared
// rowid.
func coreScope(ctx context.Context) (*shape, *marks, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // each connection would be a database of its own
	if err := applyMigration(ctx, db, migrationNames()[adoptedVersion-1], adoptedVersion); err != nil {
		return nil, nil, err
	}
	s, err := readShape(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	m, err := readMarks(ctx, db)
	return s, m, err
}

const (
	selectObjects = `SELECT type, name, tbl_name, sql FROM sqlite_schema
		WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY rowid`

	// A declaration is put together again from what SQLite keeps of it;
	// dflt_value is SQL text.
	selectColumns = `SELECT t.name, c.name, concat_ws(' ', NULLIF(c.type, ''), iif(c."notnull", 'NOT NULL', NULL),
			'DEFAULT ' || iif(instr(c.dflt_value, '('), '(' || c.dflt_value || ')', c.dflt_value)), c.pk > 0
		FROM sqlite_schema t, pragma_table_info(t.name) c
		WHERE t.type = 'table' AND t.rootpage > 0 AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'
		ORDER BY t.rowid, c.cid`
)

func readShape(ctx context.Context, db querier) (*shape, error) {
	s := &shape{columns: make(map[string][]column)}
	err := eachRow(ctx, db, func(scan func(...any) error) error {
		var o object
		err := scan(&o.kind, &o.name, &o.table, &o.sql)
		s.objects = append(s.objects, o)
		return err
	}, selectObjects)
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	err = eachRow(ctx, db, func(scan func(...any) error) error {
		var table string
		var c column
		err := scan(&table, &c.name, &c.declaration, &c.key)
		s.columns[table] = append(s.columns[table], c)
		return err
	}, selectColumns)
	if err != nil {
		return nil, fmt.Errorf("read columns: %w", err)
	}
	return s, nil
}

// find returns the object of that kind and name; false when there is none.
func (s *shape) find(kind, name string) (object, bool) {
	i := slices.IndexFunc(s.objects, func(o object) bool { return o.kind == kind && o.name == name })
	if i < 0 {
		return object{}, false
	}
	return s.objects[i], true
}

// agrees reports whether both have the object, declared alike.
func (s *shape) agrees(other *shape, kind, name string) bool {
	a, here := s.find(kind, name)
	b, there := other.find(kind, name)
	return here && there && sameText(a.sql, b.sql)
}

// of lists the objects of one kind.
func (s *shape) of(kind string) []object {
	return slices.DeleteFunc(slices.Clone(s.objects), func(o object) bool { return o.kind != kind })
}

func (s *shape) columnNames(table string) []string {
	names := make([]string, len(s.columns[table]))
	for i, c := range s.columns[table] {
		names[i] = c.name
	}
	return names
}

// declaresRowid reports whether the table's rowid is a column of its own,
// which VACUUM does not renumber.
func (s *shape) declaresRowid(table string) bool {
	return slices.ContainsFunc(s.columns[table], func(c column) bool { return c.name == "rowid" && c.key })
}

// sameText compares two declarations as SQLite understands them, near enough:
// without blanks, quotes and case. SQLite quotes the name of a renamed table.
func sameText(a, b string) bool { return bare(a) == bare(b) }

func bare(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n\"", r) {
			return -1
		}
		return r
	}, strings.ToLower(text))
}

// quoted is a name as SQL text. Names come from a file and may be anything.
func quoted(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
