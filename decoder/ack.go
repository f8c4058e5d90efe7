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
	a.Extra = c.rest()
	return a
}
