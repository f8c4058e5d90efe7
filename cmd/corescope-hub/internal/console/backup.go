package console

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// backupWrite is how long a browser may take for one piece of a backup.
const backupWrite = 15 * time.Second

// backups lets one copy be made at a time: each takes the room of the database
// and a lot of the disk's time.
type backups struct{ busy atomic.Bool }

func (b *backups) running() bool { return b.busy.Load() }

// downloadBackup answers POST /api/console/backup with a consistent copy of the
// database. The copy is made in a directory beside the database, and is gone
// from there when it has been sent.
func (s *server) downloadBackup(w http.ResponseWriter, r *http.Request) {
	if !s.backups.busy.CompareAndSwap(false, true) {
		plain(w, http.StatusConflict, "a backup is being made already; try again when it is done\n")
		return
	}
	defer s.backups.busy.Store(false)
	need := s.store().Stats().DatabaseBytes
	if disk, err := diskOf(s.site.Database); err == nil && disk.FreeBytes < need+leastFree {
		plain(w, http.StatusInsufficientStorage, fmt.Sprintf("a backup takes %d MB beside the database for as long as it is sent, and %d MB are free: make room first\n", need>>20, disk.FreeBytes>>20))
		return
	}
	f, remove, err := s.makeBackup(r.Context())
	if err != nil {
		s.log.Warn("backup for the console", "err", err)
		plain(w, http.StatusInternalServerError, "the backup could not be made: "+err.Error()+"\n")
		return
	}
	defer remove()
	s.sendBackup(w, f)
}

// makeBackup copies the database into a directory of its own.
func (s *server) makeBackup(ctx context.Context) (f *os.File, remove func(), err error) {
	dir, err := os.MkdirTemp(filepath.Dir(s.site.Database), backupPrefix)
	if err != nil {
		return nil, nil, err
	}
	path := filepath.Join(dir, "meshcore.db")
	err = s.store().Backup(ctx, path)
	if err == nil {
		f, err = os.Open(path)
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, nil, err
	}
	return f, func() {
		f.Close()
		os.RemoveAll(dir)
	}, nil
}

const backupPrefix = ".backup-"

// removeOldBackups takes away what a hub that was killed has left.
func removeOldBackups(database string) {
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(database), backupPrefix+"*"))
	for _, dir := range left {
		os.RemoveAll(dir)
	}
}

func (s *server) sendBackup(w http.ResponseWriter, f *os.File) {
	h := w.Header()
	h.Set("Content-Type", "application/vnd.sqlite3")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=\"meshcore-%s.db\"", time.Now().Format("2006-01-02-1504")))
	h.Set("Cache-Control", "no-store")
	if info, err := f.Stat(); err == nil {
		h.Set("Content-Length", fmt.Sprint(info.Size()))
	}
	rc := http.NewResponseController(w)
	for {
		if rc.SetWriteDeadline(time.Now().Add(backupWrite)) != nil {
			return
		}
		if n, err := io.CopyN(w, f, 1<<20); n == 0 || err != nil {
			return // all of it, or the client's loss
		}
	}
}
