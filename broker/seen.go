package broker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sort"
	"time"
)

// Seen is what is remembered of an observer over a restart, and what the command
// line shows: nothing is decided by it.
type Seen struct {
	Key      string    `json:"key"`
	Name     string    `json:"name,omitempty"`
	Region   string    `json:"region,omitempty"`
	Address  string    `json:"address,omitempty"` // HOST:PORT
	Upstream string    `json:"upstream,omitempty"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"` // zero: only a login
	Messages int64     `json:"messages"`
	Refused  Reason    `json:"refused,omitempty"` // why, the last time
	Muted    time.Time `json:"muted,omitzero"`    // by the hub, until then
}

const (
	maxSeen      = 1000        // observers in the file, those heard last
	maxSeenBytes = 4 << 20     // of the file
	seenSoon     = time.Minute // after a new observer the file is written, not more often than this
	seenLate     = time.Hour   // and this long after it in any case, and while new ones keep coming
)

// SeenFile is where the hub keeps what it remembers beside an observers file.
func SeenFile(observersFile string) string { return observersFile + ".seen" }

// ReadSeen reads what a hub remembered. Without a file that is nothing.
func ReadSeen(path string) ([]Seen, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("observers seen, %s: %w", path, cause(err))
	}
	defer f.Close()
	var all []Seen
	if err := json.NewDecoder(io.LimitReader(f, maxSeenBytes)).Decode(&all); err != nil {
		return nil, fmt.Errorf("observers seen, %s: %w; nothing is lost by deleting it", path, err)
	}
	return all[:min(len(all), maxSeen)], nil
}

// seenKeeper writes what the roster knows, seldom: it is no decision, and cards
// wear out.
type seenKeeper struct {
	path    string
	written time.Time
	pause   time.Duration
	inVain  bool // the last attempt failed, and the operator was told
}

// due says whether to write now, when there are observers that are not written
// yet, or are none.
func (k *seenKeeper) due(fresh bool, now time.Time) bool {
	pause := seenLate
	if fresh {
		pause = max(k.pause, seenSoon)
	}
	if now.Sub(k.written) < pause {
		return false
	}
	if k.pause = seenSoon; fresh && now.Sub(k.written) < 2*pause {
		k.pause = min(2*pause, seenLate)
	}
	return true
}

// keepSeen writes what is remembered if that is due, or at the end of the hub.
func (b *Broker) keepSeen(k *seenKeeper, end bool, now time.Time) {
	if k.path == "" || !end && !k.due(b.roster.fresh(), now) {
		return
	}
	k.written = now
	text, err := json.MarshalIndent(b.roster.remembered(now), "", "\t")
	if err == nil {
		err = replaceFile(k.path, string(text)+"\n")
	}
	if err != nil && !k.inVain {
		b.log.Warn("cannot keep which observers were seen", "file", k.path, "err", err)
	}
	k.inVain = err != nil
}

// fresh says whether an observer came that was not in remembered yet.
func (r *roster) fresh() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.news
}

// remembered is what to keep of the roster.
func (r *roster) remembered(now time.Time) []Seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.news = false
	all := make([]Seen, 0, len(r.byKey))
	for _, s := range r.byKey {
		one := Seen{Key: s.key, Name: s.name, Region: s.region, Address: s.address, Upstream: s.upstream, First: s.first, Last: s.last, Messages: s.messages}
		if len(s.refusals) > 0 {
			one.Refused = s.refusals[0].Reason
		}
		one.Muted, _ = s.mutedByHub(now)
		all = append(all, one)
	}
	sort.Slice(all, func(i, k int) bool { return all[i].Last.After(all[k].Last) })
	return all[:min(len(all), maxSeen)]
}

// recall fills a new roster with what an earlier hub remembered.
func (r *roster) recall(seen []Seen) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range seen {
		key, err := ObserverKey(one.Key)
		if err != nil {
			continue
		}
		s := r.station(key, one.First)
		s.name, s.region, s.address, s.upstream = clip(one.Name, maxNote), clip(one.Region, maxNote), clip(one.Address, maxNote), one.Upstream
		s.last, s.messages, s.accepted = one.Last, one.Messages, one.Refused == ""
	}
	r.news = false
}
