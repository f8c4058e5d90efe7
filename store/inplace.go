package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// errReplaced means that the database is no longer the file that its name leads
// to: what is committed goes where nobody will look for it.
var errReplaced = errors.New("moved, removed or replaced while the hub runs; stop the hub before you do that")

// suffixes make the names of an open database's files of its path: the database
// itself, its WAL, and the index of that, which holds everybody's locks.
var suffixes = [...]string{"", "-wal", "-shm"}

const theWAL = 1 // its place among the suffixes

// place remembers which files a connection works on, in the order of suffixes.
type place [len(suffixes)]fs.FileInfo

// check says whether the names still lead to the same files. A file that was not
// there at first is remembered once it is.
func (p *place) check(path string) error {
	for i, suffix := range suffixes {
		now, err := os.Stat(path + suffix)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", path+suffix, errReplaced)
		case p[i] == nil:
			p[i] = now
		case !os.SameFile(p[i], now):
			return fmt.Errorf("%s: %w", path+suffix, errReplaced)
		}
	}
	return nil
}

// leave makes it safe to close a connection whose files are no longer those that
// their names lead to. An error means that it is not: then the connection is all
// that still leads to rows that were acknowledged.
//
// Readers go first. A reader that has the old WAL open would look there for what
// the index, which it shares with the new one, says of the new WAL.
func (w *writer) leave() error {
	if w.conn.closed {
		return nil
	}
	w.readers.SetMaxIdleConns(0)
	if busy := w.readers.Stats().OpenConnections; busy > 0 {
		return fmt.Errorf("%d readers are not done with the files that were there: %w", busy, errReplaced)
	}
	return w.rescue()
}

// rescue copies what is committed into the database, wherever that is now, and
// empties the WAL. SQLite would neither find one that has lost its name, nor see
// that one which was left behind is not of the database that took the place of
// its own. What stands in the place of a WAL, if it is not empty, belongs to
// somebody else's commits.
func (w *writer) rescue() error {
	name := w.path + suffixes[theWAL]
	if now, err := os.Stat(name); err == nil && now.Size() > 0 && !os.SameFile(now, w.place[theWAL]) {
		return nil
	}
	return w.conn.use(func() error {
		left, err := checkpoint(w.conn, truncateWAL)
		if err == nil && left.length > 0 {
			err = fmt.Errorf("another program is still reading it: %w", errReplaced)
		}
		if err != nil {
			return fmt.Errorf("copy what was in %s: %w", name, err)
		}
		return nil
	})
}

// arrive makes sure that the file to go on with is one that the hub can write
// to.
func (w *writer) arrive(conn *writeConn) error {
	o, err := checkContents(context.Background(), conn.held, w.path)
	if err == nil && (o.coreScope || o.version != latestVersion()) {
		err = fmt.Errorf("%s: %w; start the hub again: it brings the file up to date", w.path, errReplaced)
	}
	return err
}
