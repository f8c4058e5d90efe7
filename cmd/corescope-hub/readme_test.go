package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"corescope-hub/cmd/corescope-hub/internal/config"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks are the fenced blocks of the README in one language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	var out []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(readme(t), -1) {
		out = append(out, m[1])
	}
	if len(out) == 0 {
		t.Fatalf("the README has no block of %s", language)
	}
	return out
}

func TestReadmeGivesTheObserverSettingsThatTheHubPrints(t *testing.T) {
	t.Parallel()
	var printed []string
	for line := range strings.Lines(fmt.Sprintf(observerSettings, "192.168.1.20", "1883")) {
		if text, ok := strings.CutPrefix(line, "    "); ok {
			printed = append(printed, text)
		}
	}
	if got, want := strings.Join(append(blocks(t, "toml"), blocks(t, "text")...), ""), strings.Join(printed, ""); got != want {
		t.Errorf("the README has\n%s\nand the hub prints\n%s", got, want)
	}
}

func TestReadmeShowsWhatDecodePrints(t *testing.T) {
	t.Parallel()
	line := regexp.MustCompile(`(?m)^echo '(.*)' \| go run \./cmd/corescope-hub decode$`).FindStringSubmatch(readme(t))
	if line == nil {
		t.Fatal("the README pipes nothing into decode")
	}
	out, errs, code := decodeLines(t, line[1], "--no-json")
	if code != exitOK || errs != "" {
		t.Errorf("exit code %d: %s", code, errs)
	}
	if want := "```\n" + strings.TrimSpace(out) + "\n```\n"; !strings.Contains(readme(t), want) {
		t.Errorf("the README does not have\n%s", want)
	}
}

func TestReadmeConfigIsAccepted(t *testing.T) {
	t.Parallel()
	for _, text := range blocks(t, "json") {
		path := filepath.Join(t.TempDir(), "config.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := config.Load(path, nil); err != nil {
			t.Error(err)
		}
	}
}

func TestReadmeLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	for _, m := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(readme(t), -1) {
		if strings.Contains(m[1], "://") {
			continue
		}
		if _, err := os.Stat(filepath.Join("..", "..", m[1])); err != nil {
			t.Error(err)
		}
	}
}
