package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/buger/jsonparser"

	"corescope-hub/decoder"
	"corescope-hub/store"
)

// Bounds of what a companion bridge says. Text on the air has at most 160
// bytes; bridges may put a sender before it.
const (
	maxCompanionText = 1024 // bytes
	maxChannelIndex  = 32   // characters
)

// companionRecord reads a message that a companion bridge has opened. It comes
// without a frame and without an observer.
//
// The hash stands for the message itself, not for its arrival: the sender's
// time enters it when it is given, so that a message sent again is known.
func companionRecord(m *Message, t topic, env *envelope) (*store.Record, Reason) {
	text := env.text.text()
	switch {
	case text == "":
		return nil, ReasonNotForUs
	case len(text) > maxCompanionText:
		return nil, ReasonTooLong
	}
	said := companionJSON{Sender: companionSender(text), SenderTimestamp: senderTime(env.senderTimestamp), Text: text}
	tx := &store.Transmission{RouteType: uint8(decoder.RouteFlood)}
	var id string
	if t.form == formChannel {
		index := channelIndex(t, env)
		tx.PayloadType = uint8(decoder.TypeGroupText)
		tx.ChannelHash = "ch" + index
		said.Channel, said.Type = tx.ChannelHash, "CHAN"
		id = "ch:" + index + ":"
	} else {
		tx.PayloadType = uint8(decoder.TypeText)
		said.Type = "DM"
		id = "dm:"
	}
	when := m.Received.UTC().Format(time.RFC3339)
	if said.SenderTimestamp != nil {
		when = marshal(said.SenderTimestamp)
	}
	tx.DecodedJSON = marshal(said)
	tx.Hash = companionHash(id + text + ":" + when)
	parts := &packetParts{Record: store.Record{ReceivedAt: m.Received, Transmission: tx}}
	parts.heard(env)
	parts.Observation = &parts.observation
	return &parts.Record, ""
}

// companionJSON is decoded_json of an opened message; CoreScope writes its keys
// in alphabetical order.
type companionJSON struct {
	Channel         string `json:"channel,omitempty"`
	Sender          string `json:"sender"`
	SenderTimestamp any    `json:"sender_timestamp,omitempty"` // float64 or string, as sent
	Text            string `json:"text"`
	Type            string `json:"type"`
}

// companionSender is what stands before the first ": ", when it is short enough
// for a name.
func companionSender(text string) string {
	if i := strings.Index(text, ": "); i > 0 && i < maxSender {
		return text[:i]
	}
	return ""
}

// senderTime is the sender's clock as sent, a number or a text; else nil.
func senderTime(v value) any {
	switch v.kind {
	case jsonparser.Number:
		if f := v.number(); f != nil {
			return *f
		}
	case jsonparser.String:
		return clean(v.text(), maxMeta)
	}
	return nil
}

// channelIndex is the channel's index at the bridge: that of the payload, else
// that of the topic.
func channelIndex(t topic, env *envelope) string {
	switch env.channelIdx.kind {
	case jsonparser.Number:
		if f := env.channelIdx.number(); f != nil {
			return fmt.Sprint(*f)
		}
	case jsonparser.String:
		return clean(env.channelIdx.text(), maxChannelIndex)
	}
	return clean(t.leaf, maxChannelIndex)
}

func companionHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:8])
}
