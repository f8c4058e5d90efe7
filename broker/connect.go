package broker

import (
	"strings"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// OnConnect prepares what the library would get wrong: some keep-alives, and
// the last will, which it would publish past every check.
func (h *hook) OnConnect(cl *mqtt.Client, pk packets.Packet) error {
	if used := keepalive(cl.State.Keepalive); used != cl.State.Keepalive {
		cl.State.Keepalive, cl.State.ServerKeepalive = used, true // and say so (MQTT-3.2.2-21)
	}
	if c := connOf(cl); c != nil {
		c.will = willOf(cl, pk.Connect.WillProperties)
	}
	cl.Properties.Will = mqtt.Will{}
	p := &cl.Properties.Props // kept as long as the session, and nobody asks for these
	p.User, p.AuthenticationMethod, p.AuthenticationData = nil, "", nil
	return nil
}

// keepalive returns the seconds after which, half again, a silent client is
// gone. 0 stays 0, by the client's own wish: TCP's keep-alive finds a host that
// is no longer there. The upper bound keeps the library's 16-bit sum from
// overflowing, the lower one spares clients on slow links.
func keepalive(seconds uint16) uint16 {
	const least, most = 5, 43_690
	if seconds == 0 {
		return 0
	}
	return min(max(seconds, least), most)
}

// OnConnectAuthenticate decides who may log in, and as whom.
func (h *hook) OnConnectAuthenticate(cl *mqtt.Client, pk packets.Packet) bool {
	c := connOf(cl)
	if c == nil || h.b.stopping() {
		return false
	}
	if c.denial = h.b.ownBridge(pk.ProtocolVersion, pk.Connect.ClientIdentifier); c.denial != nil {
		return false
	}
	user := string(pk.Connect.Username)
	principal, err := h.principal(c, cl.ID, pk.Connect)
	if err == nil {
		c.principal = principal
		h.b.checkWill(c)
		cl.ID = scoped(cl.ID, c, user)
	}
	if _, known := h.b.server.Clients.Get(cl.ID); err == nil && !known && h.b.server.Clients.Len() >= h.b.opts.MaxSessions {
		err = errTooManySessions
	}
	if err != nil {
		c.denial = denialOf(err)
		h.b.roster.turnedAway(keyOf(user), c.remote, err, time.Now())
		h.b.stats.refusedLogin.Add(1)
		h.b.stats.refusedOn.add(c.listener)
		h.b.refusals.warn(h.b.log, "login refused", "listener", c.listener, "remote", c.remote,
			"client", bounded(ownID(cl)), "user", bounded(string(pk.Connect.Username)), "err", err)
		return false
	}
	h.b.loggedIn(c)
	return true
}

func (h *hook) principal(c *conn, id string, p packets.ConnectParams) (Principal, error) {
	if !decentName(id) || !decentName(string(p.Username)) {
		return Principal{}, errIndecentName
	}
	return c.way.door.admit(c.caller, string(p.Username), string(p.Password))
}

// keyOf is the public key that a user name claims; "" for none.
func keyOf(user string) string {
	key, _ := keyName(strings.TrimPrefix(user, tokenUser))
	return key
}

// OnSessionEstablish ends an older connection of the same client id, and waits
// until it is gone: nothing that it still does may come after what the new one
// does. Its last will is not published, since the client is here.
func (h *hook) OnSessionEstablish(cl *mqtt.Client, pk packets.Packet) {
	if c := connOf(cl); c != nil {
		h.b.takeTurn(c, cl.ID)
		h.b.returned(cl.ID)
	}
	older, ok := h.b.server.Clients.Get(cl.ID)
	if !ok {
		return
	}
	c := connOf(older)
	if c == nil {
		return
	}
	defer h.inherit(cl, pk, older)
	c.superseded.Store(true)
	if older.Properties.ProtocolVersion >= 5 {
		h.b.server.DisconnectClient(older, packets.ErrSessionTakenOver)
	} else {
		older.Stop(packets.ErrSessionTakenOver)
	}
	select {
	case <-c.gone:
	case <-time.After(2 * time.Second):
		h.b.log.Warn("an older connection did not end in time", "client", bounded(ownID(cl)), "remote", c.remote)
	}
	h.b.courier.catchUp() // what was answered before is for the older one
}

// inherit hands what an older connection has said on to the one that took its
// place; and what it was to be sent, by the library's rule: unless one of both
// sessions is clean.
func (h *hook) inherit(cl *mqtt.Client, pk packets.Packet, older *mqtt.Client) {
	c, before := connOf(cl), connOf(older)
	if c != nil {
		c.statuses = before.statuses
		h.b.tookOver(c, before)
	}
	if now, there := h.b.server.Clients.Get(cl.ID); !there || now != older {
		return // it ended with its connection
	}
	if c == nil || pk.Connect.Clean || older.Properties.Clean && older.Properties.ProtocolVersion < 5 {
		before.outbox.close(h.b)
		return
	}
	c.outbox = before.outbox
}

// OnSessionEstablished makes the session visible.
func (h *hook) OnSessionEstablished(cl *mqtt.Client, pk packets.Packet) {
	if c := connOf(cl); c != nil {
		cl.State.Inflight.ResetSendQuota(0) // see window: with it the library locks what it has locked already
		drained := func() { c.outbox.pump(cl, h.b) }
		c.client.Store(cl)
		c.drained.Store(&drained)
		c.arrived()
		c.outbox.pump(cl, h.b)
	}
}

// OnDisconnect publishes the last will of a client that left without a word.
func (h *hook) OnDisconnect(cl *mqtt.Client, err error, expire bool) {
	if !expire {
		cl.Stop(nil) // from here on it counts as absent
		h.b.trimAbsent()
	}
	c := connOf(cl)
	if c != nil {
		h.b.roster.leave(c) // its will is its last word, and keeps no other from being published
		if expire && !cl.IsTakenOver() {
			c.outbox.close(h.b)
		}
	}
	switch {
	case c == nil || c.superseded.Load() || h.b.stopping():
	case err == nil: // it said goodbye
		h.depart(cl, c)
	default:
		h.bequeath(cl, c)
	}
}

// OnClientExpired takes the subscriptions of a session that ends with its
// client away. The library leaves them, for every later message to look at.
func (h *hook) OnClientExpired(cl *mqtt.Client) {
	h.b.server.UnsubscribeClient(cl)
	if c := connOf(cl); c != nil {
		c.outbox.close(h.b)
	}
}
