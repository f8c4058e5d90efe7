package console

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// Bounds of what answering may cost, so that visitors who ask a lot at once, or
// read slowly, wait or are sent away before the machine runs out of memory.
const (
	questionTime = 10 * time.Second // its turn included
	maxQuestions = 4                // at a time: the store has as many readers
	maxSending   = 16 << 20         // bytes of answers on their way to visitors
	smallAnswer  = 32 << 10         // bytes of one that does not count
)

// errBusy says that too many answers are on their way.
var errBusy = errors.New("too many answers are being sent")

// questions are what visitors ask of the database.
type questions struct {
	time    time.Duration
	turns   chan struct{}
	sending atomic.Int64 // bytes
}

func newQuestions() *questions {
	return &questions{time: questionTime, turns: make(chan struct{}, maxQuestions)}
}

// answer has an answer made when it is its turn, with the time there is for it.
// sent must be called when it has gone out.
func (q *questions) answer(ctx context.Context, make func(context.Context) ([]byte, error)) (body []byte, sent func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, q.time)
	defer cancel()
	select {
	case q.turns <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	defer func() { <-q.turns }()
	if body, err = make(ctx); err != nil {
		if ctx.Err() != nil { // the database says it in words of its own
			err = ctx.Err()
		}
		return nil, nil, err
	}
	size := int64(len(body))
	if size <= smallAnswer {
		return body, func() {}, nil
	}
	if q.sending.Add(size) > maxSending {
		q.sending.Add(-size)
		return nil, nil, errBusy
	}
	return body, func() { q.sending.Add(-size) }, nil
}
