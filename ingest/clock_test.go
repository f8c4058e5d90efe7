package ingest

import (
	"testing"
	"time"
)

func TestHeardAt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, timestamp string
		want            time.Duration // before noon
	}{
		{"UTC", "2026-11-24T11:00:00Z", time.Hour},
		{"an offset", "2026-11-24T11:00:00+02:00", 3 * time.Hour},
		{"a fraction", "2026-11-24T11:59:59.25Z", 750 * time.Millisecond},
		{"days late", "2026-10-26T12:00:00Z", 29 * 24 * time.Hour},
		{"thirty days late", "2026-10-25T12:00:00Z", 30 * 24 * time.Hour},
		{"later than that", "2026-10-25T11:59:59Z", 0},
		{"never set", "1970-01-01T00:00:00Z", 0},
		{"no such year", "0001-01-01T00:00:00Z", 0},
		{"in the future", "2026-11-24T12:00:01Z", 0},
		{"in the far future", "9999-11-24T12:00:01Z", 0},
		{"without a zone, as if UTC", "2026-11-24T11:50:00.765", 10*time.Minute - 765*time.Millisecond},
		{"without a zone, at tolerance", "2026-11-24T11:45:00", 15 * time.Minute},
		{"without a zone, in some zone", "2026-11-24T11:44:59", 0},
		{"without a zone, ahead", "2026-11-24T12:01:00", 0},
		{"no time at all", "yesterday", 0},
		{"nothing", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := heardAt(tt.timestamp, noon)
			if want := noon.Add(-tt.want); !got.Equal(want) {
				t.Errorf("heardAt(%q) = %v, want %v", tt.timestamp, got, want)
			}
		})
	}
}

func TestNaiveSkew(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, timestamp string
		want            time.Duration // 0: none
	}{
		{"seven hours behind", "2026-11-24T05:00:00", -7 * time.Hour},
		{"with a fraction, cut towards zero", "2026-11-24T04:59:59.765454", -7 * time.Hour},
		{"two hours ahead", "2026-11-24T14:00:00.000000", 2 * time.Hour},
		{"just beyond tolerance", "2026-11-24T12:15:01", 15*time.Minute + time.Second},
		{"at tolerance", "2026-11-24T12:15:00", 0},
		{"at tolerance, behind", "2026-11-24T11:45:00", 0},
		{"fourteen hours ahead", "2026-11-25T02:00:00", 14 * time.Hour},
		{"beyond any zone", "2026-11-25T02:00:01", 0},
		{"thirty days behind", "2026-10-25T12:00:00", -30 * 24 * time.Hour},
		{"a clock that was never set", "2024-05-15T00:00:00", 0},
		{"UTC", "2026-11-24T05:00:00Z", 0},
		{"an offset", "2026-11-24T05:00:00-07:00", 0},
		{"an offset and a fraction", "2026-11-24T05:00:00.765454176+02:00", 0},
		{"no time at all", "yesterday", 0},
		{"an impossible day", "2026-02-30T05:00:00", 0},
		{"a number behind it", "2026-11-24T05:00:0099", 0},
		{"nothing", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := naiveSkew(claimedTime(tt.timestamp), noon)
			if got == nil && tt.want != 0 || got != nil && *got != tt.want {
				t.Errorf("naiveSkew(%q) = %v, want %v", tt.timestamp, got, tt.want)
			}
		})
	}
}
