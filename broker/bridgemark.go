package broker

import (
	"bytes"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// A broker that is bridged to this one marks its CONNECT with the highest bit of
// the protocol level, and wants what a client of MQTT 3 cannot ask for: none of
// its own messages back, or they would go round, and all others with their retain
// flag. Source: mosquitto, bridge option try_private (the default).
const bridgeMark = 0x80

// takeBridgeMark takes the mark out of a CONNECT, whose variable header and
// payload are given, and reports whether it was there. The library knows no such
// level.
func takeBridgeMark(connect []byte) bool {
	for _, start := range []string{"\x00\x04MQTT\x84", "\x00\x06MQIsdp\x83"} {
		if bytes.HasPrefix(connect, []byte(start)) {
			connect[len(start)-1] &^= bridgeMark
			return true
		}
	}
	return false
}

// forBridge makes of a subscription what a bridged broker means by it. One that is
// shared has no messages of its own (MQTT-3.8.3-4).
func forBridge(sub *packets.Subscription) {
	sub.NoLocal, sub.RetainAsPublished = !mqtt.IsSharedFilter(sub.Filter), true
}
