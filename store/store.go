package store

import "context"

// Store is one open database.
type Store struct{}

// Append queues r and blocks only while the queue is full, until ctx ends.
func (s *Store) Append(ctx context.Context, r Record, done func(Result, error)) error {
	panic("skeleton")
}
