package decoder

// Warning is something about a packet that makes the firmware ignore it, or
// part of it, although it received the frame.
type Warning string

// Every warning there is. Source: firmware Mesh.cpp, onRecvPacket.
const (
	// WarnTraceNotDirect: a TRACE that travels by flood is an unknown type.
	WarnTraceNotDirect Warning = "trace_not_direct"
	// WarnTracePathMode: the path of a TRACE counts SNR bytes; one whose path
	// length byte names a path hash size is ignored.
	WarnTracePathMode Warning = "trace_path_mode"
	// WarnControlNotZeroHopDirect: CONTROL with bit 7 must be direct and have no
	// hops to go.
	WarnControlNotZeroHopDirect Warning = "control_not_zero_hop_direct"
	// WarnControlNotDirect: CONTROL without bit 7 is passed on only when direct.
	WarnControlNotDirect Warning = "control_not_direct"
	// WarnRawNotDirect: RAW_CUSTOM must be direct.
	WarnRawNotDirect Warning = "raw_not_direct"
	// WarnMultipartInner: the only inner type with a meaning is ACK.
	WarnMultipartInner Warning = "multipart_inner_unsupported"
	// WarnUnknownPayloadType: types 12 to 14, which are not forwarded either.
	WarnUnknownPayloadType Warning = "unknown_payload_type"
	// WarnAppDataCut: an advert with more than 32 bytes of appdata; the rest is
	// neither verified nor read.
	WarnAppDataCut Warning = "advert_appdata_over_32"
)

// What only shows once a box is opened. Source: firmware BaseChatMesh.cpp,
// onGroupDataRecv and onPeerDataRecv; simple_room_server and simple_repeater,
// MyMesh.cpp.
const (
	// WarnGroupTextType: group text of another type than plain, dropped since 1.15.
	WarnGroupTextType Warning = "grp_txt_type_unsupported"
	// WarnTextType: a direct message of a type that is not assigned.
	WarnTextType Warning = "txt_type_unsupported"
	// WarnKeepAliveNotDirect: a keep-alive must be direct.
	WarnKeepAliveNotDirect Warning = "keep_alive_not_direct"
	// WarnAnonQueryNotDirect: a query must be direct, for the answer goes back on
	// the path that it gives.
	WarnAnonQueryNotDirect Warning = "anon_query_not_direct"
)

// Warnings lists what the firmware would hold against p as it is, unopened; nil
// when there is nothing.
func (p *Packet) Warnings() []Warning {
	var ws []Warning
	warn := func(when bool, w Warning) {
		if when {
			ws = append(ws, w)
		}
	}
	direct := !p.Route.IsFlood()
	switch v := p.Payload.(type) {
	case *Trace:
		warn(!direct, WarnTraceNotDirect)
		warn(direct && p.Path.HashSize() != 1, WarnTracePathMode)
	case *Control:
		if v.ZeroHopOnly() {
			warn(!direct || p.Path.HopCount() != 0, WarnControlNotZeroHopDirect)
		} else {
			warn(!direct, WarnControlNotDirect)
		}
	case *RawCustom:
		warn(!direct, WarnRawNotDirect)
	case *Multipart:
		warn(v.InnerType != TypeAck, WarnMultipartInner)
	case *Unassigned:
		warn(true, WarnUnknownPayloadType)
	case *Advert:
		warn(v.Cut, WarnAppDataCut)
	}
	return ws
}

// Warnings lists what the firmware would hold against m.
func (m *GroupMessage) Warnings() []Warning {
	return warnIf(m.TextType() != TextPlain, WarnGroupTextType)
}

// Warnings lists what the firmware would hold against m.
func (m *DirectMessage) Warnings() []Warning {
	return warnIf(m.TextType() > TextSigned, WarnTextType)
}

// Warnings lists what the firmware would hold against m in a packet of that route.
func (m *RequestMessage) Warnings(route RouteType) []Warning {
	return warnIf(m.Kind == RequestKeepAlive && route.IsFlood(), WarnKeepAliveNotDirect)
}

// Warnings lists what the firmware would hold against q in a packet of that route.
func (q *AnonQuery) Warnings(route RouteType) []Warning {
	return warnIf(route.IsFlood(), WarnAnonQueryNotDirect)
}

func warnIf(when bool, w Warning) []Warning {
	if !when {
		return nil
	}
	return []Warning{w}
}
