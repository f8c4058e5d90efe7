package decoder_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"corescope-hub/decoder"
)

// sealedFor seals plaintext from node 1 for node 2, with a book that opens it.
func sealedFor(t testing.TB, plaintext []byte) (decoder.Sealed, *decoder.AddressBook) {
	t.Helper()
	a, b := identity(t, 1), identity(t, 2)
	s := seal(a.secretWith(t, b.PublicKey()), a.PublicKey(), b.PublicKey(), plaintext)
	return s, decoder.NewAddressBook([]*decoder.Identity{b.Identity}, a.PublicKey())
}

func openText(t testing.TB, plaintext []byte) decoder.DirectMessage {
	t.Helper()
	s, book := sealedFor(t, plaintext)
	all, err := book.OpenText(&decoder.Text{Sealed: s})
	if err != nil || len(all) != 1 {
		t.Fatalf("%x: %v %v", plaintext, all, err)
	}
	return all[0]
}

func openRequest(t testing.TB, plaintext []byte) decoder.RequestMessage {
	t.Helper()
	s, book := sealedFor(t, plaintext)
	all, err := book.OpenRequest(&decoder.Request{Sealed: s})
	if err != nil || len(all) != 1 {
		t.Fatalf("%x: %v %v", plaintext, all, err)
	}
	return all[0]
}

func openPath(t testing.TB, plaintext []byte) decoder.PathMessage {
	t.Helper()
	s, book := sealedFor(t, plaintext)
	all, err := book.OpenPath(&decoder.ReturnedPath{Sealed: s})
	if err != nil || len(all) != 1 {
		t.Fatalf("%x: %v %v", plaintext, all, err)
	}
	return all[0]
}

func openAnon(t testing.TB, plaintext []byte) decoder.AnonMessage {
	t.Helper()
	a, b := identity(t, 1), identity(t, 2)
	mac, ciphertext := decoder.Seal(a.secretWith(t, b.PublicKey()), plaintext)
	all, err := decoder.NewAddressBook([]*decoder.Identity{b.Identity}).OpenAnon(&decoder.AnonRequest{
		Dest: b.PublicKey()[0], SenderKey: a.PublicKey(), MAC: mac, Ciphertext: ciphertext})
	if err != nil || len(all) != 1 {
		t.Fatalf("%x: %v %v", plaintext, all, err)
	}
	return all[0]
}

// sum is what acknowledges plaintext, made without the package.
func sum(plaintext []byte, key [32]byte) [4]byte {
	h := sha256.Sum256(append(bytes.Clone(plaintext), key[:]...))
	return [4]byte(h[:4])
}

func TestDirectTextByType(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		flags   byte
		body    string
		author  string
		text    string
		hidden  uint8
		acked   int // plaintext bytes that the ACK covers; 0: not acknowledged
		byDest  bool
		ignored bool
	}{
		{name: "plain", flags: 2, body: "hello", text: "hello", acked: 10},
		{name: "plain, whole block", body: "elevenbytes", text: "elevenbytes", acked: 16},
		{name: "empty", text: "", acked: 5},
		{name: "hidden attempt", flags: 1, body: "hello\x00\x05", text: "hello", hidden: 5, acked: 10},
		{name: "hidden attempt in the next block", flags: 1, body: "elevenbytes\x00\x05", text: "elevenbytes", hidden: 5, acked: 16},
		{name: "not UTF-8", body: "a\xff", text: "a\xff", acked: 7},
		{name: "command", flags: 1 << 2, body: "get name", text: "get name"},
		{name: "nothing hides behind a command", flags: 1 << 2, body: "get\x00\x05", text: "get"},
		{name: "post", flags: 2<<2 | 3, body: "\xaa\x00\xcc\xddpost", author: "aa00ccdd", text: "post", acked: 13, byDest: true},
		{name: "unknown", flags: 7 << 2, body: "abc", text: "abc", ignored: true},
	} {
		plaintext := append([]byte{1, 0, 0, 0xF0, tt.flags}, tt.body...)
		m := openText(t, plaintext)
		if m.Timestamp != 0xF0000001 || m.TextType() != decoder.TextType(tt.flags>>2) || m.Attempt() != tt.flags&3 {
			t.Errorf("%s: %+v", tt.name, m)
		}
		if hex.EncodeToString(m.Author) != tt.author || string(m.Text) != tt.text || m.HiddenAttempt != tt.hidden {
			t.Errorf("%s: author %x, text %q, hidden attempt %d", tt.name, m.Author, m.Text, m.HiddenAttempt)
		}
		if got := len(m.Warnings()) > 0; got != tt.ignored {
			t.Errorf("%s: warnings %v", tt.name, m.Warnings())
		}
		key := m.Source
		if tt.byDest {
			key = m.Dest
		}
		got, ok := m.ExpectedAck()
		if ok != (tt.acked > 0) || ok && got != sum(m.Plaintext[:tt.acked], key) {
			t.Errorf("%s: ACK %x %v", tt.name, got, ok)
		}
	}
}

func TestAckFindsItsMessage(t *testing.T) {
	t.Parallel()
	m := openText(t, plainHello)
	want, _ := m.ExpectedAck()
	for _, frame := range []string{"0e00" + hex.EncodeToString(want[:]), "2a0013" + hex.EncodeToString(want[:]) + "0455"} {
		if got, ok := decode(t, frame).AckSum(); !ok || got != want {
			t.Errorf("%s: %x", frame, got)
		}
	}
	p := openPath(t, append([]byte{0x00, 0x03}, want[:]...))
	if got, ok := p.AckSum(); !ok || got != want {
		t.Errorf("returned path: %x", got)
	}
}

func TestRequestParams(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		body   string // type and parameters
		params decoder.RequestParams
	}{
		{"00", nil},
		{"01", nil},
		{"0204030201", &decoder.KeepAliveParams{SyncSince: 0x01020304}},
		{"03fe", &decoder.TelemetryParams{InverseMask: 0xfe}},
		{"0480510100100e00000102", &decoder.SeriesParams{StartSecsAgo: 86400, EndSecsAgo: 3600, Reserved: [2]uint8{1, 2}}},
		{"050102", &decoder.AccessListParams{Reserved: [2]uint8{1, 2}}},
		{"06010a05010206", &decoder.NeighboursParams{Version: 1, Count: 10, Offset: 0x105, OrderBy: 2, PrefixSize: 6}},
		{"07", nil},
		{"42aabb", nil},
	} {
		m := openRequest(t, append([]byte{1, 0, 0, 0xF0}, unhex(t, tt.body)...))
		if m.Timestamp != 0xF0000001 || !reflect.DeepEqual(m.Params, tt.params) {
			t.Errorf("%s: %+v", tt.body, m.Params)
		}
		if tt.params != nil && tt.params.Request() != m.Kind {
			t.Errorf("%s: parameters of %v in a %v", tt.body, tt.params.Request(), m.Kind)
		}
		if !strings.HasPrefix(hex.EncodeToString(m.Data), tt.body[2:]) {
			t.Errorf("%s: data %x", tt.body, m.Data)
		}
		got, ok := m.ExpectedAck()
		if ok != (m.Kind == decoder.RequestKeepAlive) || ok && got != sum(m.Plaintext[:9], m.Source) {
			t.Errorf("%s: ACK %x %v", tt.body, got, ok)
		}
	}
	if mask := (&decoder.TelemetryParams{InverseMask: 0xfa}).Mask(); mask != 5 {
		t.Errorf("mask is %d", mask)
	}
}

func TestOnlyFloodedKeepAliveIsWarnedOf(t *testing.T) {
	t.Parallel()
	for kind := range byte(8) {
		m := openRequest(t, []byte{1, 0, 0, 0, kind})
		for route := range decoder.RouteType(4) {
			want := kind == 2 && route.IsFlood()
			if got := len(m.Warnings(route)) > 0; got != want {
				t.Errorf("%v by %v: %v", m.Kind, route, m.Warnings(route))
			}
		}
	}
}

func TestRequestTellsHowToReadItsResponse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		body string
		role decoder.Role
		want decoder.Hint
	}{
		{"00", decoder.RoleRepeater, decoder.Hint{}},
		{"01", decoder.RoleRepeater, decoder.Hint{Kind: decoder.ResponseRepeater}},
		{"01", decoder.RoleRoom, decoder.Hint{Kind: decoder.ResponseRoom}},
		{"01", decoder.RoleNone, decoder.Hint{}},
		{"02", decoder.RoleRoom, decoder.Hint{}},
		{"03", decoder.RoleChat, decoder.Hint{Kind: decoder.ResponseTelemetry}},
		{"04", decoder.RoleSensor, decoder.Hint{Kind: decoder.ResponseSeries}},
		{"05", decoder.RoleSensor, decoder.Hint{Kind: decoder.ResponseAccessList}},
		{"06000a00000008", decoder.RoleRepeater, decoder.Hint{Kind: decoder.ResponseNeighbours, PrefixSize: 8}},
		{"06000a000000ff", decoder.RoleRepeater, decoder.Hint{Kind: decoder.ResponseNeighbours, PrefixSize: 32}},
		{"07", decoder.RoleRepeater, decoder.Hint{Kind: decoder.ResponseOwner}},
		{"42", decoder.RoleRepeater, decoder.Hint{}},
	} {
		m := openRequest(t, append([]byte{1, 0, 0, 0}, unhex(t, tt.body)...))
		got, ok := m.Hint(tt.role)
		if got != tt.want || ok != (tt.want.Kind != "") || ok && !got.Valid() {
			t.Errorf("%s from a %v: %+v %v", tt.body, tt.role, got, ok)
		}
	}
}

func TestReturnedPath(t *testing.T) {
	t.Parallel()
	const ack, response = decoder.TypeAck, decoder.TypeResponse
	for _, tt := range []struct {
		name, plaintext string
		hops            int
		extra           decoder.PayloadType
		carries         string // an ACK's sum, or the tag of a response
		err             error
	}{
		{"with ACK", "03" + "aabbcc" + "03" + "15e9bf2c", 3, ack, "15e9bf2c", nil},
		{"high bits of the extra's type", "41" + "aabb" + "f3" + "15e9bf2c", 1, ack, "15e9bf2c", nil},
		{"with response", "82" + "010203040506" + "01" + "49a87c68", 2, response, "49a87c68", nil},
		{"with nothing", "00" + "ff" + "12345678", 0, decoder.ExtraNone, "", nil},
		{"reserved mode", "c0" + "03" + "15e9bf2c", 0, 0, "", decoder.ErrReservedPathMode},
		{"too long", "61" + "03" + "15e9bf2c", 0, 0, "", decoder.ErrPathTooLong},
		{"longer than the plaintext", "10" + "03" + "15e9bf2c", 0, 0, "", decoder.ErrTruncated},
		{"as long as the plaintext", "0f" + "03" + "15e9bf2c", 0, 0, "", decoder.ErrTruncated},
		{"no room for the ACK", "0b" + strings.Repeat("aa", 11) + "03" + "15e9bf", 11, ack, "", nil},
		{"no room for the tag", "0b" + strings.Repeat("aa", 11) + "01" + "15e9bf", 11, response, "", nil},
	} {
		m := openPath(t, unhex(t, tt.plaintext))
		if !errors.Is(m.Err, tt.err) || m.Path.HopCount() != tt.hops || m.ExtraType != tt.extra {
			t.Errorf("%s: %+v", tt.name, m)
		}
		sum, acked := m.AckSum()
		reply, replied := m.Reply()
		if acked != (tt.extra == ack && tt.carries != "" && tt.err == nil) || acked && hex.EncodeToString(sum[:]) != tt.carries {
			t.Errorf("%s: ACK %x %v", tt.name, sum, acked)
		}
		if replied != (tt.extra == response && tt.carries != "") || replied && reply.Tag != 0x687ca849 {
			t.Errorf("%s: reply %+v %v", tt.name, reply, replied)
		}
	}
}

func TestAnonymousRequestIsReadAsItsReceiverWould(t *testing.T) {
	t.Parallel()
	since := uint32(0x01020304)
	path := func(lengthByte uint8, hops string) decoder.Path {
		return decoder.Path{LengthByte: lengthByte, Bytes: unhex(t, hops)}
	}
	for _, tt := range []struct {
		name, data string
		role       decoder.Role
		want       decoder.AnonBody
	}{
		{"login", "7077", decoder.RoleRepeater, &decoder.AnonLogin{Password: []byte("pw")}},
		{"login at a sensor", "7077", decoder.RoleSensor, &decoder.AnonLogin{Password: []byte("pw")}},
		{"login, role not known", "7077", decoder.RoleNone, &decoder.AnonLogin{Password: []byte("pw")}},
		{"login at a room", "040302017077", decoder.RoleRoom, &decoder.AnonLogin{Password: []byte("pw"), SyncSince: &since}},
		{"blank password", "00", decoder.RoleRepeater, &decoder.AnonLogin{Password: []byte{}}},
		{"space is a password", "20", decoder.RoleRepeater, &decoder.AnonLogin{Password: []byte(" ")}},
		{"regions", "0102aabb", decoder.RoleRepeater, &decoder.AnonQuery{Query: decoder.QueryRegions, ReplyPath: path(2, "aabb")}},
		{"owner", "0241aabb", decoder.RoleNone, &decoder.AnonQuery{Query: decoder.QueryOwner, ReplyPath: path(0x41, "aabb")}},
		{"clock", "0300", decoder.RoleRepeater, &decoder.AnonQuery{Query: decoder.QueryClock, ReplyPath: path(0, "")}},
		{"reserved reply path mode", "03c0", decoder.RoleRepeater, &decoder.AnonQuery{Query: decoder.QueryClock,
			Err: &decoder.Error{Field: "path length", Offset: 1, Value: 0xc0, Err: decoder.ErrReservedPathMode}}},
		{"reply path too short", "030b", decoder.RoleRepeater, &decoder.AnonQuery{Query: decoder.QueryClock, ReplyPath: decoder.Path{LengthByte: 11},
			Err: &decoder.Error{Field: "path", Offset: 2, Value: 11, Err: decoder.ErrTruncated}}},
		{"sensors answer no queries", "0300", decoder.RoleSensor, &decoder.AnonQuery{Query: decoder.QueryClock,
			Err: &decoder.Error{Field: "query", Value: 3, Err: decoder.ErrUnknownQuery}}},
		{"unknown query", "0900", decoder.RoleRepeater, &decoder.AnonQuery{Query: 9,
			Err: &decoder.Error{Field: "query", Value: 9, Err: decoder.ErrUnknownQuery}}},
		{"last that is no letter", "1f00", decoder.RoleRepeater, &decoder.AnonQuery{Query: 31,
			Err: &decoder.Error{Field: "query", Value: 31, Err: decoder.ErrUnknownQuery}}},
	} {
		m := openAnon(t, append([]byte{1, 0, 0, 0xF0}, unhex(t, tt.data)...))
		if got := m.Read(tt.role); m.Timestamp != 0xF0000001 || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestQueryTellsHowToReadItsAnswer(t *testing.T) {
	t.Parallel()
	for query, want := range map[decoder.AnonQueryType]decoder.ResponseKind{
		decoder.QueryRegions: decoder.ResponseAnonRegions,
		decoder.QueryOwner:   decoder.ResponseAnonOwner,
		decoder.QueryClock:   decoder.ResponseAnonClock,
		9:                    "",
	} {
		q := &decoder.AnonQuery{Query: query}
		if h, ok := q.Hint(); h.Kind != want || ok != (want != "") {
			t.Errorf("%v: %+v %v", query, h, ok)
		}
		if len(q.Warnings(decoder.RouteFlood)) != 1 || len(q.Warnings(decoder.RouteDirect)) != 0 {
			t.Errorf("%v: warnings do not depend on the route", query)
		}
	}
}
