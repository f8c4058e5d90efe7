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

// welcome is a CONNACK with what the library leaves out: why a login was
// refused, the largest packet that is taken (MQTT 5, 3.2.2.3.6), and for older
// clients a code that they know.
func (b *Broker) welcome(c *conn, pk packets.Packet) packets.Packet {
	switch {
	case c.denial != nil:
		return c.denial.applied(pk)
	case pk.ProtocolVersion >= 5:
		pk.Properties.MaximumPacketSize = uint32(b.opts.MaxPacketSize)
	case pk.ReasonCode == packets.ErrUnspecifiedError.Code: // no client id, and a session to be kept under it
		pk.ReasonCode = packets.Err3ClientIdentifierNotValid.Code
	}
	return pk
}

// reasonToLeave is the reason code of a DISCONNECT. The library does not read one
// that no properties follow, as mosquitto sends it. After a DISCONNECT a client
// sends nothing (MQTT-3.14.4-2), so the code is what was read last.
func (c *conn) reasonToLeave(pk packets.Packet) byte {
	if pk.ProtocolVersion >= 5 && pk.FixedHeader.Remaining == 1 {
		return c.latest
	}
	return pk.ReasonCode
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
