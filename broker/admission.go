package broker

import (
	"container/list"
	"net/netip"
	"sync"
	"time"
)

// crowd is the connections that are open. One machine must not be able to shut
// out all others by holding connections open, so there is a bound for each
// address besides the one for all; and those that have not logged in make room
// for newcomers, the oldest first.
type crowd struct {
	mu      sync.Mutex // held to add a connection, and to begin to stop
	conns   map[*conn]struct{}
	from    map[netip.Prefix]int // how many of conns, by their address
	waiting *list.List           // those of conns that have not logged in, the oldest first
	serving sync.WaitGroup       // one for each connection that has not ended
	lingers int                  // connections that wait for their client to end its side
}

func newCrowd() crowd {
	return crowd{conns: make(map[*conn]struct{}), from: make(map[netip.Prefix]int), waiting: list.New()}
}

// maxLingering bounds the connections that are in nobody's count any more.
const maxLingering = 256

// track counts c in; it refuses when the broker is full of clients that have
// logged in, or stopping, or when c is one too many of its address.
func (b *Broker) track(c *conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopping() {
		return false
	}
	if !b.roomFrom(c) || len(b.conns) >= b.opts.MaxConnections && !b.makeRoom(nil) {
		b.refuseFull(c)
		return false
	}
	b.conns[c] = struct{}{}
	b.from[c.origin]++
	c.place = b.waiting.PushBack(c)
	b.serving.Add(1)
	b.stats.accepted.Add(1)
	return true
}

// relocate moves c to the address that it turned out to come from.
func (b *Broker) relocate(c *conn, to caller) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, open := b.conns[c]; !open {
		return false
	}
	if to.origin == c.origin {
		c.caller, c.uncounted = to, false
		return true
	}
	b.leaveAddress(c)
	c.caller, c.uncounted = to, false
	room := b.roomFrom(c)
	b.from[c.origin]++
	if !room {
		b.refuseFull(c)
	}
	return room
}

// roomFrom says whether the address of c may have one more connection.
func (b *Broker) roomFrom(c *conn) bool {
	return c.uncounted || b.from[c.origin] < b.opts.MaxPerAddress || b.makeRoom(c)
}

// makeRoom ends the connection that has waited longest without logging in; of
// those from the address of like, if it is given.
func (b *Broker) makeRoom(like *conn) bool {
	for e := b.waiting.Front(); e != nil; e = e.Next() {
		oldest := e.Value.(*conn)
		if oldest == like || like != nil && (oldest.origin != like.origin || oldest.uncounted) {
			continue
		}
		b.forget(oldest)
		oldest.cut()
		b.stats.evicted.Add(1)
		return true
	}
	return false
}

// Bounds of the bytes that wait for all clients to take them.
const (
	maxUnwritten = 8 << 20
	fewUnwritten = 4 << 10                // of one client, who is not to blame then
	stalledAfter = 250 * time.Millisecond // in which every client that reads has taken something
)

// relieve ends the connection whose client has taken nothing for the longest
// time, of those that are to blame, when too much waits for all. It says whether
// there is more room now.
func (b *Broker) relieve(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.unwritten.Load() <= maxUnwritten {
		return true
	}
	var slowest *conn
	since := now.Add(-stalledAfter).UnixNano()
	for c := range b.conns {
		if moved := c.moved.Load(); c.waiting.Load() > fewUnwritten && moved <= since {
			slowest, since = c, moved
		}
	}
	if slowest == nil {
		return false
	}
	slowest.cutFor(CutNotReading)
	return true
}

// letWrite waits while too much waits for all, until those who read have taken
// some of it or those who do not are known.
func (b *Broker) letWrite() {
	for begun := time.Now(); b.unwritten.Load() > maxUnwritten; {
		now := time.Now()
		switch {
		case b.relieve(now):
		case now.Sub(begun) > stalledAfter:
			return
		default:
			time.Sleep(time.Millisecond)
		}
	}
}

func (b *Broker) refuseFull(c *conn) {
	b.stats.refusedFull.Add(1)
	b.full.warn(b.log, "connection refused: too many are open", "listener", c.listener, "remote", c.remote,
		"open", len(b.conns), "from_address", b.from[c.origin])
}

// forget counts c out. The caller holds mu.
func (b *Broker) forget(c *conn) {
	if _, open := b.conns[c]; !open {
		return
	}
	delete(b.conns, c)
	b.leaveAddress(c)
	b.settled(c)
}

func (b *Broker) leaveAddress(c *conn) {
	if b.from[c.origin]--; b.from[c.origin] == 0 {
		delete(b.from, c.origin)
	}
}

// settled takes c out of those that have not logged in. The caller holds mu.
func (b *Broker) settled(c *conn) {
	if c.place != nil {
		b.waiting.Remove(c.place)
		c.place = nil
	}
}

// loggedIn keeps c from having to make room.
func (b *Broker) loggedIn(c *conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settled(c)
}

// leave ends c, once: whoever waits for its end goes on, and the client is given
// a moment to read what was written for it.
func (b *Broker) leave(c *conn) {
	c.left.Do(func() {
		defer b.serving.Done()
		c.Close()
		b.mu.Lock()
		b.forget(c)
		patience := b.lingers < maxLingering
		if patience {
			b.lingers++
		}
		b.mu.Unlock()
		c.endPacket()
		if c.arrived != nil {
			c.arrived()
		}
		b.roster.leave(c)
		close(c.gone)
		c.finish(patience)
		if patience {
			b.mu.Lock()
			b.lingers--
			b.mu.Unlock()
		}
	})
}

// deadline is until when c has to be logged in.
func (b *Broker) deadline(c *conn) time.Time { return c.since.Add(b.opts.ConnectTimeout) }
