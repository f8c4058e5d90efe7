package broker

import "slices"

// Drop is why a subscriber does not get a message that it may have. None is left
// out for one that takes, and acknowledges, what it is sent.
type Drop string

// The reasons.
const (
	DropNotReading   Drop = "not_reading"   // a message at QoS 0: more than Options.MaxPendingBytes waits for its connection
	DropSessionFull  Drop = "session_full"  // four times that waits for its session, and is not acknowledged
	DropHubFull      Drop = "hub_full"      // too much waits for all sessions together, and not a little for this one
	DropSessionEnded Drop = "session_ended" // at this very moment
)

// Drops are all there are.
var Drops = [...]Drop{DropNotReading, DropSessionFull, DropHubFull, DropSessionEnded}

func (c *counters) drop(why Drop) { c.drops[slices.Index(Drops[:], why)].Add(1) }
