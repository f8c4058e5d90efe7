package decoder

// Limits of a frame, in bytes. Source: firmware MeshCore.h.
const (
	// MaxPathSize is the most path bytes that a frame may carry.
	MaxPathSize = 64
	// MaxPayloadSize is the most payload bytes that a frame may carry.
	MaxPayloadSize = 184
)

// reservedPathMode is the value of the top bits of a path length byte that
// would mean path hashes of four bytes. Source: firmware Packet.h.
const reservedPathMode = 3

// Path is the route recorded in, or still before, a packet.
type Path struct {
	LengthByte uint8  // bits 0-5 hop count, bits 6-7 path hash size - 1
	Bytes      []byte // HopCount path hashes of HashSize bytes; for TRACE one SNR byte per hop done
}

// HashSize is the size of one path hash in bytes, 1 to 3.
func (p Path) HashSize() int { return int(p.LengthByte>>6) + 1 }

// HopCount is the number of hops, 0 to 63.
func (p Path) HopCount() int { return int(p.LengthByte & 0x3F) }

// Hop returns the path hash of hop i.
func (p Path) Hop(i int) []byte {
	n := p.HashSize()
	return p.Bytes[i*n : (i+1)*n : (i+1)*n]
}

// MaybeLegacy says whether the path length byte is one that firmware before 1.14
// could have meant otherwise. It wrote a plain count of one-byte path hashes, up
// to 64: 64 now reads as no hops of two bytes, with the path in the payload.
// Lower counts mean the same in both.
func (p Path) MaybeLegacy() bool { return p.LengthByte == 64 }

// readPath reads a path length byte and the path after it, with the checks and
// in the order of the firmware's isValidPathLen: mode, size, then the bytes.
func readPath(c *cursor) (Path, error) {
	p := Path{LengthByte: c.uint8("path length")}
	if err := c.err(); err != nil {
		return Path{}, err
	}
	if p.LengthByte>>6 == reservedPathMode {
		return Path{}, &Error{Field: "path length", Offset: c.off - 1, Value: int(p.LengthByte), Err: ErrReservedPathMode}
	}
	size := p.HopCount() * p.HashSize()
	if size > MaxPathSize {
		return Path{}, &Error{Field: "path length", Offset: c.off - 1, Value: size, Err: ErrPathTooLong}
	}
	p.Bytes = c.bytes("path", size)
	return p, c.err()
}
