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

// commitFailed adds to the failure of a commit what to do about it, where that is
// known; a file that was moved says it already.
func commitFailed(path string, err error) error {
	switch code := resultCode(err); {
	case code == sqlite3.SQLITE_FULL, errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w; free some space on the disk of %s", err, path)
	case code == 0 || errors.Is(err, errReplaced):
		return err
	}
	return fmt.Errorf("%w; %s: %s", err, path, remedy(err))
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
