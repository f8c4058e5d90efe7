package decoder_test

import (
	"fmt"
	"strings"
	"testing"

	"corescope-hub/decoder"
)

func layout(fields []decoder.Field) string {
	var b strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&b, "%s %d+%d; ", f.Name, f.Offset, f.Size)
	}
	return strings.TrimSuffix(b.String(), "; ")
}

func TestLayoutNamesTheFields(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, frame, want string }{
		{"scoped ack with path", "0c0100000041aabb4e25714107",
			"header 0+1; transport code 0 1+2; transport code 1 3+2; path length 5+1; path 6+2; acknowledgement 8+4; extra 12+1"},
		{"advert", advertFrame("90" + "01000000" + "02000000" + "4142"),
			"header 0+1; path length 1+1; public key 2+32; timestamp 34+4; signature 38+64; flags 102+1; latitude 103+4; longitude 107+4; name 111+2"},
		{"advert with more than its flags say", advertFrame("01" + "4142"),
			"header 0+1; path length 1+1; public key 2+32; timestamp 34+4; signature 38+64; flags 102+1; unread 103+2"},
		{"advert with less than its flags say", advertFrame("10" + "010000"),
			"header 0+1; path length 1+1; public key 2+32; timestamp 34+4; signature 38+64; flags 102+1; unread 103+3"},
		{"multipart ack", "2a001315e9bf2c",
			"header 0+1; path length 1+1; remaining and inner type 2+1; acknowledgement 3+4"},
		{"multipart of an ack too short", "2a0013aabbcc",
			"header 0+1; path length 1+1; data 2+4"},
		{"discovery", "2e009431b16d358b0bf8e1d63666d792",
			"header 0+1; path length 1+1; sub-type and flags 2+1; SNR 3+1; tag 4+4; public key 8+8"},
		{"discovery with half a time", "2e008004b16d358b0102",
			"header 0+1; path length 1+1; sub-type and flags 2+1; type filter 3+1; tag 4+4; unread 8+2"},
		{"refused", "0d05aabb", "header 0+1; path length 1+1; unread 2+2"},
		{"refused version", "5500", "header 0+1; unread 1+1"},
	} {
		raw := unhex(t, tt.frame)
		fields, err := decoder.Layout(raw)
		if _, want := decoder.Decode(raw); fmt.Sprint(err) != fmt.Sprint(want) {
			t.Errorf("%s: error %v, Decode says %v", tt.name, err, want)
		}
		if got := layout(fields); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// checkLayout asserts that the fields cover raw in order, without gaps.
func checkLayout(t testing.TB, raw []byte, fields []decoder.Field) {
	t.Helper()
	end := 0
	for _, f := range fields {
		if f.Offset != end || f.Size < 1 || f.Name == "" {
			t.Fatalf("%x: %s", raw, layout(fields))
		}
		end += f.Size
	}
	if end != len(raw) {
		t.Fatalf("%x: %s", raw, layout(fields))
	}
}

func TestLayoutCoversEveryByteOnce(t *testing.T) {
	t.Parallel()
	for _, raw := range frames(t) {
		for n := range len(raw) + 1 {
			fields, _ := decoder.Layout(raw[:n])
			checkLayout(t, raw[:n], fields)
		}
	}
}
