package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHolderKnowsWhetherADatabaseIsOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mesh.db")
	if process, held := Holder(path); held {
		t.Errorf("a file that is not there is held by %q", process)
	}
	s := openAt(t, path)
	if process, held := Holder(path); !held || !strings.HasPrefix(process, " (process ") {
		t.Errorf("an open file: %q, %t", process, held)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if process, held := Holder(path); held {
		t.Errorf("a closed file is held by %q", process)
	}
}

func TestInspectRefusesWhatOpenWouldAndLeavesItAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	foreign := filepath.Join(dir, "foreign.db")
	makeDatabase(t, foreign, "CREATE TABLE recipes(id INTEGER)")
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		foreign: "another program", text: "not an SQLite database", dir: "is a directory",
		filepath.Join(dir, "none.db"): "", filepath.Join(dir, "new", "deep.db"): "",
	} {
		before := dirNames(t, dir)
		err := Inspect(t.Context(), path)
		if got := ""; err != nil {
			got = err.Error()
			if want == "" || !strings.Contains(got, want) {
				t.Errorf("%s: %v, not %q", path, err, want)
			}
		} else if want != "" {
			t.Errorf("%s: no error, not %q", path, want)
		}
		if after := dirNames(t, dir); before != after {
			t.Errorf("%s: %s became %s", path, before, after)
		}
	}
}

func dirNames(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}
