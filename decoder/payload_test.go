package decoder_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"corescope-hub/decoder"
)

// payload decodes a frame and asserts the type of its payload.
func payload[T decoder.Payload](t testing.TB, frame string) T {
	t.Helper()
	p := decode(t, frame)
	v, ok := p.Payload.(T)
	if !ok {
		t.Fatalf("%s: payload is %T", frame, p.Payload)
	}
	return v
}

func TestAckKeepsWhateverFollowsItsSum(t *testing.T) {
	t.Parallel()
	for _, extra := range []string{"", "07", "0299", "029911"} {
		a := payload[*decoder.Ack](t, "0e0015e9bf2c"+extra)
		if hex.EncodeToString(a.Sum[:]) != "15e9bf2c" || hex.EncodeToString(a.Extra) != extra {
			t.Errorf("with %q: %x %x", extra, a.Sum, a.Extra)
		}
	}
}

func TestAckSumIsFoundInAckAndMultipart(t *testing.T) {
	t.Parallel()
	want := [4]byte{0x15, 0xe9, 0xbf, 0x2c}
	for _, tt := range []struct {
		frame string
		ok    bool
	}{
		{"0e0015e9bf2c", true},
		{"0e0015e9bf2c0299", true},
		{"2a001315e9bf2c", true},
		{"2a002515e9bf2c", false}, // another inner type
		{"0e0015e9bf", false},     // incomplete
		{"3e0015e9bf2c", false},
	} {
		if sum, ok := decode(t, tt.frame).AckSum(); ok != tt.ok || ok && sum != want {
			t.Errorf("%s: %x %v", tt.frame, sum, ok)
		}
	}
}

func TestMultipartIsNotReassembled(t *testing.T) {
	t.Parallel()
	m := payload[*decoder.Multipart](t, "2a00f315e9bf2c0455")
	if m.Remaining != 15 || m.InnerType != decoder.TypeAck || m.InnerAck == nil {
		t.Fatalf("%+v", m)
	}
	if hex.EncodeToString(m.Inner) != "15e9bf2c0455" || hex.EncodeToString(m.InnerAck.Extra) != "0455" {
		t.Errorf("inner %x, extra %x", m.Inner, m.InnerAck.Extra)
	}
	if other := payload[*decoder.Multipart](t, "2a0025aabb"); other.InnerAck != nil || hex.EncodeToString(other.Inner) != "aabb" {
		t.Errorf("%+v", other)
	}
}

func TestTraceTakesSNRsFromThePath(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, frame string
		hops        []string
		trailing    string
		snrs        []int8
		complete    bool
	}{
		{"start", "2600" + "78563412" + "00000000" + "00" + "aabb", []string{"aa", "bb"}, "", nil, false},
		{"half way", "260180" + "78563412" + "00000000" + "00" + "aabb", []string{"aa", "bb"}, "", []int8{-128}, false},
		{"done", "26027f80" + "78563412" + "00000000" + "00" + "aabb", []string{"aa", "bb"}, "", []int8{127, -128}, true},
		{"size 2", "260101" + "78563412" + "00000000" + "01" + "aabb", []string{"aabb"}, "", []int8{1}, true},
		{"size 4", "2600" + "78563412" + "00000000" + "02" + "aabbccdd", []string{"aabbccdd"}, "", nil, false},
		{"size 8, reserved bits", "2600" + "78563412" + "00000000" + "ff" + "aabbccdd00112233", []string{"aabbccdd00112233"}, "", nil, false},
		{"no hops", "2600" + "78563412" + "00000000" + "00", nil, "", nil, true},
		{"tail", "260101" + "78563412" + "00000000" + "01" + "aabbcc", []string{"aabb"}, "cc", []int8{1}, false},
	} {
		tr := payload[*decoder.Trace](t, tt.frame)
		if tr.Tag != 0x12345678 || tr.HopCount() != len(tt.hops) || hex.EncodeToString(tr.Trailing) != tt.trailing {
			t.Errorf("%s: %+v", tt.name, tr)
			continue
		}
		for i, want := range tt.hops {
			if hex.EncodeToString(tr.Hop(i)) != want {
				t.Errorf("%s: hop %d is %x", tt.name, i, tr.Hop(i))
			}
		}
		if len(tr.SNRs) != len(tt.snrs) || tr.Complete() != tt.complete {
			t.Errorf("%s: SNRs %v, complete %v", tt.name, tr.SNRs, tr.Complete())
			continue
		}
		for i, want := range tt.snrs {
			if tr.SNRs[i] != want {
				t.Errorf("%s: SNR %d is %d", tt.name, i, tr.SNRs[i])
			}
		}
	}
}

func TestControlReadsDiscovery(t *testing.T) {
	t.Parallel()
	q := payload[*decoder.Control](t, "2e00811eb16d358b01020304")
	if want := (decoder.DiscoverRequest{PrefixOnly: true, TypeFilter: 0x1e, Tag: 0x8b356db1, HasSince: true, Since: 0x04030201}); *q.Request != want {
		t.Errorf("request %+v", q.Request)
	}
	if q := payload[*decoder.Control](t, "2e008010b16d358b010203"); q.Request.HasSince || q.Request.Since != 0 || q.Request.PrefixOnly {
		t.Errorf("three bytes of a time: %+v", q.Request)
	}
	key := strings.Repeat("ab", 32)
	for _, tt := range []struct{ sent, want string }{
		{"", ""}, {key[:14], ""}, {key[:16], key[:16]}, {key[:18], ""}, {key[:62], ""}, {key, key}, {key + "ab", ""},
	} {
		r := payload[*decoder.Control](t, "2e0094ecb16d358b"+tt.sent).Response
		if r.Role != decoder.RoleSensor || r.SNR != -20 || r.Tag != 0x8b356db1 || hex.EncodeToString(r.PublicKey) != tt.want {
			t.Errorf("key %s: %+v", tt.sent, r)
		}
	}
	other := payload[*decoder.Control](t, "2e00a5010203")
	if other.Request != nil || other.Response != nil || other.SubType() != 10 || other.Flags() != 5 || !other.ZeroHopOnly() {
		t.Errorf("%+v", other)
	}
	if hex.EncodeToString(other.Data) != "010203" {
		t.Errorf("data %x", other.Data)
	}
}

func TestOpaquePayloadsAreKeptWhole(t *testing.T) {
	t.Parallel()
	if r := payload[*decoder.RawCustom](t, "3e00deadbeef"); hex.EncodeToString(r.Data) != "deadbeef" {
		t.Errorf("%x", r.Data)
	}
	if u := payload[*decoder.Unassigned](t, "3100deadbeef"); hex.EncodeToString(u.Data) != "deadbeef" || u.Of != 12 {
		t.Errorf("%+v", u)
	}
}

func advertFrame(appdata string) string {
	return "1100" + strings.Repeat("ab", 32) + "010000f0" + strings.Repeat("cd", 64) + appdata
}

func TestAdvertReadsItsFieldsInOrder(t *testing.T) {
	t.Parallel()
	a := payload[*decoder.Advert](t, advertFrame("f4"+"ffffffff"+"40e20100"+"0100"+"cdab"+"426f74680058"))
	if a.Timestamp != 0xf0000001 || a.Err != nil || a.Cut {
		t.Fatalf("%+v", a)
	}
	i := a.Info
	if i.Role != decoder.RoleSensor || i.LatitudeE6 != -1 || i.LongitudeE6 != 123456 || i.Feat1 != 1 || i.Feat2 != 0xabcd {
		t.Errorf("%+v", i)
	}
	if i.Latitude() != -0.000001 || i.Longitude() != 0.123456 {
		t.Errorf("%v %v", i.Latitude(), i.Longitude())
	}
	if string(i.NameField) != "Both\x00X" || string(i.Name()) != "Both" {
		t.Errorf("name field %q, name %q", i.NameField, i.Name())
	}
}

func TestAdvertShorterThanItsFlagsHasNoInfo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, appdata, field string
		offset               int
	}{
		{"latitude", "10ffffff", "latitude", 103},
		{"longitude", "10ffffffff00", "longitude", 107},
		{"feature 1", "2001", "feature 1", 103},
		{"feature 2", "60010002", "feature 2", 105},
	} {
		a := payload[*decoder.Advert](t, advertFrame(tt.appdata))
		var e *decoder.Error
		if a.Info != nil || !errors.As(a.Err, &e) {
			t.Errorf("%s: info %+v, error %v", tt.name, a.Info, a.Err)
			continue
		}
		if e.Field != tt.field || e.Offset != tt.offset || e.Err != decoder.ErrTruncated {
			t.Errorf("%s: %v", tt.name, e)
		}
	}
	if a := payload[*decoder.Advert](t, advertFrame("")); a.Info != nil || a.Err != nil || len(a.AppData) != 0 {
		t.Errorf("without appdata: %+v", a)
	}
}

func TestAdvertIsCutTo32BytesBeforeItIsRead(t *testing.T) {
	t.Parallel()
	long := payload[*decoder.Advert](t, advertFrame("81"+strings.Repeat("51", 40)))
	if len(long.AppData) != 32 || !long.Cut || len(long.Info.Name()) != 31 {
		t.Errorf("%d bytes, cut %v, name %q", len(long.AppData), long.Cut, long.Info.Name())
	}
	if full := payload[*decoder.Advert](t, advertFrame("81"+strings.Repeat("51", 31))); full.Cut || len(full.AppData) != 32 {
		t.Errorf("32 bytes: cut %v", full.Cut)
	}
}

// One flipped bit anywhere in what is signed, or in the signature, is seen.
func TestVerifyCoversEveryBitThatCounts(t *testing.T) {
	t.Parallel()
	raw := frame(t, "advert_appdata_over_32_verifies_on_first_32")
	const payloadAt, cutAt = 2, 2 + 100 + 32
	for i := payloadAt; i < len(raw); i++ {
		forged := bytes.Clone(raw)
		forged[i] ^= 1 << (i % 8)
		p, err := decoder.Decode(forged)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Payload.(*decoder.Advert).Verify(); got != (i >= cutAt) {
			t.Errorf("bit of byte %d flipped: verifies %v", i, got)
		}
	}
}
