package console

import (
	"fmt"
	"syscall"
)

// leastFree is what the database needs to go on: below it a commit may fail.
const leastFree = 32 << 20 // bytes

// Disk is the file system that the database is on.
type Disk struct {
	TotalBytes int64 `json:"totalBytes"`
	FreeBytes  int64 `json:"freeBytes"` // for the hub's user
}

// diskOf asks the operating system about the file system of a path.
func diskOf(path string) (Disk, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err != nil {
		return Disk{}, fmt.Errorf("ask for free space at %s: %w", path, err)
	}
	unit := int64(st.Bsize)
	return Disk{TotalBytes: int64(st.Blocks) * unit, FreeBytes: int64(st.Bavail) * unit}, nil
}
