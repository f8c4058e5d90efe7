package decoder

// Payload is what a packet carries: one concrete type for each payload type,
// or *Incomplete for a payload that the firmware would not look at.
type Payload interface{ Type() PayloadType }

// Incomplete is a payload shorter than the firmware's minimum for its type:
// it is received, and then ignored.
type Incomplete struct {
	Of   PayloadType
	Need int // bytes, the firmware's minimum
	Data []byte
}

// Type is the payload type of the header.
func (p *Incomplete) Type() PayloadType { return p.Of }

// minimum holds the fewest payload bytes that the firmware looks at, by payload
// type. MULTIPART and CONTROL need more once their first byte is known. TRACE is
// the one that the firmware does not guard: it would read stale memory, which is
// no meaning that a decoder could share. Source: firmware Mesh.cpp, onRecvPacket.
var minimum = [16]int{
	TypeRequest:     5,
	TypeResponse:    5,
	TypeText:        5,
	TypeAck:         4,
	TypeAdvert:      100,
	TypeGroupText:   4,
	TypeGroupData:   4,
	TypeAnonRequest: 36,
	TypePath:        5,
	TypeTrace:       9,
	TypeMultipart:   3,
	TypeControl:     1,
}

// readPayload reads the rest of c as the payload of p. Nothing below can run
// short: what minimum promises is what each type's fixed part takes.
func readPayload(p *Packet, c *cursor) Payload {
	if need := minimum[p.kind]; c.left() < need {
		return incomplete(p.kind, need, c)
	}
	switch p.kind {
	case TypeRequest:
		return &Request{readSealed(c)}
	case TypeResponse:
		return &Response{readSealed(c)}
	case TypeText:
		return &Text{readSealed(c)}
	case TypePath:
		return &ReturnedPath{readSealed(c)}
	case TypeAnonRequest:
		return readAnonRequest(c)
	case TypeGroupText:
		return &GroupText{readGroupSealed(c)}
	case TypeGroupData:
		return &GroupData{readGroupSealed(c)}
	case TypeAck:
		return readAck(c)
	case TypeAdvert:
		return readAdvert(c)
	case TypeTrace:
		return readTrace(c, p.Path)
	case TypeMultipart:
		return readMultipart(c)
	case TypeControl:
		return readControl(c)
	case TypeRawCustom:
		return &RawCustom{Data: c.rest("data")}
	}
	return &Unassigned{Of: p.kind, Data: c.rest("data")}
}

func incomplete(of PayloadType, need int, c *cursor) *Incomplete {
	return &Incomplete{Of: of, Need: need, Data: c.rest("data")}
}
