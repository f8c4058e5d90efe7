package store

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"strings"
	"time"
)

// How values are written in columns. CoreScope compares times as text, so
// their form is part of the contract: seconds, UTC, no fraction.
const (
	timeLayout    = "2006-01-02T15:04:05Z"
	createdLayout = "2006-01-02 15:04:05" // created_at and dropped_at
)

// timeText formats times, and remembers the last second it formatted: most
// records of a batch share it.
type timeText struct {
	unix int64
	text string
}

func (c *timeText) format(t time.Time) string {
	if sec := t.Unix(); c.text == "" || sec != c.unix {
		c.unix, c.text = sec, t.UTC().Format(timeLayout)
	}
	return c.text
}

// createdAt turns a time column's text into the form of created_at.
func createdAt(text string) string {
	return text[:10] + " " + text[11:19]
}

// bucket is the start of the metrics bucket t is counted in: the nearest
// multiple of width since 1970, in whole seconds. time.Time's Round would count
// from the year 1. Source: CoreScope's ingestor, RoundToInterval.
func bucket(t time.Time, width time.Duration) string {
	seconds := int64(width / time.Second)
	nearest := (t.Unix() + seconds/2) / seconds * seconds
	return time.Unix(nearest, 0).UTC().Format(timeLayout)
}

const upperHex = "0123456789ABCDEF"

// hexText is b in upper-case hex digits.
func hexText(b []byte) string {
	var out strings.Builder
	out.Grow(2 * len(b))
	for _, c := range b {
		out.WriteByte(upperHex[c>>4])
		out.WriteByte(upperHex[c&15])
	}
	return out.String()
}

// keyText is a public key as nodes are keyed: lower-case hex digits.
func keyText(key *[32]byte) string { return hex.EncodeToString(key[:]) }

// pathText is path_json: a JSON array of hops in upper-case hex digits.
func pathText(hops []byte, size int) string {
	if len(hops) == 0 {
		return "[]"
	}
	var out strings.Builder
	out.Grow(2 + 2*len(hops) + 3*(len(hops)/size))
	for i, c := range hops {
		switch {
		case i == 0:
			out.WriteString(`["`)
		case i%size == 0:
			out.WriteString(`","`)
		}
		out.WriteByte(upperHex[c>>4])
		out.WriteByte(upperHex[c&15])
	}
	out.WriteString(`"]`)
	return out.String()
}

// isLowerHex reports whether text is hex digits in lower case.
func isLowerHex(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// parsePath reads path_json; nil when it is not one.
func parsePath(text string) []string {
	var hops []string
	if json.Unmarshal([]byte(text), &hops) != nil {
		return nil
	}
	return hops
}

// parseTime reads a time column; zero when it is not one of ours.
func parseTime(text string) time.Time {
	t, err := time.Parse(timeLayout, text)
	if err != nil {
		return time.Time{}
	}
	return t
}

// parseHex reads a hex column; nil when it is not hex.
func parseHex(text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		return nil
	}
	return b
}

// parseKey reads a public key column; nil when it is not one.
func parseKey(text string) *[32]byte {
	b := parseHex(text)
	if len(b) != 32 {
		return nil
	}
	return (*[32]byte)(b)
}

// orNull makes "" NULL.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// deref makes a nil pointer NULL. A float that is not a number is NULL too:
// SQLite would store it so, and it must not look like a change.
func deref[T any](p *T) any {
	if p == nil {
		return nil
	}
	if f, ok := any(*p).(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return nil
	}
	return *p
}
