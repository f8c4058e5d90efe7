package broker

import (
	"github.com/mochi-mqtt/server/v2/packets"

	"corescope-hub/ingest"
)

// redact is a message as a limited viewer gets it; nil when nothing may be shown
// of it. What MQTT 5 publishers add in properties is left out: nobody knows what
// it is.
func redact(whole *packets.Packet) *packets.Packet {
	payload, ok := ingest.Redact(whole.TopicName, whole.Payload)
	if !ok {
		return nil
	}
	shown := *whole
	shown.Payload, shown.Properties = payload, packets.Properties{}
	return &shown
}
