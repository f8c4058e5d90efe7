package broker

import (
	"errors"
	"math/rand/v2"

	"github.com/mochi-mqtt/server/v2/packets"
)

// A bridge may lead back to this hub by a name or an address that nobody could
// know for its own: an alias in a container network, a router that forwards a
// port. Every message would come twice, and a republished one without end. So a
// bridge knocks with a mark, and our own listeners answer with that mark.

// knock is an attempt of a bridge to log in: from the moment that a connection
// is open until the upstream has answered. Outside of it nobody is taken for
// the bridge, so a stranger, or another hub, with the same client id is hindered
// at most for that moment and by nothing but a refusal.
type knock struct {
	clientID string
	mark     byte // the code of the CONNACK by which a listener of ours answers
}

// The codes of a CONNACK that MQTT 3.1.1 leaves unused (table 3.1), up to those
// that MQTT 5 uses for refusals. An upstream that sends one refuses us anyway, so
// one that guesses the mark only makes the bridge come back later.
const firstMark, lastMark = 6, 127

// errSelf means an upstream that is the hub.
var errSelf = errors.New("is this hub itself: not dialled; remove the source, or give its address as mqtt://localhost with the port of a listener, for its iataFilter to hold for clients of the hub")

// newKnock draws a mark for each attempt, so that none is known beforehand.
func newKnock(clientID string) *knock {
	return &knock{clientID: clientID, mark: firstMark + byte(rand.N(lastMark-firstMark+1))}
}

// ownBridge is the answer to a CONNECT that one of our bridges has just sent; nil
// when none has.
func (b *Broker) ownBridge(version byte, id string) *denial {
	if version >= 5 { // bridges speak MQTT 3.1.1
		return nil
	}
	for _, u := range b.upstreams {
		if k := u.knocking.Load(); k != nil && k.clientID == id {
			return &denial{v3: packets.Code{Code: k.mark, Reason: "this is the hub itself"}}
		}
	}
	return nil
}
