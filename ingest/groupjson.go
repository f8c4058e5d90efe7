package ingest

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"corescope-hub/decoder"
)

// groupJSON is a GRP_TXT or GRP_DATA that stayed closed; see decodedjson.go.
type groupJSON struct {
	Type             string `json:"type"`
	MAC              string `json:"mac"`
	EncryptedData    string `json:"encryptedData,omitempty"`
	ChannelHash      int    `json:"channelHash,omitempty"`
	ChannelHashHex   string `json:"channelHashHex"` // upper case
	DecryptionStatus string `json:"decryptionStatus"`
}

// chanJSON is an opened GRP_TXT.
type chanJSON struct {
	Type             string `json:"type"`
	ChannelHash      int    `json:"channelHash,omitempty"`
	ChannelHashHex   string `json:"channelHashHex"`
	DecryptionStatus string `json:"decryptionStatus"`
	Channel          string `json:"channel,omitempty"`
	Text             string `json:"text,omitempty"`
	Sender           string `json:"sender,omitempty"`
	SenderTimestamp  uint32 `json:"sender_timestamp,omitempty"`
}

// dataJSON is an opened GRP_DATA.
type dataJSON struct {
	Type             string `json:"type"`
	ChannelHash      int    `json:"channelHash,omitempty"`
	ChannelHashHex   string `json:"channelHashHex"`
	DecryptionStatus string `json:"decryptionStatus"`
	Channel          string `json:"channel,omitempty"`
	DataType         *int   `json:"dataType,omitempty"`
	DataLen          *int   `json:"dataLen,omitempty"`
	DecryptedBlob    string `json:"decryptedBlob,omitempty"`
	Error            string `json:"error,omitempty"`
}

// Words of decryptionStatus.
const (
	statusDecrypted = "decrypted"
	statusFailed    = "decryption_failed"
	statusNoKey     = "no_key" // nothing that a key could open
)

// minCiphertext is the least that CoreScope tries to open, in bytes.
const minCiphertext = 5

// maxSender is where a sender's name must have ended, in bytes.
const maxSender = 50

// groupText is the form of a GRP_TXT, and its channel_hash: the channel's name
// if it opened, else "enc_" and the channel hash.
func (in *Ingester) groupText(pkt *decoder.Packet) (form any, channel string) {
	closed := closedGroup(pkt)
	group, ok := pkt.Payload.(*decoder.GroupText)
	if !ok || len(group.Ciphertext) < minCiphertext {
		return closed, "enc_" + closed.ChannelHashHex
	}
	msg, ok := in.keys.OpenText(group)
	if !ok || !plausible(string(msg.Text)) {
		return closed, "enc_" + closed.ChannelHashHex
	}
	open := chanJSON{
		Type:             "CHAN",
		ChannelHash:      closed.ChannelHash,
		ChannelHashHex:   closed.ChannelHashHex,
		DecryptionStatus: statusDecrypted,
		Channel:          channelName(msg.Channel),
		Text:             string(msg.Text),
		Sender:           sender(string(msg.Text)),
		SenderTimestamp:  msg.Timestamp,
	}
	if open.Sender != "" && len(open.Text) == len(open.Sender)+len(": ") {
		open.Text = "" // nothing said
	}
	return open, open.Channel
}

// groupData is the form of a GRP_DATA.
func (in *Ingester) groupData(pkt *decoder.Packet) any {
	closed := closedGroup(pkt)
	group, ok := pkt.Payload.(*decoder.GroupData)
	if !ok || len(group.Ciphertext) < minCiphertext {
		return closed
	}
	data, ok := in.keys.OpenData(group)
	if !ok {
		return closed
	}
	kind := int(data.DataType)
	open := dataJSON{
		Type:             "GRP_DATA",
		ChannelHash:      closed.ChannelHash,
		ChannelHashHex:   closed.ChannelHashHex,
		DecryptionStatus: statusDecrypted,
		Channel:          data.Channel,
		DataType:         &kind,
		DataLen:          &data.Length,
		DecryptedBlob:    lower(data.Data),
	}
	if data.Length > len(data.Data) {
		open.Error = "inner data_len exceeds buffer"
	}
	return open
}

func closedGroup(pkt *decoder.Packet) groupJSON {
	b := pkt.RawPayload
	form := groupJSON{
		Type:             pkt.Type().String(),
		MAC:              lower(b[1:3]),
		EncryptedData:    lower(b[3:]),
		ChannelHash:      int(b[0]),
		ChannelHashHex:   fmt.Sprintf("%02X", b[0]),
		DecryptionStatus: statusFailed,
	}
	if len(b)-3 < minCiphertext {
		form.DecryptionStatus = statusNoKey
	}
	return form
}

// plausible says whether text can be what somebody typed: a MAC of 16 bits fits
// a wrong key now and then. Source: CoreScope's decryptChannelMessage.
func plausible(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	odd := 0
	for _, r := range text {
		if r < ' ' && r != '\n' && r != '\t' || r == utf8.RuneError {
			odd++
		}
	}
	return odd <= 2
}

// sender is what stands before the first ": ", when it can be a name. Nothing
// vouches for it.
func sender(text string) string {
	i := strings.Index(text, ": ")
	if i <= 0 || i >= maxSender || strings.ContainsAny(text[:i], ":[]") {
		return ""
	}
	return text[:i]
}

// channelName writes the firmware's own channel in one way.
func channelName(name string) string {
	if strings.EqualFold(name, "public") {
		return "Public"
	}
	return name
}
