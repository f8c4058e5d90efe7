package corescope

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSnapshotIsTakenOver(t *testing.T) {
	x, logged := exchanged(t, 1, 2, 3)
	put(t, x, "mbcap-snapshot/snapshot.json", `{"writtenAt":"2026-11-24T11:00:00Z","entries":[
		{"public_key":"`+key(1)+`","status":"confirmed","evidence":"path"},
		{"public_key":"`+key(2)+`","status":"suspected"},
		{"public_key":"`+key(3)+`","status":"unknown","evidence":"none"},
		{"public_key":"`+key(9)+`","status":"confirmed"}]}`)
	x.applySnapshot(t.Context())
	if !strings.Contains(logged.String(), "rows=2") {
		t.Errorf("not told:\n%s", logged)
	}
	before := x.opts.Store.Stats().Upkeep["multibyte"]
	x.applySnapshot(t.Context())
	if after := x.opts.Store.Stats().Upkeep["multibyte"]; after != before {
		t.Error("a snapshot that was taken over is looked at again")
	}
	put(t, x, "mbcap-snapshot/snapshot.json", `{"entries":[{"public_key":"`+key(1)+`","status":"unknown"},{"public_key":"`+key(3)+`","status":"confirmed"}]}`)
	x.applySnapshot(t.Context())
	if got := x.opts.Store.Stats().Upkeep["multibyte"].Rows - before.Rows; got != 1 {
		t.Errorf("%d rows changed by the next one, want 1: unknown takes nothing away", got)
	}
}

func TestUnusableSnapshotIsToldOfOnce(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"not JSON":  func(path string) error { return os.WriteFile(path, []byte(`{"entries":[{`), 0o644) },
		"not a set": func(path string) error { return os.WriteFile(path, []byte(`{"entries":7}`), 0o644) },
		"too large": func(path string) error {
			return os.WriteFile(path, []byte(`{}`+strings.Repeat(" ", snapshotBytes)), 0o644)
		},
		"a link": func(path string) error {
			real := filepath.Join(t.TempDir(), "real")
			if err := os.WriteFile(real, []byte(`{"entries":[{"public_key":"`+key(1)+`","status":"confirmed"}]}`), 0o644); err != nil {
				return err
			}
			return os.Symlink(real, path)
		},
		"a directory": func(path string) error { return os.Mkdir(path, 0o755) },
	} {
		t.Run(name, func(t *testing.T) {
			x, logged := exchanged(t, 1)
			put(t, x, "mbcap-snapshot/other", "")
			path := filepath.Join(x.opts.Dir, "mbcap-snapshot", "snapshot.json")
			if err := make(path); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				x.applySnapshot(t.Context())
			}
			if got := strings.Count(logged.String(), "not read"); got != 1 {
				t.Errorf("told %d times, want once:\n%s", got, logged)
			}
			if rows := x.opts.Store.Stats().Upkeep["multibyte"].Rows; rows != 0 {
				t.Errorf("%d rows changed", rows)
			}
			// A good one in its place is another matter.
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			put(t, x, "mbcap-snapshot/snapshot.json", `{"entries":[{"public_key":"`+key(1)+`","status":"confirmed"}]}`)
			if err := os.Chtimes(path, noon, noon.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			x.applySnapshot(t.Context())
			if rows := x.opts.Store.Stats().Upkeep["multibyte"].Rows; rows != 1 {
				t.Errorf("%d rows changed, want 1", rows)
			}
		})
	}
}

func TestNoSnapshotIsNoTrouble(t *testing.T) {
	x, logged := exchanged(t, 1)
	x.applySnapshot(t.Context())
	put(t, x, "mbcap-snapshot/other", "")
	x.applySnapshot(t.Context())
	if logged.Len() > 0 {
		t.Errorf("told:\n%s", logged)
	}
}
