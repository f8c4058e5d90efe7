package decoder

// Warning is something about a packet that makes the firmware ignore it, or
// part of it, although it received the frame.
type Warning string

// Every warning there is. Source: firmware Mesh.cpp, onRecvPacket.
const (
	// WarnTraceNotDirect: a TRACE that travels by flood is an unknown type.
	WarnTraceNotDirect Warning = "trace_not_direct"
	// WarnTracePathMode: the path of a TRACE counts SNR bytes; a path length
	// byte with a path hash size in it is ignored.
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
	// WarnGroupTextType: group text of another type than plain, dropped since
	// 1.15. It shows only once the text is opened.
	WarnGroupTextType Warning = "grp_txt_type_unsupported"
)

// Warnings lists what the firmware would hold against p, in a fixed order; nil
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
		warn(p.Path.HashSize() != 1, WarnTracePathMode)
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
