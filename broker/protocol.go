package broker

import (
	"errors"

	"github.com/mochi-mqtt/server/v2/packets"
)

// lawful changes what the protocol allows in a CONNECT and the library refuses
// into something that means the same: an empty password into none, and a last
// will without a payload, which has nothing to say, likewise.
func lawful(p packets.ConnectParams) packets.ConnectParams {
	if len(p.Password) == 0 {
		p.PasswordFlag = false
	}
	if p.WillFlag && len(p.WillPayload) == 0 {
		p.WillFlag, p.WillRetain = false, false
	}
	return p
}

// ended tells of a connection that ended because its client broke the protocol
// or a bound, which nobody else will say: most clients only report that they
// were cut off. A refused login is told where it is refused.
func (b *Broker) ended(c *conn, err error) {
	const firstError = 0x80 // codes below are no errors
	var code packets.Code
	if !errors.As(err, &code) || code.Code < firstError || code.Code == packets.ErrBadUsernameOrPassword.Code || b.stopping() {
		b.log.Debug("connection ended", "listener", c.listener, "remote", c.remote, "err", err)
		return
	}
	b.stats.protocolErrors.Add(1)
	b.faults.warn(b.log, "connection ended: not MQTT as this broker takes it", "listener", c.listener, "remote", c.remote, "client", c.clientID(), "err", code)
}

// clientID is what the client of c calls itself, for the log; "" before it has
// logged in.
func (c *conn) clientID() string {
	if cl := c.client.Load(); cl != nil {
		return bounded(ownID(cl))
	}
	return ""
}
