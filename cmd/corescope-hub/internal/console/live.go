package console

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"corescope-hub/store"
)

// Bounds of the live feed.
const (
	batchObservations = 1000 // looked at for one event
	keptBatches       = 16   // shared by the pages that are open
	keptBytes         = 4 << 20
)

// batch is the packets that observations after one id touched, as the data of an
// event.
type batch struct {
	after, last int64 // ids of observations
	data        []byte
}

// live reads what is committed after a cursor, once for all pages at that cursor.
type live struct {
	store func() *store.Store
	names *nodeNames

	mu   sync.Mutex // held while reading
	kept []batch    // the latest last
}

// liveEvent is the data of an event: packets as they are now, whole, so that a
// page only has to put each in the place of what it had of it.
type liveEvent struct {
	Packets []Packet `json:"packets"`
	More    bool     `json:"more,omitempty"` // there was more than fits: the page asks for its list again
}

// after returns what was committed after the observation id.
func (l *live) after(ctx context.Context, id int64) (batch, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range l.kept {
		if b.after == id {
			return b, nil
		}
	}
	rows, last, err := l.store().PacketsTouchedAfter(ctx, id, batchObservations)
	if err != nil {
		return batch{}, err
	}
	data, err := json.Marshal(liveEvent{Packets: l.names.now(ctx).packets(rows)})
	if err != nil {
		return batch{}, err
	}
	b := batch{after: id, last: last, data: data}
	if len(rows) > 0 {
		l.keep(b)
	}
	return b, nil
}

// keep keeps the latest batches, as far as they are few and small enough.
func (l *live) keep(b batch) {
	l.kept = append(l.kept, b)
	size := 0
	for i := len(l.kept) - 1; i >= 0; i-- {
		if size += len(l.kept[i].data); size > keptBytes || len(l.kept)-i > keptBatches {
			l.kept = slices.Clone(l.kept[i+1:])
			return
		}
	}
}
