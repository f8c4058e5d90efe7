package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// needTool returns the path of a program that is not ours. Without it the test
// is skipped, or fails when HUB_REQUIRE (comma-separated) names the program.
func needTool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if slices.Contains(strings.Split(os.Getenv("HUB_REQUIRE"), ","), name) {
		t.Fatalf("HUB_REQUIRE names %s: %v", name, err)
	}
	t.Skipf("needs %[1]s: install it, as .ci/run does; HUB_REQUIRE=%[1]s makes this a failure", name)
	return ""
}
