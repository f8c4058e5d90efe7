package store

import (
	"database/sql/driver"
	"math"
)

// sweep does a part of something that is too long for one transaction, within
// the allowance, and goes on from there when it is called again. It returns
// false when nothing is left. What it did may be rolled back afterwards; then it
// is not called again.
//
// It leaves nothing untrue in the ledger.
type sweep func(l *ledger, a *allowance) (more bool, err error)

// takeAll takes every row that query finds, given arg and a limit, so that it is
// not found again. The first column is what take gets.
func takeAll(query string, arg any, take func(l *ledger, key driver.Value) error) sweep {
	return func(l *ledger, a *allowance) (more bool, err error) {
		rows, err := l.conn.all(1, query, arg, int64(a.rows))
		if err != nil {
			return false, err
		}
		for _, row := range rows {
			if a.left() == 0 {
				return true, nil
			}
			if err := take(l, row[0]); err != nil {
				return false, err
			}
			a.use(1, true)
		}
		return len(rows) == a.rows, nil
	}
}

// walk looks at every row of a query, given a rowid to begin after and a limit,
// and lets visit change it. The first column is the rowid. It is for tables with
// no index on what matters.
func walk(query string, columns int, visit func(l *ledger, row []driver.Value) (changed bool, err error)) sweep {
	after := int64(math.MinInt64)
	return func(l *ledger, a *allowance) (more bool, err error) {
		rows, err := l.conn.all(columns, query, after, int64(a.rows))
		if err != nil {
			return false, err
		}
		for _, row := range rows {
			if a.left() == 0 {
				return true, nil
			}
			changed, err := visit(l, row)
			if err != nil {
				return false, err
			}
			a.use(1, changed)
			after, _ = row[0].(int64)
		}
		return len(rows) == a.rows, nil
	}
}

// list goes over things that are known already.
func list[T any](things []T, visit func(*ledger, T) (changed bool, err error)) sweep {
	return func(l *ledger, a *allowance) (more bool, err error) {
		for len(things) > 0 {
			if a.left() == 0 {
				return true, nil
			}
			changed, err := visit(l, things[0])
			if err != nil {
				return false, err
			}
			a.use(1, changed)
			things = things[1:]
		}
		return false, nil
	}
}

// remove deletes a row by its key.
func remove(statement string) func(*ledger, driver.Value) error {
	return func(l *ledger, key driver.Value) error {
		_, err := l.conn.exec(statement, key)
		return err
	}
}

// removeBefore deletes a row whose second column is before a time, as text.
func removeBefore(statement, time string) func(*ledger, []driver.Value) (bool, error) {
	return func(l *ledger, row []driver.Value) (changed bool, err error) {
		if at, ok := row[1].(string); !ok || at >= time {
			return false, nil // one that says no time is not known to be old
		}
		_, err = l.conn.exec(statement, row[0])
		return true, err
	}
}
