package console

import (
	"sync"
	"time"
)

// sampleUntilStopped takes once a second what is counted by the second, and then
// lets the open pages look. One timer does for all of it: what an idle hub costs
// is its wakings.
func (s *server) sampleUntilStopped() {
	tick := time.NewTicker(vitalsPace)
	defer tick.Stop()
	for {
		now := time.Now()
		s.sampler.sample(s.store().Stats(), now)
		s.traffic.take(s.counted().Sources, now)
		s.beat.strike()
		select {
		case <-tick.C:
		case <-s.stopping.Done():
			return
		}
	}
}

// beat wakes everybody who waits for it at once. Its zero value is ready.
type beat struct {
	mu   sync.Mutex
	next chan struct{} // nil while nobody waits
}

// after returns a channel that is closed with the next stroke.
func (b *beat) after() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == nil {
		b.next = make(chan struct{})
	}
	return b.next
}

func (b *beat) strike() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next != nil {
		close(b.next)
		b.next = nil
	}
}
