package broker

import (
	"log/slog"
	"strings"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
)

// Client ids collide: one program cuts the key to seven digits, others use one
// id for every device. So the id under which the library keeps a session is what
// the client calls itself and, after a character that no client can send, whose
// session it is: the key that it proved, or its user, or for guests their address
// and the name they gave; and the key in the topic of its last will. The same
// device that connects again takes over its own session, and nobody else's.
const scopeMark = "\x00"

// scoped is the id of the session of a client that calls itself id.
func scoped(id string, c *conn, user string) string {
	who := "user " + c.principal.Name
	switch {
	case c.principal.Key != "":
		return id + scopeMark + "key " + c.principal.Key
	case c.principal.Role == RoleGuest:
		who = "guest " + c.origin.String() + " " + bounded(user)
	}
	if c.will != nil {
		place, _ := placeOf(c.will.message.topic)
		who += " " + strings.ToUpper(place.key)
	}
	return id + scopeMark + who
}

// ownID is what a client calls itself.
func ownID(cl *mqtt.Client) string {
	id, _, _ := strings.Cut(cl.ID, scopeMark)
	return id
}

// Two clients that take over each other's session again and again: each
// connection lives no longer than shortLived, and that often in a row.
const (
	shortLived     = 10 * time.Second
	takeoversInRow = 8
)

// tookOver counts how often in a row a session changed hands, and tells the
// operator when that does not end by itself.
func (b *Broker) tookOver(c, older *conn) {
	if time.Since(older.since) > shortLived {
		return
	}
	if c.takeovers = older.takeovers + 1; c.takeovers%takeoversInRow != 0 {
		return
	}
	b.faults.tell(b.log, slog.LevelWarn, "two clients take over each other's session: give each a client id of its own",
		"client", c.clientID(), "remote", c.remote, "other", older.remote, "times", c.takeovers)
	b.roster.fought(c, older)
}

// fought notes the sign on every observer that both connections may be.
func (r *roster) fought(c, older *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	stations := c.stations
	if c.principal.Key != "" {
		stations = append(stations[:len(stations):len(stations)], r.station(c.principal.Key, now))
	}
	for _, s := range append(stations[:len(stations):len(stations)], older.stations...) {
		s.sign(SignTakeovers, "two clients with one client id, from "+older.remote+" and "+c.remote, now)
	}
}
