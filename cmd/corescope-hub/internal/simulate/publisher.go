package simulate

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// Limits say how much to publish.
type Limits struct {
	PerMinute float64       // packets
	Duration  time.Duration // 0: until the context ends
	Messages  int           // 0: as many as there are
}

// Counts are what has been published, of all observers.
type Counts struct {
	Sent      int64 // messages
	Acked     int64 // of them
	Missed    int64 // never sent, or never acknowledged
	Connected int   // observers
	Observers int
}

// Publisher publishes a mesh to a broker, with a connection for each observer.
type Publisher struct {
	mesh     *Mesh
	stations map[int]*station
	counters counters
	notice   func(string)
	closing  chan struct{}
}

// NewPublisher prepares the connections. notice is told, in words, what an
// operator must know while it runs; it may be called from several goroutines.
func NewPublisher(mesh *Mesh, target Target, notice func(string)) *Publisher {
	p := &Publisher{mesh: mesh, stations: map[int]*station{}, notice: notice, closing: make(chan struct{})}
	for i, n := range mesh.Nodes {
		if n.Observes {
			p.stations[i] = &station{
				node: n, target: target, offline: mesh.offline(i, time.Now()),
				queue: make(chan Message, stationQueue), counters: &p.counters, notice: notice, closing: p.closing,
			}
		}
	}
	return p
}

// Counts are the counts so far.
func (p *Publisher) Counts() Counts {
	return Counts{
		Sent: p.counters.sent.Load(), Acked: p.counters.acked.Load(), Missed: p.counters.missed.Load(),
		Connected: int(p.counters.connected.Load()), Observers: len(p.stations),
	}
}

// Run connects, once, and publishes until a limit is reached or ctx ends; both are a
// good end, for which the acknowledgements are waited for. It returns an error
// when no observer can connect in the first place.
func (p *Publisher) Run(ctx context.Context, l Limits) error {
	if !(l.PerMinute > 0) || l.Duration < 0 || l.Messages < 0 {
		return fmt.Errorf("%v packets a minute, for %s, %d messages: the first must be more than 0, the others not less", l.PerMinute, l.Duration, l.Messages)
	}
	if l.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.Duration)
		defer cancel()
	}
	stations, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	var running sync.WaitGroup
	first := make(chan error, len(p.stations))
	for _, s := range p.stations {
		running.Go(func() { s.run(stations, first) })
	}
	err := p.connected(ctx, first)
	if err == nil {
		p.publish(ctx, l)
	} else {
		abandon()
	}
	close(p.closing)
	for _, s := range p.stations {
		close(s.queue)
	}
	// What cannot connect now is not waited for.
	patience := time.AfterFunc(2*finishWithin, abandon)
	running.Wait()
	patience.Stop()
	return err
}

// connected waits for the first attempt of every observer. It is an error when
// all fail.
func (p *Publisher) connected(ctx context.Context, first <-chan error) error {
	var last error
	failed := 0
	for range p.stations {
		select {
		case err := <-first:
			if err != nil {
				last = err
				failed++
			}
		case <-ctx.Done():
			return nil
		}
	}
	switch {
	case failed == len(p.stations):
		return fmt.Errorf("%w: %s", last, remedy(last))
	case failed > 0:
		p.notice(fmt.Sprintf("%d of %d observers cannot connect, and try again: %v", failed, len(p.stations), last))
	}
	return nil
}

// remedy is what to do about a connection that fails.
func remedy(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: start the broker, or name another with --broker"
	case errors.Is(err, packets.ErrorRefusedNotAuthorised), errors.Is(err, packets.ErrorRefusedBadUsernameOrPassword):
		return "the broker wants another login: give one with --user and --password-file"
	}
	return "check the address and that the broker is reachable from here"
}

// publish gives each message to its observer when its time has come.
func (p *Publisher) publish(ctx context.Context, l Limits) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	given := 0
	for m := range p.mesh.Messages(time.Now(), l.PerMinute) {
		timer.Reset(time.Until(m.At))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		select {
		case p.stations[m.Observer].queue <- m:
		default: // it is not connected, or the broker is slow
			p.counters.missed.Add(1)
		}
		if given++; given == l.Messages {
			return
		}
	}
}
