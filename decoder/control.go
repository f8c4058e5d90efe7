package decoder

// Control is a CONTROL packet. At most one of the two forms is set.
type Control struct {
	Byte0    uint8  // high nibble: sub-type; bit 7: zero-hop only
	Data     []byte // after Byte0
	Request  *DiscoverRequest
	Response *DiscoverResponse
}

// DiscoverRequest asks nodes in direct reach to identify themselves.
type DiscoverRequest struct {
	PrefixOnly bool   // answers may carry 8 bytes of the public key
	TypeFilter uint8  // bit n: role n
	Tag        uint32 // repeated in the answers
	HasSince   bool
	Since      uint32 // seconds; 0 unless HasSince
}

// DiscoverResponse answers a DiscoverRequest.
type DiscoverResponse struct {
	Role      Role
	SNR       int8 // quarter dB, of the request at the responder
	Tag       uint32
	PublicKey []byte // 8 or 32 bytes; nil for any other length
}

// Sub-types of CONTROL, the high nibble of its first byte.
// Source: firmware simple_repeater/MyMesh.cpp, CTL_TYPE_NODE_DISCOVER_*.
const (
	ControlDiscoverRequest  = 8
	ControlDiscoverResponse = 9
)

// minDiscover is the fewest payload bytes of either discovery packet.
// Source: firmware simple_repeater/MyMesh.cpp, onControlDataRecv.
const minDiscover = 6

// Type is CONTROL.
func (*Control) Type() PayloadType { return TypeControl }

// SubType is the high nibble of the first byte.
func (p *Control) SubType() uint8 { return p.Byte0 >> 4 }

// Flags is the low nibble of the first byte.
func (p *Control) Flags() uint8 { return p.Byte0 & 0x0F }

// ZeroHopOnly says whether the firmware handles the packet only when it comes
// straight from its sender.
func (p *Control) ZeroHopOnly() bool { return p.Byte0&0x80 != 0 }

func readControl(c *cursor) Payload {
	p := &Control{Byte0: c.peek()}
	discover := p.SubType() == ControlDiscoverRequest || p.SubType() == ControlDiscoverResponse
	if discover && c.left() < minDiscover {
		return incomplete(TypeControl, minDiscover, c)
	}
	c.uint8("sub-type and flags")
	p.Data = c.ahead()
	switch p.SubType() {
	case ControlDiscoverRequest:
		p.Request = readDiscoverRequest(c, p.Flags())
	case ControlDiscoverResponse:
		p.Response = readDiscoverResponse(c, p.Flags())
	default:
		c.rest("data")
	}
	return p
}

func readDiscoverRequest(c *cursor, flags uint8) *DiscoverRequest {
	r := &DiscoverRequest{PrefixOnly: flags&1 != 0}
	r.TypeFilter = c.uint8("type filter")
	r.Tag = c.uint32("tag")
	if c.left() >= 4 {
		r.HasSince = true
		r.Since = c.uint32("since")
	}
	return r
}

func readDiscoverResponse(c *cursor, flags uint8) *DiscoverResponse {
	r := &DiscoverResponse{Role: Role(flags)}
	r.SNR = c.int8("SNR")
	r.Tag = c.uint32("tag")
	if n := c.left(); n == 8 || n == 32 {
		r.PublicKey = c.rest("public key")
	}
	return r
}
