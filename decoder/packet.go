package decoder

import "crypto/sha256"

// Packet is one MeshCore frame as it was on the air.
type Packet struct {
	Route          RouteType
	Version        uint8           // payload version; only 0 exists
	TransportCodes *TransportCodes // nil unless the route carries them
	Path           Path
	Payload        Payload // *Advert, *Ack, *GroupText, *Trace, ... one type each
	RawPayload     []byte  // everything after the path; aliases the frame given to Decode

	kind PayloadType
}

// Payload is what a packet carries: one concrete type for each payload type,
// or *Incomplete for a payload that the firmware would not look at.
type Payload interface{ Type() PayloadType }

// Hash identifies a transmission: the first 8 bytes of SHA-256 over the payload
// type, the path length byte as 16 bits for TRACE only, and the payload. Route,
// codes and path do not enter. Source: firmware Packet.cpp, calculatePacketHash.
type Hash [8]byte

// Type is the payload type of the header, also when the payload is incomplete.
func (p *Packet) Type() PayloadType { return p.kind }

// Hash is the identity of the transmission that p is a copy of.
func (p *Packet) Hash() Hash {
	h := sha256.New()
	h.Write([]byte{byte(p.kind)})
	if p.kind == TypeTrace {
		h.Write([]byte{p.Path.LengthByte, 0})
	}
	h.Write(p.RawPayload)
	var sum [sha256.Size]byte
	return Hash(h.Sum(sum[:0])[:8])
}

// TransportCodes are the two 16-bit codes of a TRANSPORT_ route: [0] is the
// scope of the packet, [1] is reserved for its home region and sent as 0.
type TransportCodes [2]uint16

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
