package decodertest

import (
	"slices"
	"testing"
)

func TestDiffNamesWhatIsMissingOrWrong(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, want, got string
		lines           []string
	}{
		{"equal", `{"a":1,"b":[{"c":null}]}`, `{"b":[{"c":null}],"a":1}`, nil},
		{"more is allowed", `{"a":1}`, `{"a":1,"b":2}`, nil},
		{"missing", `{"a":null}`, `{}`, []string{".a: want null, got nothing"}},
		{"null is not nothing", `{"a":null}`, `{"a":0}`, []string{".a: want null, got 0"}},
		{"other value", `{"a":{"b":1}}`, `{"a":{"b":2}}`, []string{".a.b: want 1, got 2"}},
		{"shorter list", `{"a":[1,2]}`, `{"a":[1]}`, []string{".a: want [1,2], got [1]"}},
		{"longer list", `{"a":[1]}`, `{"a":[1,2]}`, []string{".a: want [1], got [1,2]"}},
		{"object for a value", `{"a":1}`, `{"a":{}}`, []string{".a: want 1, got {}"}},
		{"value for an object", `{"a":{}}`, `{"a":1}`, []string{".a: want {}, got 1"}},
	} {
		if lines := Diff([]byte(tt.want), []byte(tt.got)); !slices.Equal(lines, tt.lines) {
			t.Errorf("%s: got %q, want %q", tt.name, lines, tt.lines)
		}
	}
}
