package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// errReplaced means that the database is no longer the file that its name leads
// to: what is committed goes where nobody will look for it.
var errReplaced = errors.New("moved, removed or replaced while the hub runs; stop the hub before you do that")

// place remembers which files a connection works on: the database and its WAL.
type place [2]fs.FileInfo

// check says whether the names still lead to the same files. A file that was not
// there at first is remembered once it is.
func (p *place) check(path string) error {
	for i, name := range []string{path, path + "-wal"} {
		now, err := os.Stat(name)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", name, errReplaced)
		case p[i] == nil:
			p[i] = now
		case !os.SameFile(p[i], now):
			return fmt.Errorf("%s: %w", name, errReplaced)
		}
	}
	return nil
}

// rescue copies what is committed into the database when its WAL is gone; what
// stands in the place of a WAL, if anything, belongs to somebody else's commits.
func (w *writer) rescue() {
	if _, err := os.Stat(w.path + "-wal"); errors.Is(err, fs.ErrNotExist) {
		w.conn.use(func() error { _, err := checkpoint(w.conn, truncateWAL); return err }) // a failure shows itself in the next commit
	}
}
