package broker

import (
	"net/netip"
	"sync"
	"time"
)

// Wrong passwords that one address may try at once, and how long it takes to be
// allowed one more.
const (
	triesAtOnce = 10
	tryEvery    = 30 * time.Second
	// throttled bounds the addresses that are remembered. When there are more,
	// the oldest failures are forgotten first.
	throttled = 4096
)

// throttle counts wrong passwords by address. IPv6 hosts have many addresses,
// so there a network of 64 bits counts as one.
type throttle struct {
	mu       sync.Mutex
	forgiven map[netip.Prefix]time.Time // when the last of the failures will be forgiven
}

func newThrottle() *throttle { return &throttle{forgiven: make(map[netip.Prefix]time.Time)} }

// allow says whether address may try a password now.
func (t *throttle) allow(address netip.Prefix, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.forgiven[address].Sub(now) <= (triesAtOnce-1)*tryEvery
}

// failed takes down a wrong password.
func (t *throttle) failed(address netip.Prefix, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.forgiven[address]; !known && len(t.forgiven) >= throttled {
		t.forget(now)
	}
	from := t.forgiven[address]
	if from.Before(now) {
		from = now
	}
	t.forgiven[address] = from.Add(tryEvery)
}

// forget makes room: all that is forgiven goes, else the one that is forgiven
// next.
func (t *throttle) forget(now time.Time) {
	var next netip.Prefix
	for address, when := range t.forgiven {
		if when.Before(now) {
			delete(t.forgiven, address)
		} else if !next.IsValid() || when.Before(t.forgiven[next]) {
			next = address
		}
	}
	if len(t.forgiven) >= throttled {
		delete(t.forgiven, next)
	}
}
