package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"modernc.org/sqlite"
)

// Store is one open database. Its methods may be called from any goroutine.
type Store struct {
	path   string
	lock   *fileLock
	queue  *queue
	writer *writer
	read   *sql.DB
	feed   *feed
	stats  *counters

	running sync.WaitGroup // the writer, the acker and the checkpointer
	closing sync.Once
	closed  error // what Close returned; written inside closing
}

// Open opens the database at path, and creates it and its directory when there
// is none. A file that is not an SQLite database, belongs to another program,
// or was written by a newer hub is refused in one line and left as it is; so is
// one that another hub has open.
func Open(ctx context.Context, path string, opts Options) (*Store, error) {
	if err := opts.check(); err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	path, err := resolve(path)
	if err != nil {
		return nil, err
	}
	usePageSlots()
	if err := inspect(ctx, path); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, openFailed(path, err)
	}
	lock, err := acquireLock(path)
	if err != nil {
		return nil, err
	}
	s, err := open(ctx, path, opts)
	if err != nil {
		lock.release()
		return nil, err
	}
	s.lock = lock
	s.running.Go(func() {
		defer s.writer.wal.stop()
		s.writer.run()
	})
	s.running.Go(s.writer.wal.run)
	s.running.Go(s.queue.settle)
	return s, nil
}

// open makes a Store of a file that is locked, and starts nothing.
func open(ctx context.Context, path string, opts Options) (*Store, error) {
	// Commits need the data on the card and the file's size, not its timestamps,
	// which an fsync would write through the file system's journal each time.
	// Where there is no fdatasync the answer is an error and fsync stays.
	sqlite.Fdatasync(true)

	conn, err := openWriteConn(ctx, writerDSN(path, "rwc", opts))
	if err != nil {
		return nil, openFailed(path, err)
	}
	got, err := migrate(ctx, conn.held, path, opts.Log)
	if err != nil {
		conn.close()
		return nil, err
	}
	if opts.VacuumOnOpen {
		if err := vacuumWhole(ctx, conn.held, opts.Log); err != nil {
			conn.close()
			return nil, fmt.Errorf("open database %s: %w", path, err)
		}
	}
	read, err := sql.Open("sqlite", readerDSN(path))
	if err != nil {
		conn.close()
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	read.SetMaxOpenConns(opts.Readers)
	read.SetMaxIdleConns(opts.Readers)
	read.SetConnMaxIdleTime(time.Minute)

	stats := newCounters()
	stats.stats.FilledPaths, stats.stats.FilledScopes = uint64(got.paths), uint64(got.scopes)
	q := newQueue(opts.QueueDepth, stats)
	s := &Store{path: path, queue: q, read: read, feed: newFeed(), stats: stats}
	s.writer = newWriter(conn, read, path, opts, q, s.feed, stats)
	if err := s.writer.load(); err != nil {
		conn.close()
		read.Close()
		return nil, openFailed(path, err)
	}
	return s, nil
}

// Close takes no more records, commits what is queued, waits until every done
// has returned, and closes the file. It may be called more than once.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.queue.close()
		s.running.Wait()
		s.feed.close()
		s.closed = errors.Join(s.read.Close(), s.writer.close())
		s.lock.release()
	})
	return s.closed
}
