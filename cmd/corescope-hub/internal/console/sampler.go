package console

import (
	"sync"
	"time"

	"corescope-hub/store"
)

// sampler looks at the store once a second and keeps the last minute and the
// last hour.
type sampler struct {
	store func() *store.Store

	mu      sync.Mutex
	before  store.Stats
	began   bool
	seconds [60]int // observations; a ring
	packets [60]int // transmissions; a ring
	at      int     // the next place in both
	minute  store.Stats
	minutes []CommitMinute // the oldest first, at most 60
	peak    int            // of the queue, today
	peakDay int
	moved   time.Time // the writer did something, or had nothing to do
}

// CommitMinute is how long commits took in one minute.
type CommitMinute struct {
	At      time.Time `json:"at"`
	Commits uint64    `json:"commits"`
	Median  float64   `json:"medianMs"` // ms, upper bounds of the classes that are counted
	P99     float64   `json:"p99Ms"`
}

func (s *sampler) sample(now store.Stats, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.began {
		s.began, s.before, s.minute, s.moved = true, now, now, at
		return
	}
	s.seconds[s.at] = int(now.Observations - s.before.Observations)
	s.packets[s.at] = int(now.Transmissions - s.before.Transmissions)
	s.at = (s.at + 1) % len(s.seconds)
	if now.MovedSince(s.before) {
		s.moved = at
	}
	if day := at.YearDay(); day != s.peakDay {
		s.peakDay, s.peak = day, 0
	}
	s.peak = max(s.peak, now.QueueDepth)
	if s.at == 0 {
		s.minutes = append(s.minutes, commitMinute(s.minute.CommitSeconds, now.CommitSeconds, at))
		if len(s.minutes) > 60 {
			s.minutes = s.minutes[1:]
		}
		s.minute = now
	}
	s.before = now
}

// commitMinute is what came to a histogram between two looks.
func commitMinute(before, now store.Histogram, at time.Time) CommitMinute {
	m := CommitMinute{At: at.Truncate(time.Second), Commits: now.Count - before.Count}
	m.Median, m.P99 = quantile(before, now, .5), quantile(before, now, .99)
	return m
}

// quantile estimates within the class that the value is in, in milliseconds.
func quantile(before, now store.Histogram, q float64) float64 {
	total := float64(now.Count - before.Count)
	if total == 0 {
		return 0
	}
	low, below := 0.0, 0.0
	for i, b := range now.Buckets {
		n := float64(b.Count)
		if i < len(before.Buckets) {
			n -= float64(before.Buckets[i].Count)
		}
		if n >= q*total {
			return 1000 * (low + (b.UpperBound-low)*(q*total-below)/(n-below))
		}
		low, below = b.UpperBound, n
	}
	return 1000 * low
}

// pulse is the observations of each of the last 60 seconds, the oldest first,
// and the packets of all of them.
func (s *sampler) pulse() (seconds [60]int, packets int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range seconds {
		at := (s.at + i) % len(seconds)
		seconds[i] = s.seconds[at]
		packets += s.packets[at]
	}
	return seconds, packets
}

// commits is the last hour, and the most that waited in the queue today.
func (s *sampler) commits() (minutes []CommitMinute, peak int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]CommitMinute{}, s.minutes...), s.peak
}

// stuck is for how long records have waited without a commit.
func (s *sampler) stuck(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.began || s.before.QueueDepth == 0 {
		return 0
	}
	return now.Sub(s.moved)
}
