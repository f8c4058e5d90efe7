package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// item is a record on its way to the writer.
type item struct {
	record *Record
	done   func(Result, error)
	queued time.Time
}

// outcome is a record on its way back to its sender.
type outcome struct {
	result Result
	err    error
	done   func(Result, error)
}

// queue carries records from the senders to the writer, and outcomes back to
// them.
//
// A record takes a place when it is accepted and gives it back when its done
// has returned. So the number of places bounds everything that is held: in
// items, in the writer's hands, and in settled. The writer never waits for a
// sender's done: a slow one fills up the places, and then it is Append that
// waits.
type queue struct {
	places  chan struct{}
	items   chan item      // as deep as there are places
	settled chan []outcome // likewise; each slice holds at least one place

	mu      sync.RWMutex // held to read by Append, to write by close
	closing chan struct{}

	stats *counters
}

func newQueue(depth int, stats *counters) *queue {
	return &queue{
		places:  make(chan struct{}, depth),
		items:   make(chan item, depth),
		settled: make(chan []outcome, depth),
		closing: make(chan struct{}),
		stats:   stats,
	}
}

// Append queues r. It blocks only while the queue is full: until there is a
// place, ctx ends, or the store is closed ([ErrClosed]). An error means that r
// was not taken and done will not be called; [ErrBadRecord] says that it never
// will be.
//
// done, if not nil, is called once, when the transaction that holds r is
// committed or has failed, in the order of the commits, from one goroutine that
// is not the writer's. It should return soon and must not call Append or
// Close: until it returns, the records behind it keep their places. Its error
// is nil, or wraps [ErrNotCommitted] or [ErrBadRecord].
//
// The store keeps r, and what it points to, until done is called; the caller
// must not change it.
func (s *Store) Append(ctx context.Context, r Record, done func(Result, error)) error {
	if err := r.check(); err != nil {
		return fmt.Errorf("append: %w", err)
	}
	return s.queue.append(ctx, item{record: &r, done: done, queued: s.writer.now()})
}

func (q *queue) append(ctx context.Context, it item) error {
	q.mu.RLock()
	defer q.mu.RUnlock()
	select {
	case <-q.closing:
		return ErrClosed
	default:
	}
	select {
	case q.places <- struct{}{}:
	default:
		q.stats.blocked.Add(1)
		select {
		case q.places <- struct{}{}:
		case <-ctx.Done():
			return fmt.Errorf("append: queue is full: %w", ctx.Err())
		case <-q.closing:
			return ErrClosed
		}
	}
	q.items <- it // has room: it is as deep as there are places
	return nil
}

// close lets nobody in any more. What is queued stays.
func (q *queue) close() {
	close(q.closing)
	q.mu.Lock() // all who were inside are out, with a place or with ErrClosed
	defer q.mu.Unlock()
	close(q.items)
}

// settle tells the senders how their records fared, until the writer is done.
func (q *queue) settle() {
	for batch := range q.settled {
		for i := range batch {
			if o := &batch[i]; o.done != nil {
				o.done(o.result, o.err)
			}
			<-q.places
		}
	}
}

// check finds a record that contradicts itself.
func (r *Record) check() error {
	switch o := r.Observation; {
	case r.ReceivedAt.IsZero():
		return fmt.Errorf("%w: no time received", ErrBadRecord)
	case r.Drop != nil && (r.Transmission != nil || r.Advert != nil || r.Status != nil):
		return fmt.Errorf("%w: a dropped packet with other parts", ErrBadRecord)
	case (r.Transmission == nil) != (o == nil):
		return fmt.Errorf("%w: a transmission needs an observation and an observation a transmission", ErrBadRecord)
	case r.Advert != nil && r.Transmission == nil:
		return fmt.Errorf("%w: an advert without its transmission", ErrBadRecord)
	case r.Transmission != nil && r.Transmission.Hash == "":
		return fmt.Errorf("%w: a transmission without a hash", ErrBadRecord)
	case o != nil && len(o.Hops) > 0 && (o.HopSize < 1 || len(o.Hops)%o.HopSize != 0):
		return fmt.Errorf("%w: %d bytes of hops are not whole hops of %d", ErrBadRecord, len(o.Hops), o.HopSize)
	case r.Drop != nil && r.Drop.Reason == "":
		return fmt.Errorf("%w: a dropped packet without a reason", ErrBadRecord)
	case len(r.Adjacent) > 0 && o == nil:
		return fmt.Errorf("%w: neighbours without an observation", ErrBadRecord)
	case r.Reception != nil && (r.Observer != Observer{} || o != nil || r.Status != nil || r.Drop != nil):
		return fmt.Errorf("%w: a client reception with other parts", ErrBadRecord)
	case r.Reception != nil:
		return r.Reception.check()
	}
	for _, pair := range r.Adjacent {
		if err := errors.Join(pair.A.check(), pair.B.check()); err != nil {
			return err
		}
	}
	return nil
}
