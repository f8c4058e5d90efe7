package broker

import "slices"

// Cut is why the hub ended a connection whose client held too much of its memory
// for too long.
type Cut string

// The reasons.
const (
	CutHalfPacket Cut = "half_packet" // a large control packet that was not whole, when others needed the room
	CutSlowPacket Cut = "slow_packet" // a large control packet that was not whole within Options.PacketTimeout
	CutNotReading Cut = "not_reading" // it took nothing of what waited for it
	CutUnreleased Cut = "unreleased"  // too many messages at QoS 2 whose handshakes it did not end
)

// Cuts are all there are.
var Cuts = [...]Cut{CutHalfPacket, CutSlowPacket, CutNotReading, CutUnreleased}

// cutFor ends the connection at once, and says why.
func (c *conn) cutFor(why Cut) {
	b := c.way.b
	b.stats.cuts[slices.Index(Cuts[:], why)].Add(1)
	b.faults.warn(b.log, "connection ended: its client holds memory that others need", "listener", c.listener, "remote", c.remote,
		"client", c.clientID(), "reason", string(why))
	c.cut()
}
