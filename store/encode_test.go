package store

import (
	"bytes"
	"testing"
	"time"
)

func TestTimesAreUTCSeconds(t *testing.T) {
	var c timeText
	zone := time.FixedZone("", -7*3600)
	for _, tc := range []struct {
		t    time.Time
		want string
	}{
		{time.Date(2026, 11, 24, 12, 18, 35, 999999999, zone), "2026-11-24T19:18:35Z"},
		{time.Date(2026, 11, 24, 12, 18, 35, 0, zone), "2026-11-24T19:18:35Z"},
		{time.Date(2026, 11, 24, 12, 18, 36, 0, zone), "2026-11-24T19:18:36Z"},
		{time.Unix(0, 0), "1970-01-01T00:00:00Z"},
	} {
		if got := c.format(tc.t); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.t, got, tc.want)
		}
		if got := parseTime(tc.want); !got.Equal(tc.t.Truncate(time.Second)) {
			t.Errorf("%s read back as %s", tc.want, got)
		}
	}
	if got, want := createdAt("2026-11-24T19:18:35Z"), "2026-11-24 19:18:35"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var fresh timeText
	if got := fresh.format(time.Unix(0, 0)); got != "1970-01-01T00:00:00Z" {
		t.Errorf("the zero second: %q", got)
	}
}

func TestBucketIsTheNearestMultiple(t *testing.T) {
	for _, tc := range []struct {
		seconds  time.Duration // width
		at, want string
	}{
		{300, "2026-11-24T19:18:48Z", "2026-11-24T19:20:00Z"},
		{300, "2026-11-24T19:17:29Z", "2026-11-24T19:15:00Z"},
		{300, "2026-11-24T19:17:30Z", "2026-11-24T19:20:00Z"},
		{300, "2026-12-31T23:59:00Z", "2027-01-01T00:00:00Z"},
		{420, "2026-11-24T19:18:35Z", "2026-11-24T19:18:00Z"}, // of the time since 1970, not since the year 1
		{1000, "2026-11-24T19:18:35Z", "2026-11-24T19:20:00Z"},
		{7, "2026-11-24T19:18:38Z", "2026-11-24T19:18:35Z"}, // half of an odd width is rounded down
	} {
		if got := bucket(parseTime(tc.at), tc.seconds*time.Second); got != tc.want {
			t.Errorf("%s in buckets of %d seconds: got %s, want %s", tc.at, tc.seconds, got, tc.want)
		}
	}
	if got := bucket(parseTime("2026-11-24T19:17:29Z").Add(999*time.Millisecond), 300*time.Second); got != "2026-11-24T19:15:00Z" {
		t.Errorf("a fraction of a second counts: %s", got)
	}
}

func FuzzPathText(f *testing.F) {
	f.Add([]byte{}, 0)
	f.Add([]byte{0x0F, 0xA0, 0x1A}, 0)
	f.Add([]byte{1, 2, 3, 4, 5, 6}, 2)
	f.Fuzz(func(t *testing.T, hops []byte, size int) {
		size = 1 + int(uint(size)%8) // any input is a size that there is
		hops = hops[:len(hops)/size*size]
		read := parsePath(pathText(hops, size))
		if len(read) != len(hops)/size {
			t.Fatalf("%d hops read back, want %d", len(read), len(hops)/size)
		}
		for i, hop := range read {
			if got := parseHex(hop); !bytes.Equal(got, hops[i*size:(i+1)*size]) {
				t.Errorf("hop %d is %s, want %x", i, hop, hops[i*size:(i+1)*size])
			}
		}
	})
}
