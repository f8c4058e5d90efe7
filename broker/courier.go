package broker

import "sync"

// courier brings messages to the subscribers, one after the other in the order
// in which they were answered, on a goroutine of its own: so no acknowledgement
// waits for subscribers, however many they are and however large the message.
//
// It leaves nothing out. A message keeps its room in the intake, and its place
// among its connection's, until it was brought. So what waits here is bounded,
// and who publishes faster than subscribers can be served is read more slowly.
type courier struct {
	mu      sync.Mutex
	line    []parcel
	given   uint64     // messages so far
	brought uint64     // of those
	watch   []onlooker // in the order of upTo
	ended   bool
	wake    chan struct{}
}

// parcel is one message on its way to the subscribers.
type parcel struct {
	from    string // the id of its publisher, "" for the hub
	message outgoing
	brought func() // called when it is there
}

// onlooker waits until so many messages were brought.
type onlooker struct {
	upTo uint64
	come chan struct{}
}

func newCourier() *courier { return &courier{wake: make(chan struct{}, 1)} }

// take puts p at the end of the line. keep is called in the same order, before
// the message can be brought; nil when there is nothing to do.
func (k *courier) take(p parcel, keep func()) {
	if !k.put(p, keep) {
		p.brought()
	}
}

// put is false when nothing is brought any more.
func (k *courier) put(p parcel, keep func()) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	ended := k.ended
	if !ended {
		if len(k.line) == 0 {
			poke(k.wake)
		}
		k.line = append(k.line, p)
		k.given++
	}
	if keep != nil {
		keep()
	}
	return !ended
}

// run has each message brought by bring, until end.
func (k *courier) run(bring func(parcel)) {
	for {
		p, there := k.next()
		if !there {
			if k.over() {
				return
			}
			<-k.wake
			continue
		}
		bring(p)
		p.brought()
		k.settle()
	}
}

// next takes the first of the line.
func (k *courier) next() (p parcel, there bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.line) == 0 {
		k.line = nil
		return parcel{}, false
	}
	p, k.line[0] = k.line[0], parcel{}
	k.line = k.line[1:]
	return p, true
}

// settle counts one message that was brought.
func (k *courier) settle() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.brought++
	for len(k.watch) > 0 && k.watch[0].upTo <= k.brought {
		close(k.watch[0].come)
		k.watch = k.watch[1:]
	}
}

// catchUp waits until every message that was answered so far has been brought.
// What a client asks for after its answer comes after the message.
func (k *courier) catchUp() {
	k.mu.Lock()
	if k.brought == k.given {
		k.mu.Unlock()
		return
	}
	o := onlooker{upTo: k.given, come: make(chan struct{})}
	k.watch = append(k.watch, o)
	k.mu.Unlock()
	<-o.come
}

// end lets run return once the line is empty. What comes later is not brought.
func (k *courier) end() {
	k.mu.Lock()
	k.ended = true
	k.mu.Unlock()
	poke(k.wake)
}

func (k *courier) over() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ended && len(k.line) == 0
}

// waiting is how many messages were not brought yet.
func (k *courier) waiting() int64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return int64(k.given - k.brought)
}
