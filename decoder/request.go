package decoder

// RequestType is the kind of an opened REQ.
// Source: firmware simple_repeater, simple_room_server and simple_sensor, REQ_TYPE_*.
type RequestType uint8

// The requests that some firmware answers, and since when.
const (
	RequestLogin      RequestType = iota // reserved; logins are ANON_REQs
	RequestStatus                        // repeater and room server
	RequestKeepAlive                     // room server, direct only
	RequestTelemetry                     // every role
	RequestSeries                        // minimum, maximum and average; sensor, 1.7.3
	RequestAccessList                    // from an administrator; 1.7.3
	RequestNeighbours                    // repeater, 1.9
	RequestOwner                         // repeater, 1.12
)

var requestNames = [...]string{"login", "get_status", "keep_alive", "get_telemetry",
	"get_avg_min_max", "get_access_list", "get_neighbours", "get_owner_info"}

// String is the name of the request, "unknown" for types that nothing answers.
func (t RequestType) String() string {
	if int(t) < len(requestNames) {
		return requestNames[t]
	}
	return "unknown"
}

// RequestMessage is an opened REQ.
type RequestMessage struct {
	Opening
	Timestamp uint32 // seconds, the sender's clock; the response repeats it as its tag
	Kind      RequestType
	Data      []byte // after Kind, with the padding

	// Params is what Data says: *KeepAliveParams, *TelemetryParams, *SeriesParams,
	// *AccessListParams, *NeighboursParams; nil for kinds that have none or are
	// not known, and when Data is too short.
	Params RequestParams
}

// RequestParams is what a request asks for in particular.
type RequestParams interface{ Request() RequestType }

// KeepAliveParams keep a room server's pushes coming.
type KeepAliveParams struct {
	SyncSince uint32 // seconds: the newest post that the client has
}

// TelemetryParams ask for telemetry.
type TelemetryParams struct {
	InverseMask uint8 // bits of what is not wanted
}

// Mask is what is wanted: 1 base, 2 location, 4 environment.
func (p *TelemetryParams) Mask() uint8 { return ^p.InverseMask }

// SeriesParams ask for minimum, maximum and average over a time.
type SeriesParams struct {
	StartSecsAgo uint32
	EndSecsAgo   uint32
	Reserved     [2]uint8 // 0, or nothing is answered
}

// AccessListParams ask for the access list.
type AccessListParams struct {
	Reserved [2]uint8 // 0, or nothing is answered
}

// NeighboursParams ask for a page of the list of neighbours.
type NeighboursParams struct {
	Version    uint8 // 0, or nothing is answered
	Count      uint8
	Offset     uint16
	OrderBy    uint8 // 0 newest first, 1 oldest, 2 strongest, 3 weakest
	PrefixSize uint8 // bytes of each public key; more than 32 is 32
}

// Request is keep-alive.
func (*KeepAliveParams) Request() RequestType { return RequestKeepAlive }

// Request is telemetry.
func (*TelemetryParams) Request() RequestType { return RequestTelemetry }

// Request is series.
func (*SeriesParams) Request() RequestType { return RequestSeries }

// Request is access list.
func (*AccessListParams) Request() RequestType { return RequestAccessList }

// Request is neighbours.
func (*NeighboursParams) Request() RequestType { return RequestNeighbours }

// keepAliveSize is what the ACK of a keep-alive covers: time, kind, sync-since.
const keepAliveSize = 9

// ExpectedAck is the sum of the ACK by which a room server answers a
// keep-alive; false for other requests, which are answered by a RESPONSE.
// Source: firmware simple_room_server/MyMesh.cpp, onPeerDataRecv.
func (m *RequestMessage) ExpectedAck() (sum [4]byte, ok bool) {
	if _, ok := m.Params.(*KeepAliveParams); !ok {
		return sum, false
	}
	return ackSum(m.Plaintext[:keepAliveSize], m.Source), true
}

// OpenRequest opens a REQ in every way that verifies, the likeliest first. The
// error is ErrNoKey or ErrNotBlockMultiple.
func (b *AddressBook) OpenRequest(r *Request) ([]RequestMessage, error) {
	openings, err := b.open(&r.Sealed)
	return openAll(openings, err, readRequestMessage)
}

func readRequestMessage(o Opening, c *cursor) RequestMessage {
	m := RequestMessage{Opening: o, Timestamp: c.uint32("timestamp"), Kind: RequestType(c.uint8("type"))}
	params := readRequestParams(m.Kind, c)
	if c.err() == nil {
		m.Params = params
	}
	m.Data = o.Plaintext[min(textOffset, len(o.Plaintext)):]
	return m
}

func readRequestParams(kind RequestType, c *cursor) RequestParams {
	switch kind {
	case RequestKeepAlive:
		return &KeepAliveParams{SyncSince: c.uint32("sync since")}
	case RequestTelemetry:
		return &TelemetryParams{InverseMask: c.uint8("inverse permission mask")}
	case RequestSeries:
		return &SeriesParams{
			StartSecsAgo: c.uint32("start"),
			EndSecsAgo:   c.uint32("end"),
			Reserved:     [2]uint8{c.uint8("reserved 1"), c.uint8("reserved 2")},
		}
	case RequestAccessList:
		return &AccessListParams{Reserved: [2]uint8{c.uint8("reserved 1"), c.uint8("reserved 2")}}
	case RequestNeighbours:
		return &NeighboursParams{
			Version:    c.uint8("version"),
			Count:      c.uint8("count"),
			Offset:     c.uint16("offset"),
			OrderBy:    c.uint8("order"),
			PrefixSize: c.uint8("prefix size"),
		}
	}
	return nil
}
