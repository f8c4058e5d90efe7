package store

import (
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var (
	// ErrClosed means the store is closing and took nothing.
	ErrClosed = errors.New("store is closed")

	// ErrNotCommitted means the record could not be kept now: disk full, I/O
	// error, a file locked by another program. It may come again later.
	ErrNotCommitted = errors.New("not committed")

	// ErrBadRecord means this record can never be stored: it contradicts itself,
	// or SQLite refuses its content. Sending it again does not help.
	ErrBadRecord = errors.New("record refused")
)

// resultCode is SQLite's primary result code in err, or 0 when err is not
// SQLite's.
func resultCode(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code() & 0xff
}

// recordFault reports whether err speaks of a record's content, so that the
// other records of its batch may still be stored.
func recordFault(err error) bool {
	switch resultCode(err) {
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_RANGE:
		return true
	}
	return errors.Is(err, ErrBadRecord)
}

// connectionFault reports whether a connection that answered with err should
// be replaced. A full disk and a lock are the file's state, not the
// connection's.
func connectionFault(err error) bool {
	switch resultCode(err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return false
	}
	return !recordFault(err)
}
