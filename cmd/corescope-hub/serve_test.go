package main

import (
	"runtime/debug"
	"testing"

	"corescope-hub/cmd/corescope-hub/internal/config"
)

// It changes a limit of the whole process, so it cannot run beside others.
func TestMemoryLimitOfTheConfigYieldsToGOMEMLIMIT(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	cfg := config.Default()
	for _, tc := range []struct {
		name string
		mb   int
		vars []string
		want int64
	}{
		{"not given", 0, nil, before},
		{"GOMEMLIMIT", 1000, []string{"PATH=/bin", "GOMEMLIMIT=2GiB"}, before},
		{"given", 1000, []string{"PATH=/bin"}, 1000 << 20},
	} {
		cfg.Runtime.MaxMemoryMB = tc.mb
		limitMemory(cfg, tc.vars)
		if got := debug.SetMemoryLimit(-1); got != tc.want {
			t.Errorf("%s: limit is %d bytes, want %d", tc.name, got, tc.want)
		}
	}
}
