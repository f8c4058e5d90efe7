package broker

import (
	"container/list"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of what clients may have on its way into the hub, in bytes. A control
// packet above largePacket is read only when there is room for it, in the first
// part of the whole; what follows from small ones, and from those that were read,
// finds the rest. So few bytes that are announced and never sent keep nobody out.
const (
	maxIntake   = 12 << 20
	forReading  = 8 << 20
	largePacket = 4 << 10
)

// intake bounds the memory of control packets that are being read, and of
// messages whose fate is not known, of all connections together. Who finds no
// room waits, and is not read meanwhile.
//
// There are two lines. Messages of connections that hold the room of a large
// control packet wait in one by themselves: while they wait it is not given back.
// All else waits in the other, in the order of coming, so that no flood of small
// messages keeps a large packet out.
//
// Messages make room by themselves, as they are committed. Halves of control
// packets may never: when they take most of the room and somebody needs it, one
// of them is given up.
type intake struct {
	most, reading int64 // bytes in all; and for control packets to be begun
	fair          int64 // bytes of halves that an address may have without being the first to lose one
	used          atomic.Int64
	waiting       atomic.Int32

	mu      sync.Mutex
	holders list.List              // of *turn: messages of connections that hold room already
	others  list.List              // of *turn: messages, and control packets to be begun
	halves  list.List              // of *half: begun and not whole
	half    int64                  // bytes of halves
	holds   map[netip.Prefix]int64 // likewise, by address
}

// turn is one that waits.
type turn struct {
	size int64
	most int64         // bytes that there may be in all with it
	come chan struct{} // closed when it has its room
}

// half is a large control packet that has begun.
type half struct {
	c     *conn
	size  int64
	moved atomic.Int64  // when the last of it came; ns since 1970
	place *list.Element // among halves; nil once it is whole
	lost  bool          // its room was taken from it; intake.mu guards it
}

func newIntake(maxPacket int) *intake {
	return &intake{
		most:    max(maxIntake, 4*int64(maxPacket)),
		reading: max(forReading, 2*int64(maxPacket)),
		fair:    int64(maxPacket),
		holds:   make(map[netip.Prefix]int64),
	}
}

// enter takes room for a message of size bytes; false when stop comes first.
// holder says that its connection has the room of a large control packet.
func (in *intake) enter(size int, holder bool, stop <-chan struct{}) bool {
	n := int64(size)
	if in.waiting.Load() == 0 && in.take(n, in.most) {
		return true
	}
	line := &in.others
	if holder {
		line = &in.holders
	}
	in.mu.Lock()
	if line.Len() == 0 && in.take(n, in.most) {
		in.mu.Unlock()
		return true
	}
	return in.await(line, n, in.most, stop)
}

// take takes n bytes unless there are more than most then. The first comes in
// whatever its size.
func (in *intake) take(n, most int64) bool {
	if used := in.used.Add(n); used <= most || used == n {
		return true
	}
	in.used.Add(-n)
	return false
}

// force takes room for a message of size bytes whether there is some or not.
func (in *intake) force(size int) { in.used.Add(int64(size)) }

// await waits for a turn in line. The caller holds mu, which is given back.
func (in *intake) await(line *list.List, n, most int64, stop <-chan struct{}) bool {
	t := &turn{size: n, most: most, come: make(chan struct{})}
	place := line.PushBack(t)
	in.waiting.Add(1)
	in.admit() // what was there may have left before waiting was seen
	in.mu.Unlock()
	select {
	case <-t.come:
		return true
	case <-stop:
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	select {
	case <-t.come: // at the same time
		in.used.Add(-n)
	default:
		line.Remove(place)
		in.waiting.Add(-1)
	}
	in.admit()
	return false
}

// leave gives room back.
func (in *intake) leave(size int) {
	in.used.Add(-int64(size))
	if in.waiting.Load() > 0 {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.admit()
	}
}

// admit lets those come whose room is there. The caller holds mu.
func (in *intake) admit() {
	in.admitOf(&in.holders)
	in.admitOf(&in.others)
}

func (in *intake) admitOf(line *list.List) {
	for e := line.Front(); e != nil; e = line.Front() {
		t := e.Value.(*turn)
		if !in.take(t.size, t.most) {
			return
		}
		line.Remove(e)
		in.waiting.Add(-1)
		close(t.come)
	}
}

// begin takes room for a large control packet of c; nil when stop comes first.
// What it returns is whole once it is read, and done with when the next begins.
func (in *intake) begin(c *conn, size int, stop <-chan struct{}) *half {
	h := &half{c: c, size: int64(size)}
	in.mu.Lock()
	for in.others.Len() > 0 || !in.take(h.size, in.reading) {
		if in.half > in.reading/2 {
			in.evict()
			continue
		}
		if !in.await(&in.others, h.size, in.reading, stop) {
			return nil
		}
		in.mu.Lock()
		break
	}
	defer in.mu.Unlock()
	h.moved.Store(time.Now().UnixNano())
	h.place = in.halves.PushBack(h)
	in.half += h.size
	in.holds[c.origin] += h.size
	return h
}

// evict gives up one half, and its connection. It is one of the address that
// holds most, when that is more than its fair part; else, as of several, the one
// of which nothing has come for the longest time: a slow link is not an idle one.
// The caller holds mu, and there are halves.
func (in *intake) evict() {
	var victim *half
	for e := in.halves.Front(); e != nil; e = e.Next() {
		if h := e.Value.(*half); victim == nil || in.sooner(h, victim) {
			victim = h
		}
	}
	in.settle(victim)
	victim.lost = true
	in.used.Add(-victim.size)
	victim.c.cutFor(CutHalfPacket)
	in.admit()
}

// sooner says whether h is to go before other.
func (in *intake) sooner(h, other *half) bool {
	excess := max(in.holds[h.c.origin], in.fair) - max(in.holds[other.c.origin], in.fair)
	return excess > 0 || excess == 0 && h.moved.Load() < other.moved.Load()
}

// settle takes h out of the halves. The caller holds mu.
func (in *intake) settle(h *half) {
	in.halves.Remove(h.place)
	h.place = nil
	in.half -= h.size
	if in.holds[h.c.origin] -= h.size; in.holds[h.c.origin] == 0 {
		delete(in.holds, h.c.origin)
	}
}

// whole says that h has been read, and keeps its room.
func (in *intake) whole(h *half) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if h.place != nil {
		in.settle(h)
	}
}

// done gives the room of h back, whole or not.
func (in *intake) done(h *half) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if h.place != nil {
		in.settle(h)
	}
	if !h.lost {
		in.used.Add(-h.size)
		in.admit()
	}
}
