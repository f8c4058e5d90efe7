package store

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// asNobody lets this test, and nothing else, meet the file system as a user who
// owns nothing: root may write everywhere.
func asNobody(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	runtime.LockOSThread()
	if err := syscall.Setfsuid(65534); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Setfsuid(0)
		runtime.UnlockOSThread()
	})
}

func TestFileThatMayNotBeWrittenIsNotTakenOver(t *testing.T) {
	for name, tc := range map[string]struct {
		file, dir os.FileMode
	}{
		"file":      {0o444, 0o777},
		"directory": {0o444, 0o555},
	} {
		t.Run(name, func(t *testing.T) {
			path := oldFile(t, adoptScript(t, "first.sql"), oldRows(t))
			before := oldState(t, path)
			dir := filepath.Dir(path)
			for _, name := range []string{dir, filepath.Dir(dir)} { // made for the test alone
				if err := os.Chmod(name, tc.dir); err != nil {
					t.Fatal(err)
				}
			}
			t.Cleanup(func() { os.Chmod(dir, 0o755); os.Chmod(filepath.Dir(dir), 0o755) })
			if err := os.Chmod(path, tc.file); err != nil {
				t.Fatal(err)
			}
			t.Run("", func(t *testing.T) {
				asNobody(t)
				s, err := Open(t.Context(), path, testOptions())
				if err == nil {
					s.Close()
					t.Fatal("opened")
				}
				wantOneLine(t, err, path, "check that the hub's user may write to the file and its directory")
			})
			if diff := cmp.Diff(before, oldState(t, path)); diff != "" {
				t.Errorf("file changed:\n%s", diff)
			}
		})
	}
}

// root has copied a backup of the hub's into its place.
func TestHubsFileThatMayNotBeWrittenIsRefused(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"))
	s.Close()
	dir := filepath.Dir(s.path)
	for name, mode := range map[string]os.FileMode{s.path: 0o444, dir: 0o777, filepath.Dir(dir): 0o777} { // made for the test alone
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("", func(t *testing.T) {
		asNobody(t)
		again, err := Open(t.Context(), s.path, testOptions())
		if err == nil {
			again.Close()
			t.Fatal("opened")
		}
		wantOneLine(t, err, s.path, "check that the hub's user may write to the file and its directory")
	})
	wantRows(t, s.path, "SELECT count(*) FROM observations", "1")
}
