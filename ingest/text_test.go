package ingest

import (
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text  string
		limit int
		want  string
	}{
		{"", 4, ""},
		{"Hill", 4, "Hill"},
		{"Hills", 4, "Hill"},
		{"éééé", 4, "éééé"},
		{"ééééé", 4, "éééé"},
		{"\x00a\x1bb\x7f\u009bc\r\n", 4, "abc"},
		{"\x1b\x1b\x1bHill", 4, "Hill"},
		{"\xff\xffab", 4, "\ufffd\ufffdab"},
		{strings.Repeat("x", 1<<20), 4, "xxxx"},
	}
	for _, tt := range tests {
		if got := clean(tt.text, tt.limit); got != tt.want {
			t.Errorf("clean(%.20q, %d) = %q, want %q", tt.text, tt.limit, got, tt.want)
		}
	}
}
