package decoder_test

import (
	"testing"

	"corescope-hub/decoder"
)

func TestScopeFindsTheFirstRegionThatFits(t *testing.T) {
	t.Parallel()
	region := decoder.NewRegion
	twin := region("#europe")
	twin.Name = "twin"
	for _, tt := range []struct {
		name, frame string
		regions     []decoder.Region
		want        string
	}{
		{"flood", "0c0100000001684e257141", []decoder.Region{region("#nowhere"), region("#europe")}, "#europe"},
		{"name without hash", "0c0100000001684e257141", []decoder.Region{region("europe")}, "europe"},
		{"direct", "0f0100000001684e257141", []decoder.Region{region("europe")}, "europe"},
		{"first of two", "0c0100000001684e257141", []decoder.Region{twin, region("europe")}, "twin"},
		{"code nudged off FFFF", "0cfeff000001d7324c359b", []decoder.Region{region("europe")}, "europe"},
		{"second code does not count", "0c0100ffff01684e257141", []decoder.Region{region("europe")}, "europe"},
		{"case counts", "0c0100000001684e257141", []decoder.Region{region("Europe")}, ""},
		{"another payload", "0c0100000001684e257142", []decoder.Region{region("europe")}, ""},
		{"another type", "080100000001684e25714100", []decoder.Region{region("europe")}, ""},
		{"no codes", "0d01684e257141", []decoder.Region{region("europe")}, ""},
		{"code 0", "0c0000010001684e257141", []decoder.Region{region("europe")}, ""},
		{"no regions", "0c0100000001684e257141", nil, ""},
	} {
		got, ok := decode(t, tt.frame).Scope(tt.regions)
		if got.Name != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: %q %v", tt.name, got.Name, ok)
		}
	}
}
