package store

import (
	"context"
	"sync"
)

// feed is the doorbell of committed observations.
type feed struct {
	mu     sync.Mutex
	last   int64
	closed bool
	bell   chan struct{} // closed and replaced at every ring
}

func newFeed() *feed { return &feed{bell: make(chan struct{})} }

// ring says that the observation last is committed.
func (f *feed) ring(last int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if last > f.last {
		f.last = last
		f.wake()
	}
}

func (f *feed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.wake()
}

func (f *feed) wake() {
	close(f.bell)
	f.bell = make(chan struct{})
}

func (f *feed) after(id int64) (there, closed bool, bell <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last > id, f.closed, f.bell
}

// WaitAfter returns nil as soon as an observation with an id above id is
// committed, ctx's error when ctx ends first, and [ErrClosed] when the store is
// closed first.
func (s *Store) WaitAfter(ctx context.Context, id int64) error {
	for {
		there, closed, bell := s.feed.after(id)
		switch {
		case there:
			return nil
		case closed:
			return ErrClosed
		}
		select {
		case <-bell:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// LastObservation is the id of the observation committed last: where a page
// that wants only what is new begins.
func (s *Store) LastObservation() int64 {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	return s.feed.last
}
