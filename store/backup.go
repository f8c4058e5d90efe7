package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
)

// backupPages is how much is copied at a time, between two looks at the context.
const backupPages = 1024

// Backup copies the database as it is at this moment to the file dst, while
// everything goes on. dst must not exist; it appears whole or not at all.
//
// The copy is made page by page, so it is the same database, rowids and all,
// and can stop between any two pages; VACUUM INTO would make another.
func (s *Store) Backup(ctx context.Context, dst string) error {
	if _, err := os.Lstat(dst); err == nil {
		return fmt.Errorf("back up to %s: the file exists; choose another name or move it away", dst)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("back up to %s: %w", dst, err)
	}
	part, err := os.CreateTemp(filepath.Dir(dst), filepath.Base(dst)+".part-*")
	if err != nil {
		return fmt.Errorf("back up to %s: %w", dst, err)
	}
	defer os.Remove(part.Name()) // gone already when all went well
	err = s.copyTo(ctx, part)
	if err := errors.Join(err, part.Close()); err != nil {
		return fmt.Errorf("back up to %s: %w", dst, err)
	}
	if err := publish(part.Name(), dst); err != nil {
		return fmt.Errorf("back up to %s: %w", dst, err)
	}
	return nil
}

// copyTo copies from one snapshot: the read transaction holds it, so that
// commits made meanwhile neither show up nor make the copy start again.
func (s *Store) copyTo(ctx context.Context, part *os.File) error {
	abs, err := filepath.Abs(part.Name())
	if err != nil {
		return err
	}
	tx, err := s.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer tx.Close()
	if _, err := tx.ExecContext(ctx, "BEGIN; SELECT 1 FROM sqlite_schema"); err != nil {
		return err
	}
	defer endRead(tx)
	return tx.Raw(func(raw any) error {
		source, ok := raw.(interface {
			NewBackup(dst string) (*sqlite.Backup, error)
		})
		if !ok {
			return fmt.Errorf("driver connection %T cannot make backups", raw)
		}
		backup, err := source.NewBackup(dsn(abs))
		if err != nil {
			return err
		}
		return errors.Join(stepThrough(ctx, backup, part), backup.Finish())
	})
}

// endRead ends the snapshot. The connection goes back to the pool, so this must
// run though ctx has ended.
func endRead(tx *sql.Conn) {
	tx.ExecContext(context.Background(), "ROLLBACK")
}

// stepThrough copies all pages into part. It leaves half of the disk's time to
// others: what waits to be written out would hold up the next commit's sync.
func stepThrough(ctx context.Context, backup *sqlite.Backup, part *os.File) error {
	for {
		began := time.Now()
		more, err := backup.Step(backupPages)
		if err != nil || !more {
			return err
		}
		if err := part.Sync(); err != nil {
			return err
		}
		select {
		case <-time.After(time.Since(began)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// publish makes a finished file appear under its name, and stay there.
func publish(part, dst string) error {
	f, err := os.Open(part)
	if err != nil {
		return err
	}
	err = errors.Join(f.Chmod(0o644), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Link(part, dst); err == nil { // unlike Rename, never over another file
		return syncDir(filepath.Dir(dst))
	} else if errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := os.Rename(part, dst); err != nil { // a file system without links
		return err
	}
	return syncDir(filepath.Dir(dst))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
