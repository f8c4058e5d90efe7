package ingest

import (
	"math"
	"testing"
)

func TestNumber(t *testing.T) {
	t.Parallel()
	tests := []struct {
		json string
		want *float64
	}{
		{`7.2`, ptr(7.2)},
		{`-95`, ptr(-95.0)},
		{`1e2`, ptr(100.0)},
		{`"8.5"`, ptr(8.5)},
		{`" -7 "`, ptr(-7.0)},
		{`"7.25dB"`, ptr(7.25)},
		{`"-110dBm"`, ptr(-110.0)},
		{`"-110 DBM"`, ptr(-110.0)},
		{`"20mW"`, ptr(20.0)},
		{`"3 km"`, ptr(3.0)},
		{`"4mi"`, ptr(4.0)},
		{`"5M"`, ptr(5.0)},
		{`"\u0031dB"`, ptr(1.0)},
		{`"5 dBm dB"`, nil},
		{`"bad"`, nil},
		{`"Unknown"`, nil},
		{`"dBm"`, nil},
		{`""`, nil},
		{`"NaN"`, nil},
		{`"+Inf"`, nil},
		{`1e999`, nil},
		{`true`, nil},
		{`null`, nil},
		{`[1]`, nil},
		{`{"a":1}`, nil},
	}
	for _, tt := range tests {
		env, ok := parseEnvelope([]byte(`{"SNR":` + tt.json + `}`))
		if !ok {
			t.Fatalf("%s is not JSON", tt.json)
		}
		got := env.snr.number()
		if (got == nil) != (tt.want == nil) || got != nil && *got != *tt.want {
			t.Errorf("number of %s = %v, want %v", tt.json, deref(got), deref(tt.want))
		}
	}
}

func TestWholeRoundsToNearest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		json string
		want *int64
	}{
		{`0.75`, ptr(int64(1))},
		{`0.4`, ptr(int64(0))},
		{`-0.75`, ptr(int64(-1))},
		{`"3900.6"`, ptr(int64(3901))},
		{`"512"`, ptr(int64(512))},
		{`1e300`, nil},
		{`-9007199254740992`, nil},
		{`"x"`, nil},
	}
	for _, tt := range tests {
		env, _ := parseEnvelope([]byte(`{"score":` + tt.json + `}`))
		got := env.score.whole()
		if (got == nil) != (tt.want == nil) || got != nil && *got != *tt.want {
			t.Errorf("whole of %s = %v, want %v", tt.json, got, tt.want)
		}
	}
}

// deref makes numbers comparable in a message; nil is NaN.
func deref(f *float64) float64 {
	if f == nil {
		return math.NaN()
	}
	return *f
}
