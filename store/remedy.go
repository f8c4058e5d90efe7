package store

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	sqlite3 "modernc.org/sqlite/lib"
)

// openFailed says in one line that the database at path cannot be opened, why,
// and what to do about it.
func openFailed(path string, err error) error {
	return fmt.Errorf("open database %s: %w; %s", path, err, remedy(err))
}

// remedy is what an operator can do about err.
func remedy(err error) string {
	const (
		mayWrite = "check that the hub's user may write to the file and its directory, or choose another path"
		space    = "free some space, or choose a path on another disk"
	)
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return space
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EEXIST):
		return "a part of the path is a file; choose another path"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return mayWrite
	}
	switch resultCode(err) {
	case sqlite3.SQLITE_FULL:
		return space
	case sqlite3.SQLITE_CORRUPT:
		return "the file is damaged: restore a backup, or rescue what is left with the command .recover of sqlite3"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return "check that no other program is writing to it"
	case sqlite3.SQLITE_IOERR:
		return "check the disk"
	}
	return mayWrite
}
