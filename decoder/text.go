package decoder

import "crypto/sha256"

// TextType is the kind of a text message. Source: firmware TxtDataHelpers.h.
type TextType uint8

// The text types that the firmware assigns; others are ignored.
const (
	TextPlain  TextType = iota // a message; acknowledged
	TextCLI                    // a command to a node, or its reply; never acknowledged
	TextSigned                 // a post that a room server passes on, with its author's key prefix
)

// DirectMessage is an opened TXT_MSG.
// Source: firmware BaseChatMesh.cpp, composeMsgPacket and onPeerDataRecv.
type DirectMessage struct {
	Opening
	Timestamp uint32 // seconds, the sender's clock
	Flags     uint8  // text type << 2 | attempt
	Author    []byte // first 4 bytes of the author's public key; TextSigned only
	Text      []byte // to the first NUL, not checked UTF-8

	// HiddenAttempt is the byte that senders put behind the text's NUL from the
	// fourth retry on, when the two bits in Flags no longer hold the count; 0 when
	// there is none. TextPlain only.
	HiddenAttempt uint8
}

// TextType is the kind of text.
func (m *DirectMessage) TextType() TextType { return TextType(m.Flags >> 2) }

// Attempt is the sender's count of tries modulo 4; random for TextSigned.
func (m *DirectMessage) Attempt() uint8 { return m.Flags & 3 }

// ExpectedAck is the sum of the ACK that the receiver sends; false for kinds of
// text that are not acknowledged. It covers what was sent up to the end of the
// text and the key of the sender or, for a signed text, of the receiver.
// Source: firmware BaseChatMesh.cpp, onPeerDataRecv.
func (m *DirectMessage) ExpectedAck() (sum [4]byte, ok bool) {
	switch m.TextType() {
	case TextPlain:
		return ackSum(m.Plaintext[:textOffset+len(m.Text)], m.Source), true
	case TextSigned:
		return ackSum(m.Plaintext[:textOffset+authorSize+len(m.Text)], m.Dest), true
	}
	return sum, false
}

// OpenText opens a TXT_MSG in every way that verifies, the likeliest first. The
// error is ErrNoKey or ErrNotBlockMultiple.
func (b *AddressBook) OpenText(t *Text) ([]DirectMessage, error) {
	openings, err := b.open(&t.Sealed)
	return openAll(openings, err, readDirectMessage)
}

// Sizes inside the plaintext of a TXT_MSG, in bytes.
const (
	textOffset = 5 // timestamp and flags
	authorSize = 4
)

func readDirectMessage(o Opening, c *cursor) DirectMessage {
	m := DirectMessage{Opening: o, Timestamp: c.uint32("timestamp"), Flags: c.uint8("flags")}
	if m.TextType() == TextSigned {
		m.Author = c.bytes("author", authorSize)
	}
	body := c.rest("text")
	m.Text = cString(body)
	if c.fields != nil {
		c.note(m.Text)
	}
	if hidden := len(m.Text) + 1; m.TextType() == TextPlain && hidden < len(body) {
		m.HiddenAttempt = body[hidden]
	}
	return m
}

// ackSum is the value that acknowledges plaintext: the first 4 bytes of SHA-256
// over it and a public key. The firmware calls it a CRC.
func ackSum(plaintext []byte, key [32]byte) [4]byte {
	h := sha256.New()
	h.Write(plaintext)
	h.Write(key[:])
	return [4]byte(h.Sum(nil)[:4])
}
