package decoder

// PathMessage is an opened PATH: the route by which its receiver can reach its
// sender, and something that would else have needed a packet of its own.
// Source: firmware Mesh.cpp, createPathReturn and onRecvPacket.
type PathMessage struct {
	Opening
	Path Path // from the receiver to the sender

	// ExtraType is TypeAck, TypeResponse, or ExtraNone when there was nothing to
	// add. Only the low nibble of the wire's byte counts (since 1.7.2).
	ExtraType PayloadType
	Extra     []byte // with the padding

	// Err is set when the path cannot be read, which firmware refuses since 1.17;
	// then Path, ExtraType and Extra are not set.
	Err error
}

// ExtraNone is the ExtraType of a returned path that carries nothing else; its
// Extra is random.
const ExtraNone PayloadType = 15

// AckSum is the sum of the ACK that came with the path. Later bytes of the ACK
// cannot be told from the padding.
func (m *PathMessage) AckSum() (sum [4]byte, ok bool) {
	if m.ExtraType != TypeAck || len(m.Extra) < len(sum) {
		return sum, false
	}
	return [4]byte(m.Extra), true
}

// Reply is the response that came with the path.
func (m *PathMessage) Reply() (Reply, bool) {
	if m.ExtraType != TypeResponse || len(m.Extra) < 4 {
		return Reply{}, false
	}
	return readReply(&cursor{buf: m.Extra}), true
}

// OpenPath opens a PATH in every way that verifies, the likeliest first. The
// error is ErrNoKey or ErrNotBlockMultiple.
func (b *AddressBook) OpenPath(p *ReturnedPath) ([]PathMessage, error) {
	openings, err := b.open(&p.Sealed)
	return openAll(openings, err, readPathMessage)
}

func readPathMessage(o Opening, c *cursor) PathMessage {
	m := PathMessage{Opening: o}
	path, err := readPath(c)
	if err != nil {
		m.Err = err
		return m
	}
	extra := PayloadType(c.uint8("extra type") & 0x0F)
	if m.Err = c.err(); m.Err == nil {
		m.Path, m.ExtraType, m.Extra = path, extra, c.ahead()
	}
	return m
}
