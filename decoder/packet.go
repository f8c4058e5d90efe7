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

// Header is the first byte of a frame. Source: firmware Packet.h.
type Header uint8

// Route is bits 0-1.
func (h Header) Route() RouteType { return RouteType(h & 0x03) }

// Type is bits 2-5.
func (h Header) Type() PayloadType { return PayloadType(h >> 2 & 0x0F) }

// Version is bits 6-7, the payload version; only 0 exists.
func (h Header) Version() uint8 { return uint8(h >> 6) }

// TransportCodes are the two 16-bit codes of a TRANSPORT_ route: [0] is the
// scope of the packet, [1] is reserved for its home region and sent as 0.
type TransportCodes [2]uint16

// frame keeps a packet and its transport codes in one allocation.
type frame struct {
	Packet
	codes TransportCodes
}

// Decode reads one frame as the firmware's receiver does. The error is *Error.
// The packet aliases raw.
//
// The checks come in the receiver's order: payload version, transport codes,
// path mode, path size, truncation, payload size. A payload that the firmware
// would then not look at is no error: see Incomplete and Packet.Warnings.
// Source: firmware Dispatcher.cpp, tryParsePacket.
func Decode(raw []byte) (*Packet, error) { return readFrame(&cursor{buf: raw}) }

func readFrame(c *cursor) (*Packet, error) {
	if c.left() == 0 {
		return nil, &Error{Field: "header", Err: ErrEmpty}
	}
	f := new(frame)
	p := &f.Packet

	header := Header(c.uint8("header"))
	p.Route = header.Route()
	p.kind = header.Type()
	p.Version = header.Version()
	if p.Version != 0 {
		return nil, &Error{Field: "header", Value: int(p.Version), Err: ErrUnsupportedVersion}
	}
	if p.Route.HasTransportCodes() {
		f.codes = TransportCodes{c.uint16("transport code 0"), c.uint16("transport code 1")}
		p.TransportCodes = &f.codes
		if err := c.err(); err != nil {
			return nil, err
		}
	}
	var err error
	if p.Path, err = readPath(c); err != nil {
		return nil, err
	}
	if n := c.left(); n > MaxPayloadSize {
		return nil, &Error{Field: "payload", Offset: c.off, Value: n, Err: ErrPayloadTooLong}
	}
	p.RawPayload = c.ahead()
	p.Payload = readPayload(p, c)
	return p, nil
}

// Type is the payload type of the header, also when the payload is incomplete.
func (p *Packet) Type() PayloadType { return p.kind }

// Hash identifies a transmission: the first 8 bytes of SHA-256 over the payload
// type, the path length byte as 16 bits for TRACE only, and the payload. Route,
// codes and path do not enter. Source: firmware Packet.cpp, calculatePacketHash.
type Hash [8]byte

// Hash is the identity of the transmission that p is a copy of.
func (p *Packet) Hash() Hash {
	b := make([]byte, 0, 3+MaxPayloadSize)
	b = append(b, byte(p.kind))
	if p.kind == TypeTrace {
		b = append(b, p.Path.LengthByte, 0)
	}
	sum := sha256.Sum256(append(b, p.RawPayload...))
	return Hash(sum[:8])
}
