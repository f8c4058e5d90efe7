package store

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenMakesDirectoryAndFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new dir?#%41", "deep", "meshcore.db")
	s := openAt(t, path)
	put(t, s, packet(alpha, "01"))
	wantRows(t, path, "SELECT count(*) FROM observations", "1")
	info, err := os.Stat(filepath.Dir(path))
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("directory: %v, %v; want mode 0755", info.Mode(), err)
	}
}

func TestFreshFileHasPragmasOfContract(t *testing.T) {
	s := openTest(t)
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "page_size": "4096", "auto_vacuum": "2", "encoding": "UTF-8",
		"application_id": "0", "user_version": "1",
	} {
		wantRows(t, s.path, "PRAGMA "+pragma, want)
	}
	// These belong to the connection.
	for pragma, want := range map[string]string{"foreign_keys": "1", "synchronous": "2", "busy_timeout": "5000"} {
		if got := dumpFrom(t, s.writer.conn.held, "PRAGMA "+pragma); got[0] != want {
			t.Errorf("writer's %s is %s, want %s", pragma, got[0], want)
		}
	}
}

func TestReopenKeepsRowsAndGoesOnCounting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	first := openAt(t, path)
	put(t, first, packet(alpha, "01"), packet(bravo, "01"))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := openAt(t, path)
	res := put(t, second, packet(alpha, "02"))
	if want := (Result{TransmissionID: 2, ObservationID: 3, New: true}); res != want {
		t.Errorf("got %+v, want %+v", res, want)
	}
}

func TestIDsOfDeletedRowsAreNotGivenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	first := openAt(t, path)
	put(t, first, packet(alpha, "01"), packet(alpha, "02"))
	first.Close()
	execSQL(t, path, "DELETE FROM observations WHERE id = 2; DELETE FROM transmissions WHERE id = 2")
	res := put(t, openAt(t, path), packet(alpha, "03"))
	if want := (Result{TransmissionID: 3, ObservationID: 3, New: true}); res != want {
		t.Errorf("got %+v, want %+v", res, want)
	}
}

func TestOpenRefusesAndLeavesFileAlone(t *testing.T) {
	cases := []struct {
		name  string
		make  func(t *testing.T, path string)
		wants []string
	}{
		{"text", func(t *testing.T, path string) { write(t, path, strings.Repeat("not a database. ", 300)) },
			[]string{"not an SQLite database", "move the file away"}},
		{"short text", func(t *testing.T, path string) { write(t, path, "hello") },
			[]string{"not an SQLite database"}},
		{"another program's", func(t *testing.T, path string) { makeDatabase(t, path, "CREATE TABLE recipes(id INTEGER)") },
			[]string{"another program", "no table nodes"}},
		{"another program's, in WAL mode", func(t *testing.T, path string) {
			makeDatabase(t, path, "PRAGMA journal_mode=WAL; CREATE TABLE recipes(id INTEGER)")
		}, []string{"another program"}},
		{"newer hub's", func(t *testing.T, path string) {
			openAt(t, path).Close()
			execSQL(t, path, "PRAGMA user_version = 99")
		}, []string{"newer corescope-hub", "schema 99", "this one knows 1"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "meshcore.db")
			tc.make(t, path)
			before := snapshot(t, filepath.Dir(path))
			s, err := Open(t.Context(), path, testOptions())
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			wantOneLine(t, err, append(tc.wants, path)...)
			if after := snapshot(t, filepath.Dir(path)); after != before {
				t.Errorf("directory changed:\n%s\nwas:\n%s", after, before)
			}
		})
	}
}

func TestOpenRefusesPlacesItCannotUse(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), "x")
	for name, path := range map[string]string{
		"a directory":          dir,
		"below a file":         filepath.Join(dir, "file", "meshcore.db"),
		"no path":              "",
		"kernel's file system": "/proc/corescope-hub/meshcore.db",
	} {
		if s, err := Open(t.Context(), path, testOptions()); err == nil {
			s.Close()
			t.Errorf("%s: opened", name)
		} else {
			wantOneLine(t, err, path)
		}
	}
}

func TestOpenChecksOptions(t *testing.T) {
	for name, edit := range map[string]func(*Options){
		"queue depth":         func(o *Options) { o.QueueDepth = 0 },
		"max batch":           func(o *Options) { o.MaxBatch = 0 },
		"commit interval":     func(o *Options) { o.CommitInterval = -1 },
		"metrics interval":    func(o *Options) { o.MetricsInterval = 1500 * 1e6 },
		"cache":               func(o *Options) { o.CacheBytes = -1 },
		"checkpoint at":       func(o *Options) { o.CheckpointBytes = 1 },
		"checkpoint interval": func(o *Options) { o.CheckpointInterval = -1 },
		"readers":             func(o *Options) { o.Readers = 0 },
	} {
		path := filepath.Join(t.TempDir(), "dir", "meshcore.db")
		opts := DefaultOptions()
		edit(&opts)
		s, err := Open(t.Context(), path, opts)
		if err == nil {
			s.Close()
			t.Errorf("%s: opened", name)
			continue
		}
		wantOneLine(t, err, name)
		if _, err := os.Stat(filepath.Dir(path)); err == nil {
			t.Errorf("%s: made a directory", name)
		}
	}
}

func TestSecondHubOnOneFileIsRefused(t *testing.T) {
	s := openTest(t)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(s.path, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{s.path, link} {
		if other, err := Open(t.Context(), path, testOptions()); err == nil {
			other.Close()
			t.Fatalf("%s: opened twice", path)
		} else {
			wantOneLine(t, err, "in use by another corescope-hub (process ", "stop it first", s.path)
		}
	}
	put(t, s, packet(alpha, "01")) // the first is none the worse for it
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.path + ".lock"); err == nil {
		t.Error("lock file is still there")
	}
	openAt(t, s.path)
}

func TestLockFileOfDeadHubIsTakenOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	write(t, path+".lock", "4194304\n")
	openAt(t, path)
}

func TestOpenTakesEmptyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	write(t, path, "")
	put(t, openAt(t, path), packet(alpha, "01"))
}

// A power cut while the first transaction of a fresh file is written leaves a
// rollback journal beside a file that may hold anything. What the journal gives
// back decides, not what is in the file.
func TestOpenPlaysBackJournalBeforeItJudges(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "meshcore.db")
	// The journal is copied while it is hot.
	db, err := sql.Open("sqlite", dsn(filepath.Join(dir, "other.db")))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, q := range []string{"CREATE TABLE big(x); INSERT INTO big VALUES(randomblob(100000))", "PRAGMA cache_size=1", "BEGIN; UPDATE big SET x=randomblob(200000)"} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	for _, suffix := range []string{"", "-journal"} {
		b, err := os.ReadFile(filepath.Join(dir, "other.db") + suffix)
		if err != nil || len(b) == 0 {
			t.Fatalf("no %q to copy: %v", suffix, err)
		}
		write(t, path+suffix, string(b))
	}
	_, err = Open(t.Context(), path, testOptions())
	if err == nil || !strings.Contains(err.Error(), "another program") {
		t.Errorf("got %v, want the refusal of a file that was played back and read", err)
	}
}

func wantOneLine(t *testing.T, err error, parts ...string) {
	t.Helper()
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func makeDatabase(t *testing.T, path, script string) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(script); err != nil {
		t.Fatal(err)
	}
}

// snapshot is every file of a directory with its content.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(e.Name() + ": " + string(content) + "\n")
	}
	return out.String()
}
