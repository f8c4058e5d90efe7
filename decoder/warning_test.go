package decoder_test

import (
	"slices"
	"strings"
	"testing"

	"corescope-hub/decoder"
)

func TestWarningsNameWhatTheFirmwareIgnores(t *testing.T) {
	t.Parallel()
	trace := strings.Repeat("00", 9)
	for _, tt := range []struct {
		name, frame string
		want        []decoder.Warning
	}{
		{"direct trace", "2600" + trace, nil},
		{"flooded trace", "2500" + trace, []decoder.Warning{decoder.WarnTraceNotDirect}},
		{"trace with path hash size", "2640" + trace, []decoder.Warning{decoder.WarnTracePathMode}},
		{"direct discovery", "2e008004b16d358b", nil},
		{"scoped direct discovery", "2f000000000080" + "04b16d358b", nil},
		{"discovery with a hop", "2e01af8004b16d358b", []decoder.Warning{decoder.WarnControlNotZeroHopDirect}},
		{"flooded discovery", "2d008004b16d358b", []decoder.Warning{decoder.WarnControlNotZeroHopDirect}},
		{"zero hops of two bytes", "2e408004b16d358b", nil},
		{"other control with hops", "2e02a9dc10aa", nil},
		{"other control flooded", "2d0010aa", []decoder.Warning{decoder.WarnControlNotDirect}},
		{"direct raw", "3e0000", nil},
		{"flooded raw", "3d0000", []decoder.Warning{decoder.WarnRawNotDirect}},
		{"multipart ack", "2a001315e9bf2c", nil},
		{"multipart of another type", "2a0025aabb", []decoder.Warning{decoder.WarnMultipartInner}},
		{"type 14", "390000", []decoder.Warning{decoder.WarnUnknownPayloadType}},
		{"advert", advertFrame("81"), nil},
		{"long advert", advertFrame("81" + strings.Repeat("51", 32)), []decoder.Warning{decoder.WarnAppDataCut}},
		{"incomplete", "0d00aabb", nil},
	} {
		if got := decode(t, tt.frame).Warnings(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestSharedAdvertIsRecognised(t *testing.T) {
	t.Parallel()
	advert := advertFrame("81")[4:]
	for _, tt := range []struct {
		name, frame string
		want        bool
	}{
		{"share", "130000000000" + advert, true},
		{"share in two-byte mode", "130000000040" + advert, true},
		{"scoped", "130100000000" + advert, false},
		{"second code", "130000010000" + advert, false},
		{"has hops", "130000000001aa" + advert, false},
		{"flood", "100000000000" + advert, false},
		{"no codes", "1200" + advert, false},
		{"not an advert", "0f000000000015e9bf2c", false},
	} {
		if got := decode(t, tt.frame).IsShare(); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestOnlyPathLength64MayBeLegacy(t *testing.T) {
	t.Parallel()
	for b := range 256 {
		if got := (decoder.Path{LengthByte: uint8(b)}).MaybeLegacy(); got != (b == 0x40) {
			t.Errorf("%#x: %v", b, got)
		}
	}
}
