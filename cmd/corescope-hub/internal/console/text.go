package console

import (
	"strings"
	"unicode"
)

// maxName is how much of a name is shown, in characters.
const maxName = 32

// clean makes text from the air fit to show: no character that controls, hides
// or turns around what stands beside it. It does not escape: pages set text, never
// HTML.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r), r == '\u200b', r == '\u2028', r == '\u2029', r == '\ufeff', r == unicode.ReplacementChar:
			return -1
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u200e', r == '\u200f', r == '\u061c':
			return -1
		}
		return r
	}, s)
}

// name is a cleaned name of bounded length.
func name(s string) string {
	s = strings.TrimSpace(clean(s))
	n := 0
	for i := range s {
		if n++; n > maxName {
			return strings.TrimSpace(s[:i]) + "…"
		}
	}
	return s
}
