package broker

import (
	"cmp"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// Session is one client that is connected now.
type Session struct {
	ClientID      string // as the client calls itself: not an identity
	Username      string // "" for guests
	Role          Role
	Key           string // the public key it proved to have; "" for none
	Listener      string
	Remote        string // HOST:PORT
	Protocol      byte   // MQTT: 3 is 3.1, 4 is 3.1.1, 5 is 5
	Since         time.Time
	Subscriptions int
	Unanswered    int // messages whose acknowledgement waits for a commit
	PendingBytes  int // bytes that the client has not taken yet
}

// Sessions lists the clients that are connected now, by client id.
func (b *Broker) Sessions() []Session {
	var all []Session
	for _, c := range b.openConns() {
		cl := c.client.Load()
		if cl == nil || cl.Closed() {
			continue
		}
		all = append(all, Session{
			ClientID:      ownID(cl),
			Username:      c.principal.Name,
			Role:          c.principal.Role,
			Key:           c.principal.Key,
			Listener:      c.listener,
			Remote:        c.remote,
			Protocol:      cl.Properties.ProtocolVersion,
			Since:         c.since,
			Subscriptions: cl.State.Subscriptions.Len(),
			Unanswered:    c.deliveries.unanswered(),
			PendingBytes:  int(c.waiting.Load()),
		})
	}
	sort.Slice(all, func(i, k int) bool { return all[i].ClientID < all[k].ClientID })
	return all
}

// abandon ends the session of a connection on which the library panicked, as it
// does for some malformed packets, and so did not end it itself.
func (b *Broker) abandon(c *conn) {
	cl := c.client.Load()
	if cl == nil {
		return
	}
	(&hook{b: b}).OnDisconnect(cl, packets.ErrMalformedPacket, true)
	if now, ok := b.server.Clients.Get(cl.ID); ok && now == cl && !cl.IsTakenOver() {
		b.server.UnsubscribeClient(cl)
		cl.ClearInflights()
		b.server.Clients.Delete(cl.ID)
	}
}

// takeTurn makes connections that call themselves id establish their sessions
// one after another. Of two at a time neither would find the other to end it,
// and the last will of one could come after what the other says.
func (b *Broker) takeTurn(c *conn, id string) {
	for {
		b.mu.Lock()
		busy := b.arriving[id]
		if busy == nil {
			turn := make(chan struct{})
			b.arriving[id] = turn
			c.arrived = sync.OnceFunc(func() {
				b.mu.Lock()
				delete(b.arriving, id)
				b.mu.Unlock()
				close(turn)
			})
		}
		b.mu.Unlock()
		if busy == nil {
			return
		}
		<-busy
	}
}

// trimAbsent ends the sessions of clients that left, those that left first, until
// there are no more than MaxAbsent. Each may hold hundreds of messages, and
// takes the place of a client that wants to come.
func (b *Broker) trimAbsent() {
	clients := b.server.Clients
	if clients.Len()-int(atomic.LoadInt64(&b.server.Info.ClientsConnected)) < b.opts.MaxAbsent {
		return
	}
	var absent []*mqtt.Client
	for _, cl := range clients.GetAll() {
		if cl.StopTime() != 0 {
			absent = append(absent, cl)
		}
	}
	slices.SortFunc(absent, func(a, b *mqtt.Client) int { return cmp.Compare(a.StopTime(), b.StopTime()) })
	for _, cl := range absent[:max(len(absent)-b.opts.MaxAbsent, 0)] {
		if now, ok := clients.Get(cl.ID); !ok || now != cl {
			continue // the client is back
		}
		b.server.UnsubscribeClient(cl)
		cl.ClearInflights()
		if c := connOf(cl); c != nil {
			c.outbox.close(b)
		}
		clients.Delete(cl.ID)
		b.stats.forgotten.Add(1)
	}
}
