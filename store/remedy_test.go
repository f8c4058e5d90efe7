package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestOpenSaysWhatToDoAboutAPathThatCannotBe(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		prepare func(dir string) error
		want    string
	}{
		"a file in the path": {
			func(dir string) error { return os.WriteFile(filepath.Join(dir, "data"), nil, 0o600) },
			"not a directory; a part of the path is a file; choose another path",
		},
		"a link that leads nowhere": {
			func(dir string) error { return os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "data")) },
			"file exists; a part of the path is a file; choose another path",
		},
		"a damaged file": {
			func(dir string) error { return damaged(filepath.Join(dir, "data", "meshcore.db")) },
			"database disk image is malformed (11); the file is damaged: restore a backup, or rescue what is left with the command .recover of sqlite3",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := tc.prepare(dir); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "data", "meshcore.db")
			s, err := Open(t.Context(), path, DefaultOptions())
			if err == nil {
				s.Close()
				t.Fatal("it was opened")
			}
			if got := err.Error(); !strings.HasPrefix(got, "open database "+path+": ") || !strings.HasSuffix(got, tc.want) || strings.Contains(got, "\n") {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// damaged makes a file that begins as SQLite's do and goes on as noise.
func damaged(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	page := make([]byte, pageSize)
	copy(page, "SQLite format 3\x00\x10\x00\x01\x01\x00\x40\x20\x20")
	for i := 100; i < len(page); i++ {
		page[i] = byte(i)
	}
	return os.WriteFile(path, page, 0o600)
}

func TestRemedyFitsTheFault(t *testing.T) {
	t.Parallel()
	for errno, want := range map[syscall.Errno]string{
		syscall.ENOSPC:  "free some space",
		syscall.EDQUOT:  "free some space",
		syscall.EACCES:  "may write to the file and its directory",
		syscall.EROFS:   "may write to the file and its directory",
		syscall.ENOTDIR: "a part of the path is a file",
	} {
		if got := remedy(fmt.Errorf("act: %w", errno)); !strings.Contains(got, want) {
			t.Errorf("%v: %s", errno, got)
		}
	}
}
