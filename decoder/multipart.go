package decoder

// Multipart announces that Remaining more copies of Inner follow. The parts are
// repeats, never fragments. Source: firmware Mesh.cpp, createMultiAck.
type Multipart struct {
	Remaining uint8
	InnerType PayloadType
	Inner     []byte
	InnerAck  *Ack // when InnerType is ACK and Inner is long enough
}

// minMultipartAck is the fewest payload bytes of a MULTIPART that carries an
// ACK. Source: firmware Mesh.cpp, onRecvPacket.
const minMultipartAck = 5

// Type is MULTIPART.
func (*Multipart) Type() PayloadType { return TypeMultipart }

func readMultipart(c *cursor) Payload {
	m := &Multipart{Remaining: c.peek() >> 4, InnerType: PayloadType(c.peek() & 0x0F)}
	if m.InnerType == TypeAck && c.left() < minMultipartAck {
		return incomplete(TypeMultipart, minMultipartAck, c)
	}
	c.uint8("remaining and inner type")
	m.Inner = c.ahead()
	if m.InnerType == TypeAck {
		m.InnerAck = readAck(c)
	} else {
		c.rest("inner")
	}
	return m
}
