package broker

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// Bounds of what one session has coming to it.
const (
	maxUnacknowledged = 512      // messages at QoS 1 and 2 that a client has and did not acknowledge
	maxReplays        = 64       // subscriptions whose retained messages it has yet to get
	sendingSize       = 64       // bytes that a message takes besides its text
	maxBacklog        = 24 << 20 // bytes that wait for all sessions together
	welcomeSize       = 16 << 10 // bytes of a message that a session for which nothing waits gets in any case
	unackedCost       = 768      // bytes that the library keeps of an unacknowledged message besides its text
)

// sending is one message for one session.
type sending struct {
	packet *packets.Packet // shared by all subscribers: nobody changes it
	qos    byte
	retain bool
	ids    []int // subscription identifiers
}

func (s sending) size() int { return sendingSize + len(s.packet.TopicName) + len(s.packet.Payload) }

// replay are the retained messages of one subscription that are yet to be sent,
// by topic: what they say is looked up when it is their turn.
type replay struct {
	sub    packets.Subscription
	topics []string
}

// outbox is what a session is to be sent, in order. It gives out as much as the
// client takes: as its socket is emptied, and at QoS 1 and 2 as it acknowledges.
// It belongs to the session: who comes back finds it.
type outbox struct {
	mu      sync.Mutex
	replays []replay
	queue   []sending
	unacked map[uint16]int // bytes of what was sent and is not acknowledged, by packet id
	bytes   int            // of queue and unacked
	number  int64          // of the message sent last, to send unacknowledged ones again in order
	closed  bool           // its session has ended

	pending atomic.Bool // there is something in it
}

// add puts s last; it says why when there is no room for it.
func (o *outbox) add(s sending, b *Broker) (why Drop) {
	size := s.size()
	o.mu.Lock()
	defer o.mu.Unlock()
	idle := o.bytes == 0 && size <= welcomeSize
	switch {
	case o.closed:
		return DropSessionEnded
	case !idle && int64(o.bytes+size) > b.ownRoom():
		return DropSessionFull
	case !idle && int64(o.bytes+size) > b.room():
		return DropHubFull
	}
	o.queue = append(o.queue, s)
	o.keep(size, b)
	o.pending.Store(true)
	return ""
}

// room is how many bytes may wait for one session. The more wait for all, the
// less one may have, so that those who do not read leave room for those who do.
func (b *Broker) room() int64 { return min(b.ownRoom(), (maxBacklog-b.backlog.Load())/4) }

// ownRoom is how many may wait for one session, whatever waits for others.
func (b *Broker) ownRoom() int64 { return 4 * int64(b.opts.MaxPendingBytes) }

// replay has the retained messages of a subscription sent before all else. Asked
// again for the same before it is done, it begins anew.
func (o *outbox) replay(r replay) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.replays {
		if o.replays[i].sub.Filter == r.sub.Filter {
			o.replays[i] = r
			return
		}
	}
	if len(o.replays) < maxReplays {
		o.replays = append(o.replays, r)
		o.pending.Store(true)
	}
}

// pump sends what the client can take now. It waits for nobody: what is left is
// sent when the client has read or acknowledged something.
func (o *outbox) pump(cl *mqtt.Client, b *Broker) {
	if !o.pending.Load() {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	c := connOf(cl)
	for !cl.Closed() && c.client.Load() == cl && !c.busy() {
		if len(o.replays) > 0 {
			if !o.sendRetained(cl, c, b) {
				return
			}
			continue
		}
		if len(o.queue) == 0 {
			o.queue = nil
			o.pending.Store(false)
			return
		}
		s := o.queue[0]
		if !o.send(cl, s, b) {
			return
		}
		o.queue[0], o.queue = sending{}, o.queue[1:]
		o.keep(-s.size(), b)
	}
}

// keep counts size bytes more, or less. The caller holds mu.
func (o *outbox) keep(size int, b *Broker) {
	o.bytes += size
	b.backlog.Add(int64(size))
}

// acknowledged forgets a message that the library has forgotten.
func (o *outbox) acknowledged(cl *mqtt.Client, id uint16, b *Broker) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, there := cl.State.Inflight.Get(id); !there {
		o.keep(-o.unacked[id], b)
		delete(o.unacked, id)
	}
}

// sendRetained sends the next retained message; false when the client cannot
// take it yet. The caller holds mu.
func (o *outbox) sendRetained(cl *mqtt.Client, c *conn, b *Broker) bool {
	r := &o.replays[0]
	if len(r.topics) == 0 {
		o.replays = o.replays[1:]
		return true
	}
	pk, there := b.server.Topics.Retained.Get(r.topics[0])
	if there && c.principal.allowed(pk.TopicName, accessRead) {
		shown := &pk
		if c.principal.Role == RoleLimited {
			shown = b.shelf.limited(shown)
		}
		if shown != nil {
			s := sending{packet: shown, qos: min(shown.FixedHeader.Qos, r.sub.Qos), retain: true, ids: identifiers(r.sub)}
			if !o.send(cl, s, b) {
				return false
			}
		}
	}
	r.topics = r.topics[1:]
	return true
}

// send writes one message; false when the client has to acknowledge others
// first. The caller holds mu.
func (o *outbox) send(cl *mqtt.Client, s sending, b *Broker) bool {
	out := packets.Packet{
		ProtocolVersion: s.packet.ProtocolVersion,
		FixedHeader:     packets.FixedHeader{Type: packets.Publish, Qos: s.qos, Retain: s.retain},
		TopicName:       s.packet.TopicName,
		Payload:         s.packet.Payload,
		Properties:      s.packet.Properties,
		Expiry:          s.packet.Expiry,
		Origin:          s.packet.Origin,
	}
	if out.Expiry > 0 && time.Now().Unix() >= out.Expiry {
		return true // nobody wants it any more
	}
	if s.ids != nil {
		out.Properties.SubscriptionIdentifier = s.ids
	}
	if s.qos == 0 {
		cl.WritePacket(out) // a broken connection shows itself to its reader
		return true
	}
	size := s.size() + unackedCost
	if cl.State.Inflight.Len() >= window(cl) || len(o.unacked) > 0 && int64(o.bytes+size) > b.room() {
		return false
	}
	id, err := cl.NextPacketID()
	if err != nil {
		return false
	}
	out.PacketID = uint16(id)
	o.number++
	out.Created = o.number // the library sends again in the order of this
	cl.State.Inflight.Set(out)
	atomic.AddInt64(&b.server.Info.Inflight, 1)
	if o.unacked == nil {
		o.unacked = make(map[uint16]int)
	}
	o.keep(size-o.unacked[out.PacketID], b)
	o.unacked[out.PacketID] = size
	if err := cl.WritePacket(out); errors.Is(err, packets.ErrPacketTooLarge) && cl.State.Inflight.Delete(out.PacketID) {
		o.keep(-size, b)
		delete(o.unacked, out.PacketID)
		atomic.AddInt64(&b.server.Info.Inflight, -1) // for this client it counts as sent (MQTT-3.1.2-25)
	}
	return true
}

// window is how many messages a client may leave unacknowledged.
func window(cl *mqtt.Client) int {
	if most := int(cl.Properties.Props.ReceiveMaximum); most > 0 {
		return min(most, maxUnacknowledged)
	}
	return maxUnacknowledged
}

// close gives back what it holds: its session has ended.
func (o *outbox) close(b *Broker) {
	o.mu.Lock()
	defer o.mu.Unlock()
	b.backlog.Add(-int64(o.bytes))
	o.queue, o.replays, o.unacked, o.bytes, o.closed = nil, nil, nil, 0, true
	o.pending.Store(false)
}
