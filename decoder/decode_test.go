package decoder_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"corescope-hub/decoder"
	"corescope-hub/decoder/decodertest"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decode(t testing.TB, frame string) *decoder.Packet {
	t.Helper()
	p, err := decoder.Decode(unhex(t, frame))
	if err != nil {
		t.Fatalf("%s: %v", frame, err)
	}
	return p
}

// frames are all the vectors that are hex, accepted or not.
func frames(t testing.TB) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	for v := range decodertest.Vectors(t) {
		if raw, err := hex.DecodeString(v.Hex); err == nil {
			all[v.Name] = raw
		}
	}
	return all
}

func TestDecodeRefusesInTheReceiversOrder(t *testing.T) {
	t.Parallel()
	payload := func(n int) []byte { return make([]byte, n) }
	for _, tt := range []struct {
		name string
		raw  []byte
		want decoder.Error
	}{
		{"nothing", nil, decoder.Error{Field: "header", Err: decoder.ErrEmpty}},
		{"version before truncation", []byte{0x55},
			decoder.Error{Field: "header", Value: 1, Err: decoder.ErrUnsupportedVersion}},
		{"version before path mode", []byte{0x81, 0xC0},
			decoder.Error{Field: "header", Value: 2, Err: decoder.ErrUnsupportedVersion}},
		{"no path length", []byte{0x15},
			decoder.Error{Field: "path length", Offset: 1, Value: 1, Err: decoder.ErrTruncated}},
		{"half a code", []byte{0x14, 1},
			decoder.Error{Field: "transport code 0", Offset: 1, Value: 2, Err: decoder.ErrTruncated}},
		{"one code and a half", []byte{0x17, 1, 2, 3},
			decoder.Error{Field: "transport code 1", Offset: 3, Value: 2, Err: decoder.ErrTruncated}},
		{"path mode before truncation", []byte{0x15, 0xC5},
			decoder.Error{Field: "path length", Offset: 1, Value: 0xC5, Err: decoder.ErrReservedPathMode}},
		{"path size before truncation", []byte{0x15, 0x61},
			decoder.Error{Field: "path length", Offset: 1, Value: 66, Err: decoder.ErrPathTooLong}},
		{"path size at its other limit", []byte{0x15, 0x96},
			decoder.Error{Field: "path length", Offset: 1, Value: 66, Err: decoder.ErrPathTooLong}},
		{"path longer than the frame", []byte{0x15, 0x43, 1, 2, 3, 4, 5},
			decoder.Error{Field: "path", Offset: 2, Value: 6, Err: decoder.ErrTruncated}},
		{"offset behind the codes", []byte{0x14, 1, 2, 3, 4, 0xC0},
			decoder.Error{Field: "path length", Offset: 5, Value: 0xC0, Err: decoder.ErrReservedPathMode}},
		{"payload one too long", append([]byte{0x3E, 0}, payload(185)...),
			decoder.Error{Field: "payload", Offset: 2, Value: 185, Err: decoder.ErrPayloadTooLong}},
	} {
		p, err := decoder.Decode(tt.raw)
		var got *decoder.Error
		if !errors.As(err, &got) || *got != tt.want || p != nil {
			t.Errorf("%s: got %v, %v, want %v", tt.name, p, err, &tt.want)
		}
		if !errors.Is(err, tt.want.Err) {
			t.Errorf("%s: %v does not unwrap to its cause", tt.name, err)
		}
	}
}

func TestDecodeAcceptsTheLargestFrame(t *testing.T) {
	t.Parallel()
	raw := append([]byte{0x3F, 1, 0, 2, 0, 0x60}, make([]byte, 64+decoder.MaxPayloadSize)...)
	p, err := decoder.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) != 254 || len(p.RawPayload) != 184 || p.Path.HopCount() != 32 || p.Path.HashSize() != 2 {
		t.Errorf("%d bytes: payload %d, path %d x %d", len(raw), len(p.RawPayload), p.Path.HopCount(), p.Path.HashSize())
	}
}

// Any beginning of a good frame is either too short for its path or a frame with
// a shorter payload; nothing else may be found wrong with it.
func TestDecodeCutAtAnyByteIsTruncatedOrShorter(t *testing.T) {
	t.Parallel()
	for name, raw := range frames(t) {
		whole, err := decoder.Decode(raw)
		if err != nil {
			continue
		}
		start := len(raw) - len(whole.RawPayload)
		for n := range raw {
			p, err := decoder.Decode(raw[:n])
			switch {
			case n == 0:
				if !errors.Is(err, decoder.ErrEmpty) {
					t.Errorf("%s cut to nothing: %v", name, err)
				}
			case n < start:
				if !errors.Is(err, decoder.ErrTruncated) {
					t.Errorf("%s cut to %d bytes: %v", name, n, err)
				}
			case err != nil:
				t.Errorf("%s cut to %d bytes: %v", name, n, err)
			case !bytes.Equal(p.RawPayload, raw[start:n]) || p.Type() != whole.Type():
				t.Errorf("%s cut to %d bytes: payload %x", name, n, p.RawPayload)
			}
		}
	}
}

func TestPayloadIsIncompleteBelowTheFirmwaresMinimum(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		header  byte
		need    int
		payload byte // every byte of it
	}{
		{0x02, 5, 0}, {0x06, 5, 0}, {0x0A, 5, 0}, {0x22, 5, 0}, // REQ RESPONSE TXT_MSG PATH
		{0x0E, 4, 0}, {0x12, 100, 0}, {0x16, 4, 0}, {0x1A, 4, 0}, // ACK ADVERT GRP_TXT GRP_DATA
		{0x1E, 36, 0}, {0x26, 9, 0}, // ANON_REQ TRACE
		{0x2A, 3, 0x15},                  // MULTIPART of something
		{0x2A, 5, 0x13},                  // MULTIPART of an ACK
		{0x2E, 1, 0x10},                  // CONTROL
		{0x2E, 6, 0x80}, {0x2E, 6, 0x90}, // discovery
	} {
		for n := range tt.need + 1 {
			if n == 0 && tt.payload>>4 > 1 {
				continue // without a first byte the lower minimum of the type counts
			}
			p, err := decoder.Decode(append([]byte{tt.header, 0}, bytes.Repeat([]byte{tt.payload}, n)...))
			if err != nil {
				t.Fatal(err)
			}
			short, is := p.Payload.(*decoder.Incomplete)
			if is != (n < tt.need) {
				t.Errorf("%v with %d bytes of %d: %T", p.Type(), n, tt.need, p.Payload)
			}
			if is && (short.Of != p.Type() || short.Type() != p.Type() || len(short.Data) != n || n > 2 && short.Need != tt.need) {
				t.Errorf("%v with %d bytes of %d: %+v", p.Type(), n, tt.need, short)
			}
		}
	}
}

func TestEveryPayloadTypeHasItsOwnGoType(t *testing.T) {
	t.Parallel()
	for kind := range decoder.PayloadType(16) {
		p, err := decoder.Decode(append([]byte{byte(kind)<<2 | 2, 0}, make([]byte, 120)...))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Payload.Type(); got != kind || p.Type() != kind {
			t.Errorf("type %d: %T says %d", kind, p.Payload, got)
		}
	}
}

func TestHashIgnoresRouteCodesAndPath(t *testing.T) {
	t.Parallel()
	flood := decode(t, "0d0215e915e9bf2c")
	scoped := decode(t, "0c010002004315e915e9bf2c1122334455")
	direct := decode(t, "0e0015e9bf2c")
	if flood.Hash() == scoped.Hash() {
		t.Error("another payload has the same hash")
	}
	if want := decode(t, "0d0015e915e9bf2c"); flood.Hash() == want.Hash() {
		t.Error("the path is hashed as payload")
	}
	for _, again := range []string{"0d0015e9bf2c", "0c0100020001aa15e9bf2c", "0d41aabb15e9bf2c"} {
		if decode(t, again).Hash() != direct.Hash() {
			t.Errorf("%s: hash depends on more than the payload", again)
		}
	}
}

func TestHashOfTraceChangesAtEachHop(t *testing.T) {
	t.Parallel()
	const payload = "1003000000000000" + "00" + "aabbcc"
	if decode(t, "2600"+payload).Hash() == decode(t, "26017f"+payload).Hash() {
		t.Error("the path length is not in the hash")
	}
	if decode(t, "26017f"+payload).Hash() != decode(t, "260180"+payload).Hash() {
		t.Error("the SNRs are in the hash")
	}
}

func TestDecodeIsWithinItsAllocationBudget(t *testing.T) {
	for name, raw := range frames(t) {
		if _, err := decoder.Decode(raw); err != nil {
			continue
		}
		if n := testing.AllocsPerRun(20, func() { decoder.Decode(raw) }); n > 3 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestPacketCannotBeGrownIntoTheFrame(t *testing.T) {
	t.Parallel()
	for name, raw := range frames(t) {
		before := slices.Clone(raw)
		p, err := decoder.Decode(raw)
		if err != nil {
			continue
		}
		_ = append(p.Path.Bytes, 0xEE)
		if p.Path.HopCount() > 0 && p.Type() != decoder.TypeTrace {
			_ = append(p.Path.Hop(0), 0xEE)
		}
		if !bytes.Equal(raw, before) {
			t.Errorf("%s: append wrote into the frame", name)
		}
	}
}

func TestNamesOfTypesOutsideTheTables(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ got, want string }{
		{decoder.PayloadType(12).String(), "UNKNOWN"},
		{decoder.PayloadType(15).String(), "RAW_CUSTOM"},
		{decoder.Role(5).String(), "unknown"},
		{decoder.Role(255).String(), "unknown"},
		{decoder.RequestType(8).String(), "unknown"},
		{decoder.RequestOwner.String(), "get_owner_info"},
		{decoder.SensorType(99).String(), "unknown"},
		{decoder.SensorPolyline.String(), "polyline"},
		{decoder.AnonQueryType(4).String(), "unknown"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
