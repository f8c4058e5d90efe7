package ingest

import (
	"encoding/json"
	"strings"
	"testing"
)

// jsonTexts are on both sides of what JSON is.
var jsonTexts = []string{
	``, ` `, `{}`, `[]`, ` { } `, "\t\r\n[ ]\n", `{} {}`, `{}x`, `{`, `[`, `}`, `{]`, `[}`, "\x00", "{}\x00", "\u00a0{}",
	`{"a":1}`, `{"a" : 1 , "b":[true,false,null]}`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{a:1}`, `{1:1}`, `{"a":1 "b":2}`, `{"a",1}`, `{"a":1]`,
	`[1,2]`, `[1,]`, `[,1]`, `[1 2]`, `[1`, `[1,`,
	`0`, `-0`, `-`, `01`, `1.`, `1.5`, `.5`, `1e5`, `1E+05`, `1e-0`, `1e`, `1e+`, `+1`, `0x1`, `1_0`, `-a`, `NaN`, `123456789012345678901234567890`,
	`true`, `tru`, `truth`, `True`, `false`, `null`, `nul`,
	`""`, `"a`, `"`, `"\"`, `"\\"`, `"\/\b\f\n\r\t"`, `"\a"`, `"\u12aF"`, `"\u12a"`, `"\u12ag"`, `"\U1234"`, `"\`, "\"\n\"", "\"\x1f\"", "\"\x7f\"", "\"\xff\xfe\"", `"ü"`, `'a'`,
	strings.Repeat("[", maxNesting) + strings.Repeat("]", maxNesting),
	strings.Repeat("[", maxNesting+1) + strings.Repeat("]", maxNesting+1),
	strings.Repeat(`{"a":`, maxNesting) + "1" + strings.Repeat("}", maxNesting),
}

func TestIsJSONAgreesWithTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for _, text := range jsonTexts {
		if got, want := isJSON([]byte(text)), json.Valid([]byte(text)); got != want {
			t.Errorf("%.60q: %v, want %v", text, got, want)
		}
	}
}

func FuzzIsJSON(f *testing.F) {
	for _, text := range jsonTexts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, want := isJSON(text), json.Valid(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	})
}
