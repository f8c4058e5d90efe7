package ingest

import (
	"math"
	"strconv"
	"strings"

	"github.com/buger/jsonparser"
)

// number reads a number, a number in quotes, or one in quotes with a unit
// behind it. It is nil for anything else.
func (v value) number() *float64 {
	if f, ok := v.float(); ok {
		return &f
	}
	return nil
}

func (v value) float() (f float64, ok bool) {
	var digits string
	switch v.kind {
	case jsonparser.Number:
		digits = string(v.raw)
	case jsonparser.String:
		digits = withoutUnit(strings.TrimSpace(string(v.bytes())))
	default:
		return 0, false
	}
	f, err := strconv.ParseFloat(digits, 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// whole is number, rounded to the nearest integer: columns of counts and of
// the score must hold integers.
func (v value) whole() *int64 { return v.integer(math.Round) }

// truncated is number without its fraction, as CoreScope writes the RSSI of a
// roaming client.
func (v value) truncated() *int64 { return v.integer(math.Trunc) }

func (v value) integer(round func(float64) float64) *int64 {
	f, ok := v.float()
	if !ok || math.Abs(f) >= 1<<53 {
		return nil
	}
	n := int64(round(f))
	return &n
}

// units are those that observers append. The first that fits is taken off, so a
// longer one stands before its own ending.
var units = [...]string{"dbm", "db", "mw", "km", "mi", "m"}

func withoutUnit(s string) string {
	for _, unit := range units {
		if n := len(s) - len(unit); n >= 0 && strings.EqualFold(s[n:], unit) {
			return strings.TrimSpace(s[:n])
		}
	}
	return s
}
