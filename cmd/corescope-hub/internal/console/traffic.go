package console

import (
	"sync"
	"time"
)

// traffic counts the messages of each source by the minute, for the last hour.
type traffic struct {
	mu sync.Mutex
	of map[string]*hour // by name; those that there are, and no others

	refused map[string]*day // logins, by the name of the listener
}

// hour is one source's.
type hour struct {
	received      uint64 // when it was last looked at
	began, newest int64  // minutes since 1970
	counts        [60]int
}

func (t *traffic) take(sources []Source, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before, minute := t.of, at.Unix()/60
	t.of = make(map[string]*hour, len(sources))
	for _, s := range sources {
		h := before[s.Name]
		if h == nil {
			h = &hour{began: minute, newest: minute}
		}
		h.add(s.Fates.Received, minute)
		t.of[s.Name] = h
		if s.Listener != nil {
			t.refusedOn(s.Name).add(s.Listener.Refused, at)
		}
	}
}

// add counts what came until now. A clock that is set back adds to the newest
// minute that there is.
func (h *hour) add(received uint64, minute int64) {
	for h.newest = max(h.newest, minute-int64(len(h.counts))); h.newest < minute; {
		h.newest++
		h.counts[h.newest%int64(len(h.counts))] = 0
	}
	h.counts[h.newest%int64(len(h.counts))] += int(received - h.received)
	h.received = received
}

// added puts into each source what came in each of the last 60 minutes.
func (t *traffic) added(all Sources) Sources {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range all.Sources {
		s := &all.Sources[i]
		s.PerMinute = t.of[s.Name].minutes()
		if s.Listener != nil {
			s.Listener.RefusedLately = t.refusedOn(s.Name).sum(s.Listener.Refused, all.Now)
		}
	}
	return all
}

// minutes is the hour, the oldest first; nil for minutes before counting began.
func (h *hour) minutes() []*int {
	const all = int64(len(h.counts))
	out := make([]*int, all)
	if h == nil {
		return out
	}
	for i := range out {
		if minute := h.newest - all + 1 + int64(i); minute >= h.began {
			n := h.counts[minute%all]
			out[i] = &n
		}
	}
	return out
}
