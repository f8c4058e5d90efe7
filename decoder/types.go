package decoder

// RouteType is bits 0-1 of the header. Source: firmware Packet.h.
type RouteType uint8

// The four routes. The TRANSPORT_ ones carry transport codes; on the FLOOD ones
// the path holds the hops travelled, on the DIRECT ones the hops still to go.
const (
	RouteTransportFlood RouteType = iota
	RouteFlood
	RouteDirect
	RouteTransportDirect
)

var routeNames = [...]string{"TRANSPORT_FLOOD", "FLOOD", "DIRECT", "TRANSPORT_DIRECT"}

// String is the firmware's name of the route.
func (r RouteType) String() string { return routeNames[r&3] }

// HasTransportCodes says whether the two codes follow the header.
func (r RouteType) HasTransportCodes() bool {
	return r == RouteTransportFlood || r == RouteTransportDirect
}

// IsFlood says whether the path holds the hops travelled so far.
func (r RouteType) IsFlood() bool { return r == RouteTransportFlood || r == RouteFlood }

// PayloadType is bits 2-5 of the header. Source: firmware Packet.h.
type PayloadType uint8

// The payload types that the firmware assigns; 12 to 14 are unassigned.
const (
	TypeRequest PayloadType = iota
	TypeResponse
	TypeText
	TypeAck
	TypeAdvert
	TypeGroupText
	TypeGroupData
	TypeAnonRequest
	TypePath
	TypeTrace
	TypeMultipart
	TypeControl
	TypeRawCustom PayloadType = 15
)

var payloadNames = [16]string{"REQ", "RESPONSE", "TXT_MSG", "ACK", "ADVERT", "GRP_TXT", "GRP_DATA",
	"ANON_REQ", "PATH", "TRACE", "MULTIPART", "CONTROL", "UNKNOWN", "UNKNOWN", "UNKNOWN", "RAW_CUSTOM"}

// String is the firmware's name of the type, "UNKNOWN" for 12 to 14.
func (t PayloadType) String() string { return payloadNames[t&15] }

// Role is what a node says it is, in its adverts. Source: firmware AdvertDataHelpers.h.
type Role uint8

// The roles that the firmware assigns; 5 to 15 are for the future.
const (
	RoleNone Role = iota
	RoleChat
	RoleRepeater
	RoleRoom
	RoleSensor
)

var roleNames = [...]string{"none", "chat", "repeater", "room", "sensor"}

// String is the role's name, "unknown" for those not assigned.
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return "unknown"
}
