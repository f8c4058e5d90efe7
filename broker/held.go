package broker

import (
	"context"
	"sync/atomic"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
)

// Bounds of what the library keeps for all sessions together, besides the bounds
// of each: it takes hundreds of bytes for a level of a filter, and for a message
// that is not acknowledged.
const (
	maxFilterLevels = 16 << 10
	maxHandshakes   = 16 << 10 // messages at QoS 2 that were begun and not ended
	fewHandshakes   = 16       // of one client, which may have so many in any case
)

// holdings are how much of that there is. They grow as they are asked for, and shrink
// when they are counted again: sessions end in many ways.
type holdings struct{ levels, handshakes atomic.Int64 }

// countAgain is how often holdings are put right.
const countAgain = time.Second

// keepCount counts what is held until ctx ends.
func (b *Broker) keepCount(ctx context.Context) {
	tick := time.NewTicker(countAgain)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.count()
		case <-ctx.Done():
			return
		}
	}
}

// count puts them right. What comes meanwhile may be missed until the next time.
func (b *Broker) count() {
	levels, handshakes := int64(0), int64(0)
	for _, cl := range b.server.Clients.GetAll() {
		handshakes += int64(cl.State.Inflight.Len())
		for filter := range cl.State.Subscriptions.GetAll() {
			levels += int64(topicLevels(filter))
		}
	}
	b.held.levels.Store(levels)
	b.held.handshakes.Store(handshakes)
}

// hold says whether there is room for one more filter, and takes it.
func (h *holdings) hold(filter string) bool {
	n := int64(topicLevels(filter))
	if h.levels.Add(n) <= maxFilterLevels {
		return true
	}
	h.levels.Add(-n)
	return false
}

// handshake says whether a client may begin one more message at QoS 2. The more
// there are of all, the fewer one may have.
func (h *holdings) handshake(cl *mqtt.Client) bool {
	all, own := h.handshakes.Add(1), int64(cl.State.Inflight.Len())
	return own < fewHandshakes || own <= (maxHandshakes-all)/4
}
