package decoder

// Ack acknowledges a message. Only the first four bytes count.
type Ack struct {
	Sum [4]byte // wire order

	// Extra is whatever follows. One byte is either the count of posts that a
	// room server still holds for the client, or the attempt of a 1.16
	// development build: nothing in the packet tells which. Two bytes are the
	// attempt and a random byte (firmware 1.16 and later).
	Extra []byte
}

// Type is ACK.
func (*Ack) Type() PayloadType { return TypeAck }

func readAck(c *cursor) *Ack {
	a := new(Ack)
	copy(a.Sum[:], c.bytes("acknowledgement", len(a.Sum)))
	a.Extra = c.rest("extra")
	return a
}

// AckSum is the sum that p acknowledges a message with, be it an ACK or an ACK
// inside a MULTIPART. It belongs to the message whose ExpectedAck it equals.
// Returned paths may carry one too: see PathMessage.AckSum.
func (p *Packet) AckSum() (sum [4]byte, ok bool) {
	switch v := p.Payload.(type) {
	case *Ack:
		return v.Sum, true
	case *Multipart:
		if v.InnerAck != nil {
			return v.InnerAck.Sum, true
		}
	}
	return sum, false
}
