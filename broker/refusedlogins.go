package broker

import (
	"maps"
	"sync"
)

// byListener counts by the names of listeners, of which there are few.
type byListener struct {
	mu sync.Mutex
	n  map[string]int64
}

func (c *byListener) add(listener string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int64{}
	}
	c.n[listener]++
}

// RefusedLogins is how many logins were refused since the start, by the name of
// the listener, as in logs. One that refused none is not there.
func (b *Broker) RefusedLogins() map[string]int64 {
	c := &b.stats.refusedOn
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.n)
}
