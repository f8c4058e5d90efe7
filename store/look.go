package store

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// Inspect says, without changing anything, why Open would refuse the file at
// path; nil when it would not, also when there is none yet. That another hub has
// it open is no reason here: see Holder.
func Inspect(ctx context.Context, path string) error {
	path, err := resolve(path)
	if err != nil {
		return err
	}
	usePageSlots()
	return inspect(ctx, path)
}

// Holder says whether a hub has the database at path open, and which process
// that is, as in " (process 42)"; empty when it is not known.
func Holder(path string) (process string, held bool) {
	path, err := resolve(path)
	if err != nil {
		return "", false
	}
	f, err := os.Open(path + ".lock")
	if err != nil {
		return "", false // there is none, or it is not ours to read
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
		return "", false
	}
	return holder(f), true
}
