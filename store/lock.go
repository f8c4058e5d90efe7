package store

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// fileLock keeps a second hub away from a database. It is a file of its own
// beside it: a lock on the database file itself would get in the way of
// SQLite's, which vanish when any descriptor of that file is closed, and of
// CoreScope's server, which may read at any time.
type fileLock struct {
	file *os.File
	path string
}

// acquireLock takes the lock of the database at path, or says who holds it. A
// lock file left by a process that died is not held and is taken over.
func acquireLock(path string) (*fileLock, error) {
	name := path + ".lock"
	for {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, openFailed(path, err)
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			defer f.Close()
			if errors.Is(err, syscall.EWOULDBLOCK) {
				return nil, fmt.Errorf("open database %s: in use by another corescope-hub%s; stop it first", path, holder(f))
			}
			return nil, fmt.Errorf("open database %s: lock %s: %w", path, name, err)
		}
		if !stillNamed(f, name) {
			f.Close() // its holder removed it between our open and our lock
			continue
		}
		l := &fileLock{file: f, path: name}
		if err := l.sign(); err != nil {
			l.release()
			return nil, openFailed(path, err)
		}
		return l, nil
	}
}

// sign writes our process id into the file, for the one who finds it locked.
func (l *fileLock) sign() error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := l.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// release removes the file before it unlocks it, so that nobody can lock a
// file that is about to lose its name.
func (l *fileLock) release() {
	os.Remove(l.path)
	l.file.Close()
}

func stillNamed(f *os.File, name string) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(name)
	return err == nil && os.SameFile(ours, named)
}

func holder(f *os.File) string {
	var buf [20]byte
	n, _ := f.ReadAt(buf[:], 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (process %d)", pid)
}
