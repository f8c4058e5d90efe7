package main

import (
	"fmt"
	"os"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// isTerminal says whether f is where a person types or reads: a character
// device, and not the one that is nobody. That takes no library and holds on
// every system; other character devices are not what output is sent to.
func isTerminal(f any) bool {
	file, ok := f.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// printable is JSON with everything escaped that a terminal might obey. JSON
// itself asks for that only below U+0020, but U+009B, too, starts a sequence.
func printable(json []byte) []byte {
	out := make([]byte, 0, len(json)+1)
	for len(json) > 0 {
		r, size := utf8.DecodeRune(json)
		switch {
		case unicode.IsPrint(r):
			out = append(out, json[:size]...)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		json = json[size:]
	}
	return out
}
