package ingest

import (
	"strings"
	"unicode"
)

// Bounds of text that a stranger chose, in characters.
const (
	maxOrigin    = 64  // an observer's name
	maxMeta      = 128 // model, firmware, client version, radio
	maxDirection = 16
)

// clean makes a stranger's text fit to store and to show: no control
// characters, at most limit characters.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
	n := 0
	for i := range s {
		if n == limit {
			return s[:i]
		}
		n++
	}
	return s
}

// regionName is s as a region, or "" when it cannot be one.
func regionName(s string) string {
	s = fold(s)
	if len(s) > maxRegion || !printable(s) {
		return ""
	}
	return s
}
