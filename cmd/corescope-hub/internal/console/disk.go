package console

import (
	"fmt"
	"syscall"
	"time"
)

// leastFree is what the database needs to go on: below it a commit may fail.
const leastFree = 32 << 20 // bytes

// whyNot adds to what the hub says of itself what the console has noticed: a
// writer that does not move, and a full disk.
func (s *server) whyNot(reasons []string) []string {
	if stuck := s.sampler.stuck(time.Now()); stuck > stuckAfter {
		reasons = append(reasons, fmt.Sprintf("database: records wait, and nothing was committed for %s: the disk may hang", stuck.Round(time.Second)))
	}
	if disk, err := diskOf(s.site.Database); err == nil && disk.FreeBytes < leastFree {
		reasons = append(reasons, fmt.Sprintf("disk: %d MB are free at %s: free 200 MB", disk.FreeBytes>>20, s.site.Database))
	}
	return reasons
}

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
