package decoder

import "errors"

// ErrUnknownQuery means that the receiver does not answer such a query.
var ErrUnknownQuery = errors.New("unknown query")

// AnonMessage is an opened ANON_REQ.
type AnonMessage struct {
	Opening
	Timestamp uint32 // seconds, the sender's clock
	Data      []byte // after Timestamp, with the padding
}

// AnonBody is what an ANON_REQ asks: *AnonLogin or *AnonQuery.
type AnonBody interface{ anonBody() }

// AnonLogin asks to be let in.
type AnonLogin struct {
	Password []byte // to the first NUL; empty asks for what the access list grants
	// SyncSince is the newest post that the client has, in seconds; nil unless
	// the receiver is a room server.
	SyncSince *uint32
}

// AnonQuery asks a repeater for something that it tells anybody (since 1.12).
type AnonQuery struct {
	Query     AnonQueryType
	ReplyPath Path  // how to send the answer back
	Err       error // set when ReplyPath cannot be read, and for unknown queries
}

// AnonQueryType is what an AnonQuery asks for.
// Source: firmware simple_repeater/MyMesh.cpp, ANON_REQ_TYPE_*.
type AnonQueryType uint8

// The queries that a repeater answers.
const (
	QueryRegions AnonQueryType = 1
	QueryOwner   AnonQueryType = 2
	QueryClock   AnonQueryType = 3
)

// String is the name of the query, "unknown" for one that is not answered.
func (t AnonQueryType) String() string {
	switch t {
	case QueryRegions:
		return "regions"
	case QueryOwner:
		return "owner"
	case QueryClock:
		return "clock"
	}
	return "unknown"
}

func (*AnonLogin) anonBody() {}
func (*AnonQuery) anonBody() {}

// OpenAnon opens an ANON_REQ in every way that verifies, the likeliest first.
// The error is ErrNoKey or ErrNotBlockMultiple.
func (b *AddressBook) OpenAnon(a *AnonRequest) ([]AnonMessage, error) {
	openings, err := b.openAnon(a)
	return openAll(openings, err, readAnonMessage)
}

func readAnonMessage(o Opening, c *cursor) AnonMessage {
	return AnonMessage{Opening: o, Timestamp: c.uint32("timestamp"), Data: c.ahead()}
}

// Read reads Data as a node of the given role does: a room server expects a time
// before the password, and only a repeater answers queries. Nothing in the
// packet tells the receiver's role; for RoleNone the rule of repeaters is taken,
// which a room's login does not always fit.
func (m *AnonMessage) Read(receiver Role) AnonBody {
	return readAnonBody(receiver, &cursor{buf: m.Data})
}

func readAnonBody(receiver Role, c *cursor) AnonBody {
	if receiver == RoleRoom {
		since := c.uint32("sync since")
		return &AnonLogin{SyncSince: &since, Password: c.text("password")}
	}
	if first := c.peek(); first == 0 || first >= ' ' {
		return &AnonLogin{Password: c.text("password")}
	}
	q := &AnonQuery{Query: AnonQueryType(c.uint8("query"))}
	if q.Query < QueryRegions || q.Query > QueryClock || receiver == RoleSensor {
		q.Err = &Error{Field: "query", Value: int(q.Query), Err: ErrUnknownQuery}
		return q
	}
	q.ReplyPath, q.Err = readPath(c)
	return q
}

// Hint is how to read the response to q; false when there is none.
func (q *AnonQuery) Hint() (Hint, bool) {
	switch q.Query {
	case QueryRegions:
		return Hint{Kind: ResponseAnonRegions}, true
	case QueryOwner:
		return Hint{Kind: ResponseAnonOwner}, true
	case QueryClock:
		return Hint{Kind: ResponseAnonClock}, true
	}
	return Hint{}, false
}
