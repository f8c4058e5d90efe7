package ingest

import (
	"sync"
	"sync/atomic"
	"time"
)

// How many refused packets are kept for the operator to look at: of one
// observer, and in all, in each hour of the clock. Whoever may publish can
// publish rubbish; what is above this is only counted. Packets.
const (
	dropsPerObserver = 1_000
	dropsPerHour     = 10_000
)

// dropQuota holds to that.
type dropQuota struct {
	refused atomic.Uint64 // packets that were not kept

	mu   sync.Mutex
	hour int64          // since 1970
	kept map[string]int // in that hour, by observer: at most dropsPerHour entries
	all  int            // in that hour
}

// take reports whether a packet of an observer, refused at a time, may be kept.
func (q *dropQuota) take(observer string, at time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if hour := at.Unix() / 3600; hour != q.hour || q.kept == nil {
		q.hour, q.kept, q.all = hour, make(map[string]int), 0
	}
	if q.all >= dropsPerHour || q.kept[observer] >= dropsPerObserver {
		q.refused.Add(1)
		return false
	}
	q.all++
	q.kept[observer]++
	return true
}
