package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCompletionGoesOnWithWhatFits(t *testing.T) {
	t.Parallel()
	parser, err := newParser(environment{stdout: t.Output(), stderr: t.Output()}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		line string // its last word, perhaps empty, is completed
		want []string
	}{
		{"che", []string{"check"}},
		{"observers de", []string{"deny"}},
		{"observers mute --fo", []string{"--for"}},
		{"passwd --role v", []string{"viewer"}},
		{"passwd --role = v", []string{"viewer"}},
		{"completion ", []string{"bash", "zsh", "fish"}},
		{"serve --demo --demo-d", []string{"--demo-dir"}},
		{"serve --config ", nil}, // a file
		{"refer", nil},           // hidden
	} {
		got := completions(parser.Model.Node, strings.Split(tc.line, " "))
		if !slices.Equal(got, tc.want) {
			t.Errorf("%q: %v, want %v", tc.line, got, tc.want)
		}
	}
}

func TestBashCompletes(t *testing.T) {
	t.Parallel()
	bash := needTool(t, "bash")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, program)); err != nil {
		t.Fatal(err)
	}
	script := `eval "$(corescope-hub completion bash)"
COMP_WORDS=(corescope-hub observers al); COMP_CWORD=2; _corescope_hub corescope-hub; echo "${COMPREPLY[*]}"
COMP_WORDS=(corescope-hub passwd --role ad); COMP_CWORD=3; _corescope_hub corescope-hub; echo "${COMPREPLY[*]}"
complete -p corescope-hub`
	cmd := exec.CommandContext(t.Context(), bash, "-c", script)
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.HasPrefix(out, []byte("allow\nadmin\ncomplete ")) {
		t.Errorf("%v: %s", err, out)
	}
}
