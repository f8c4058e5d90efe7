package broker

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"

	"corescope-hub/ingest"
)

// maxObservers bounds the observers that are remembered. Anybody can make up
// ids; when there are too many, a quarter of those that are away is forgotten,
// first those that were never accepted, then those heard longest ago.
const maxObservers = 4096

// maxStations bounds the observers that one connection speaks for, as far as
// presence goes. Another broker that publishes here for a whole mesh has more.
const maxStations = 512

// roster is what the broker knows of observers, and what is decided on them.
type roster struct {
	knownOnly bool // take only those that are allowed
	limits    Limits
	seed      maphash.Seed // nobody outside can choose messages for its sums

	mu      sync.Mutex
	byKey   map[string]*station
	rulings map[string]Ruling
	news    bool // an observer came that remembered has not told of
}

// station is one observer in the roster; roster.mu guards it.
type station struct {
	key, name, region, upstream string

	conns   map[*conn]struct{} // open, and speaking for it
	address string
	proven  bool
	assumed string // topic of its retained status, which the hub made "offline"; "" when it did not

	first, last time.Time
	messages    int64
	bytes       int64
	accepted    bool // once, a message of it was

	refusals []Refusal // the latest first
	signs    []Sign
	feeds    map[source]*feed
}

func newRoster(knownOnly bool, limits Limits) *roster {
	return &roster{knownOnly: knownOnly, limits: limits, seed: maphash.MakeSeed(), byKey: make(map[string]*station), rulings: make(map[string]Ruling)}
}

// station finds an observer, or takes it up. The caller holds mu.
func (r *roster) station(key string, now time.Time) *station {
	if s := r.byKey[key]; s != nil {
		return s
	}
	if len(r.byKey) >= maxObservers {
		r.forget()
	}
	s := &station{key: strings.Clone(key), first: now}
	r.byKey[s.key], r.news = s, true
	return s
}

// forget makes room. The caller holds mu.
func (r *roster) forget() {
	var away []*station
	for _, s := range r.byKey {
		if len(s.conns) == 0 {
			away = append(away, s)
		}
	}
	slices.SortFunc(away, func(a, b *station) int {
		if a.accepted != b.accepted {
			return cmp.Compare(oneIf(a.accepted), oneIf(b.accepted))
		}
		return a.last.Compare(b.last)
	})
	for _, s := range away[:min(len(away), maxObservers/4)] {
		delete(r.byKey, s.key)
	}
	if len(away) == 0 { // one connection may speak for as many as it likes
		for key, s := range r.byKey {
			if !s.proven {
				delete(r.byKey, key)
				return
			}
		}
	}
}

func oneIf(v bool) int {
	if v {
		return 1
	}
	return 0
}

// arrival is one message of an observer, as the roster is told of it.
type arrival struct {
	ingest.Speaker
	conn   *conn  // nil for one over a bridge
	bridge string // its name; "" for a client's
	size   int    // bytes of the payload
	sum    uint64 // of topic and payload
	at     time.Time
}

// arrival describes a message to the roster.
func (r *roster) arrival(c *conn, bridge, topic string, payload []byte, now time.Time) arrival {
	return arrival{
		Speaker: ingest.SpeakerOf(topic, payload),
		conn:    c, bridge: bridge, size: len(payload), at: now,
		sum: maphash.String(r.seed, topic)*31 + maphash.Bytes(r.seed, payload),
	}
}

// judge takes a message down and says why it is refused, "" when it is not; and
// how long its connection has to wait before its next one.
func (r *roster) judge(a arrival) (reason Reason, wait time.Duration) {
	if a.ID == "" {
		return "", 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.station(a.ID, a.at)
	s.last, s.messages, s.bytes = a.at, s.messages+1, s.bytes+int64(a.size)
	s.region, s.upstream = a.Region, a.bridge
	if a.conn != nil {
		s.join(a.conn)
	}
	if a.bridge == "" {
		reason, wait = s.watch(a, r.limits)
	}
	ruling := r.rulings[a.ID]
	switch {
	case ruling.Decision == Deny:
		reason = ReasonDenied
	case r.knownOnly && a.bridge == "" && ruling.Decision != Allow:
		reason = ReasonUnknown
	case ruling.muted(a.at):
		reason = ReasonMuted
	}
	if reason != "" {
		s.refused(reason, "", a.at)
	}
	return reason, wait
}

// join notes that c speaks for s. The caller holds roster.mu.
func (s *station) join(c *conn) {
	if _, known := s.conns[c]; known || c.departed || len(c.stations) >= maxStations {
		return
	}
	if s.conns == nil {
		s.conns = make(map[*conn]struct{})
	}
	s.conns[c] = struct{}{}
	c.stations = append(c.stations, s)
	s.address, s.proven = c.remote, c.principal.Key == s.key
}

// settled tells the roster what became of a message that it did not refuse.
func (r *roster) settled(c *conn, key string, v ingest.Verdict, now time.Time) {
	if key == "" || v.Outcome == ingest.NotSafe {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.station(key, now)
	if f := s.feeds[sourceOf(c, key)]; f != nil && v.Offset != nil {
		s.ticked(f, *v.Offset, now)
	}
	if v.Outcome != ingest.Worthless {
		s.accepted = true
	}
	if v.Origin != "" {
		s.name = v.Origin
	}
	if v.Reason != "" && v.Reason != ingest.ReasonNotForUs {
		s.refused(Reason(v.Reason), "", now)
	}
}

// leave takes a connection that has ended from the observers it spoke for.
func (r *roster) leave(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range c.stations {
		delete(s.conns, c)
	}
	c.departed = true
}

// rule replaces what is decided.
func (r *roster) rule(rulings map[string]Ruling) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rulings = rulings
	for key, ruling := range rulings { // who is let in again begins anew
		if s := r.byKey[key]; s != nil && ruling.Decision == Allow && !ruling.Muted {
			s.pardon()
		}
	}
}

func (r *roster) size() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return int64(len(r.byKey))
}
