package decoder

import "bytes"

// GroupSealed is the outer layout of GRP_TXT and GRP_DATA.
// Source: firmware Mesh.cpp, createGroupDatagram.
type GroupSealed struct {
	ChannelHash uint8 // first byte of SHA-256 of the channel's secret
	MAC         [2]byte
	Ciphertext  []byte
}

type (
	// GroupText is a GRP_TXT, sealed; Keyring.OpenText opens it.
	GroupText struct{ GroupSealed }
	// GroupData is a GRP_DATA, sealed; Keyring.OpenData opens it.
	GroupData struct{ GroupSealed }
)

// Type is GRP_TXT.
func (*GroupText) Type() PayloadType { return TypeGroupText }

// Type is GRP_DATA.
func (*GroupData) Type() PayloadType { return TypeGroupData }

func readGroupSealed(c *cursor) GroupSealed {
	g := GroupSealed{ChannelHash: c.uint8("channel hash")}
	copy(g.MAC[:], c.bytes("MAC", len(g.MAC)))
	g.Ciphertext = c.rest("ciphertext")
	return g
}

// GroupMessage is an opened GRP_TXT.
type GroupMessage struct {
	Channel   string // name of the channel whose secret verified
	Plaintext []byte // with the zero padding
	Timestamp uint32 // seconds, the sender's clock
	Flags     uint8  // text type << 2 | attempt
	Text      []byte // to the first NUL; by convention "sender: message", unauthenticated
}

// TextType is the kind of text. The firmware drops group text of any type but
// TextPlain (since 1.15).
func (m *GroupMessage) TextType() TextType { return TextType(m.Flags >> 2) }

// Attempt counts the sender's tries, 0 to 3.
func (m *GroupMessage) Attempt() uint8 { return m.Flags & 3 }

// Split cuts Text at its first ": " into the name that the sender claims, which
// nothing authenticates, and the message. Without a ": " it is all message and
// ok is false.
func (m *GroupMessage) Split() (sender, message []byte, ok bool) {
	if sender, message, ok = bytes.Cut(m.Text, []byte(": ")); !ok {
		return nil, m.Text, false
	}
	return sender, message, true
}

// GroupDatagram is an opened GRP_DATA, in the framing of firmware 1.15 and
// later. Earlier ones sent a timestamp and a blob, which nothing tells apart.
type GroupDatagram struct {
	Channel   string
	Plaintext []byte
	DataType  uint16
	Length    int    // as the plaintext claims
	Data      []byte // nil when Length runs past the plaintext
}

// OpenText opens a GRP_TXT with the first channel that fits.
func (k *Keyring) OpenText(g *GroupText) (GroupMessage, bool) {
	channel, plaintext, err := k.Open(&g.GroupSealed)
	if err != nil {
		return GroupMessage{}, false
	}
	return readGroupMessage(channel, &cursor{buf: plaintext})
}

// OpenData opens a GRP_DATA with the first channel that fits.
func (k *Keyring) OpenData(g *GroupData) (GroupDatagram, bool) {
	channel, plaintext, err := k.Open(&g.GroupSealed)
	if err != nil {
		return GroupDatagram{}, false
	}
	return readGroupDatagram(channel, &cursor{buf: plaintext})
}

func readGroupMessage(channel string, c *cursor) (GroupMessage, bool) {
	m := GroupMessage{Channel: channel, Plaintext: c.buf}
	m.Timestamp = c.uint32("timestamp")
	m.Flags = c.uint8("flags")
	m.Text = c.text("text")
	return m, c.err() == nil
}

func readGroupDatagram(channel string, c *cursor) (GroupDatagram, bool) {
	d := GroupDatagram{Channel: channel, Plaintext: c.buf}
	d.DataType = c.uint16("data type")
	d.Length = int(c.uint8("data length"))
	if d.Length <= c.left() {
		d.Data = c.bytes("data", d.Length)
	}
	return d, c.err() == nil
}
