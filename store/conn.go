package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
)

// writeConn is the one connection that writes. It speaks to the driver through
// sql.Conn.Raw: the statements of database/sql would take a sixth of the
// writer's time. One goroutine uses it, and exec and query only inside use.
type writeConn struct {
	pool  *sql.DB
	held  *sql.Conn
	raw   driver.ConnPrepareContext // set inside use
	stmts map[string]preparedStmt   // by SQL text, prepared once
	args  []driver.NamedValue       // reused from call to call

	closed bool
}

// preparedStmt is what the driver's statements can do.
type preparedStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func openWriteConn(ctx context.Context, dsn string) (*writeConn, error) {
	if err := registerJoinedWAL(); err != nil {
		return nil, err
	}
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1)
	held, err := pool.Conn(ctx)
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &writeConn{pool: pool, held: held, stmts: make(map[string]preparedStmt)}, nil
}

// use runs f, which alone may call exec and query.
func (c *writeConn) use(f func() error) error {
	return c.held.Raw(func(raw any) error {
		c.raw = raw.(driver.ConnPrepareContext)
		defer func() { c.raw = nil }()
		return f()
	})
}

// changed is what a statement did: rows changed, and the rowid it inserted.
type changed struct{ rows, rowid int64 }

// exec runs one statement that returns no rows. Arguments are the driver's own
// types: int64, float64, bool, string, nil.
func (c *writeConn) exec(query string, args ...any) (changed, error) {
	stmt, err := c.prepare(query)
	if err != nil {
		return changed{}, err
	}
	// No deadline: a transaction is finished or rolled back, never abandoned.
	res, err := stmt.ExecContext(context.Background(), c.bind(args))
	if err != nil {
		return changed{}, err
	}
	rows, err := res.RowsAffected()
	if err != nil {
		return changed{}, err
	}
	id, err := res.LastInsertId()
	return changed{rows: rows, rowid: id}, err
}

// query reads the first row into dest; ok is false when there is none.
func (c *writeConn) query(dest []driver.Value, query string, args ...any) (ok bool, err error) {
	stmt, err := c.prepare(query)
	if err != nil {
		return false, err
	}
	rows, err := stmt.QueryContext(context.Background(), c.bind(args))
	if err != nil {
		return false, err
	}
	err = rows.Next(dest)
	if closeErr := rows.Close(); err == nil {
		err = closeErr
	}
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

// each reads all rows, each into dest before f is called.
func (c *writeConn) each(dest []driver.Value, f func(), query string, args ...any) error {
	stmt, err := c.prepare(query)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(context.Background(), c.bind(args))
	if err != nil {
		return err
	}
	for err = rows.Next(dest); err == nil; err = rows.Next(dest) {
		f()
	}
	closed := rows.Close()
	if errors.Is(err, io.EOF) {
		return closed
	}
	return err
}

// all reads every row of a query that has a LIMIT.
func (c *writeConn) all(columns int, query string, args ...any) (all [][]driver.Value, err error) {
	row := make([]driver.Value, columns)
	err = c.each(row, func() { all = append(all, slices.Clone(row)) }, query, args...)
	return all, err
}

func (c *writeConn) prepare(query string) (preparedStmt, error) {
	if stmt, ok := c.stmts[query]; ok {
		return stmt, nil
	}
	raw, err := c.raw.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	stmt, ok := raw.(preparedStmt)
	if !ok {
		raw.Close()
		return nil, fmt.Errorf("driver statement %T has no context methods", raw)
	}
	c.stmts[query] = stmt
	return stmt, nil
}

func (c *writeConn) bind(args []any) []driver.NamedValue {
	c.args = c.args[:0]
	for i, v := range args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return c.args
}

// close ends the connection; an open transaction is rolled back by SQLite.
func (c *writeConn) close() error {
	c.closed = true
	err := c.use(func() error {
		for _, stmt := range c.stmts {
			stmt.Close()
		}
		return nil
	})
	clear(c.stmts)
	return errors.Join(err, c.held.Close(), c.pool.Close())
}
