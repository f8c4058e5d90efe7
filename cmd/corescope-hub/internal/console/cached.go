package console

import (
	"context"
	"sync"
	"time"
)

// cached keeps the answer to a question that costs the database something, for
// all pages that ask it.
type cached[T any] struct {
	age time.Duration // how old an answer may be
	ask func(context.Context) (T, error)

	mu   sync.Mutex // held while asking: one question at a time
	at   time.Time
	last T
}

func newCached[T any](age time.Duration, ask func(context.Context) (T, error)) *cached[T] {
	return &cached[T]{age: age, ask: ask}
}

func (c *cached[T]) get(ctx context.Context) (T, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.at.IsZero() && time.Since(c.at) < c.age {
		return c.last, nil
	}
	v, err := c.ask(ctx)
	if err != nil {
		var none T
		return none, err
	}
	c.last, c.at = v, time.Now()
	return v, nil
}
