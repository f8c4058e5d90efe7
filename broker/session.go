package broker

import (
	"slices"
	"strings"
	"time"
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
			ClientID:      cl.ID,
			Username:      c.principal.Name,
			Role:          c.principal.Role,
			Key:           c.principal.Key,
			Listener:      c.listener,
			Remote:        c.remote,
			Protocol:      cl.Properties.ProtocolVersion,
			Since:         c.since,
			Subscriptions: cl.State.Subscriptions.Len(),
			Unanswered:    len(c.deliveries.slots),
			PendingBytes:  int(c.waiting.Load()),
		})
	}
	slices.SortFunc(all, func(a, b Session) int { return strings.Compare(a.ClientID, b.ClientID) })
	return all
}
