package decoder

import "errors"

// ErrUnknownResponse means that nobody said what a response answers, or said
// something that there is no response to.
var ErrUnknownResponse = errors.New("not known what the response answers")

// ResponseKind is the request that a response answers.
type ResponseKind string

// Every response whose body has a known form.
const (
	ResponseLogin       ResponseKind = "login"          // to an ANON_REQ with a password
	ResponseRepeater    ResponseKind = "repeater_stats" // to a status request
	ResponseRoom        ResponseKind = "room_stats"     // to a status request
	ResponseTelemetry   ResponseKind = "telemetry"
	ResponseAccessList  ResponseKind = "access_list"
	ResponseNeighbours  ResponseKind = "neighbours"
	ResponseOwner       ResponseKind = "owner_info"
	ResponseSeries      ResponseKind = "avg_min_max"
	ResponseAnonRegions ResponseKind = "anon_regions" // to an ANON_REQ
	ResponseAnonOwner   ResponseKind = "anon_owner"   // to an ANON_REQ
	ResponseAnonClock   ResponseKind = "anon_clock"   // to an ANON_REQ
)

// ResponseKinds lists them all.
func ResponseKinds() []ResponseKind {
	return []ResponseKind{ResponseLogin, ResponseRepeater, ResponseRoom, ResponseTelemetry,
		ResponseAccessList, ResponseNeighbours, ResponseOwner, ResponseSeries,
		ResponseAnonRegions, ResponseAnonOwner, ResponseAnonClock}
}

// Hint says how to read a response: nothing in the packet does.
type Hint struct {
	Kind ResponseKind
	// PrefixSize is how many bytes of each public key a list of neighbours shows,
	// as its request asked; 0 when that is not known, and the entries stay unread.
	PrefixSize int
}

// Valid says whether responses of this kind can be read.
func (h Hint) Valid() bool { return h.reader() != nil }

// Hint is how to read the response whose tag is m.Timestamp; role is what the
// node that answers is, which decides between the forms of a status. False when
// the request has no known response.
func (m *RequestMessage) Hint(role Role) (Hint, bool) {
	switch m.Kind {
	case RequestStatus:
		switch role {
		case RoleRepeater:
			return Hint{Kind: ResponseRepeater}, true
		case RoleRoom:
			return Hint{Kind: ResponseRoom}, true
		}
	case RequestTelemetry:
		return Hint{Kind: ResponseTelemetry}, true
	case RequestSeries:
		return Hint{Kind: ResponseSeries}, true
	case RequestAccessList:
		return Hint{Kind: ResponseAccessList}, true
	case RequestNeighbours:
		h := Hint{Kind: ResponseNeighbours}
		if p, ok := m.Params.(*NeighboursParams); ok {
			h.PrefixSize = min(int(p.PrefixSize), 32)
		}
		return h, true
	case RequestOwner:
		return Hint{Kind: ResponseOwner}, true
	}
	return Hint{}, false
}

// Reply is the plaintext of a response.
type Reply struct {
	Tag  uint32 // the request's timestamp; for a login the server's clock, seconds
	Body []byte // with the padding
}

// ResponseMessage is an opened RESPONSE.
type ResponseMessage struct {
	Opening
	Reply
}

// Answer is the body of a response: *LoginAnswer, *RepeaterStatus, *RoomStatus,
// *Telemetry, *AccessList, *Neighbours, *OwnerInfo, *Series, *AnonRegions,
// *AnonOwner or *AnonClock.
type Answer interface{ Kind() ResponseKind }

// OpenResponse opens a RESPONSE in every way that verifies, the likeliest first.
// The error is ErrNoKey or ErrNotBlockMultiple.
func (b *AddressBook) OpenResponse(r *Response) ([]ResponseMessage, error) {
	openings, err := b.open(&r.Sealed)
	return openAll(openings, err, func(o Opening, c *cursor) ResponseMessage {
		return ResponseMessage{Opening: o, Reply: readReply(c)}
	})
}

func readReply(c *cursor) Reply { return Reply{Tag: c.uint32("tag"), Body: c.ahead()} }

// Read reads the body as the answer that h names. With an error, an *Error at an
// offset in the body, the answer holds what came before; it is nil when nothing
// did, and for ErrUnknownResponse.
func (r Reply) Read(h Hint) (Answer, error) {
	read := h.reader()
	if read == nil {
		return nil, ErrUnknownResponse
	}
	return read(&cursor{buf: r.Body}, h)
}

func (h Hint) reader() func(*cursor, Hint) (Answer, error) {
	switch h.Kind {
	case ResponseLogin:
		return readLoginAnswer
	case ResponseRepeater:
		return readRepeaterStatus
	case ResponseRoom:
		return readRoomStatus
	case ResponseTelemetry:
		return readTelemetry
	case ResponseAccessList:
		return readAccessList
	case ResponseNeighbours:
		return readNeighbours
	case ResponseOwner:
		return readOwnerInfo
	case ResponseSeries:
		return readSeries
	case ResponseAnonRegions:
		return readAnonRegions
	case ResponseAnonOwner:
		return readAnonOwner
	case ResponseAnonClock:
		return readAnonClock
	}
	return nil
}

// answer is a, or nothing but the error when a field of fixed place is missing.
func answer(a Answer, c *cursor) (Answer, error) {
	if err := c.err(); err != nil {
		return nil, err
	}
	return a, nil
}
