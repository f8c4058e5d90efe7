package store

import (
	"bytes"
	"database/sql"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
)

// CoreScope's ingestor was killed: its last rows are in the WAL alone.
func TestRowsInTheWALAreTakenOver(t *testing.T) {
	source := filepath.Join(t.TempDir(), "source.db")
	db, err := sql.Open("sqlite", dsn(source, "_pragma=auto_vacuum(INCREMENTAL)", "_pragma=journal_mode(WAL)", "_pragma=wal_autocheckpoint(0)"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, script := range []string{coreScopeScript(t), oldRows(t)} {
		if _, err := db.ExecContext(t.Context(), script); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "meshcore.db")
	copyFile(t, source, path)
	copyFile(t, source+"-wal", path+"-wal")
	if fileSize(path) > pageSize || fileSize(path+"-wal") < 20*pageSize {
		t.Fatal("the rows are not in the WAL")
	}
	s := openAt(t, path)
	checkShape(t, path)
	checkFilledRows(t, path)
	checkAppend(t, s)
}

// FULL goes on as INCREMENTAL, as CoreScope's ingestor would have it; a file
// that was made without keeps doing without.
func TestEveryVacuumModeIsTakenOver(t *testing.T) {
	for mode, want := range map[string]string{"NONE": "0", "FULL": "2", "INCREMENTAL": "2"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "meshcore.db")
			makeDatabase(t, path, "PRAGMA auto_vacuum = "+mode+"; PRAGMA journal_mode = WAL;"+adoptScript(t, "first.sql")+oldRows(t))
			s := openAt(t, path)
			wantRows(t, path, "PRAGMA auto_vacuum", want)
			wantRows(t, path, "PRAGMA integrity_check", "ok")
			checkFilledRows(t, path)
			checkAppend(t, s)
			openAt(t, path).Close()
			wantRows(t, path, "PRAGMA auto_vacuum", want)
		})
	}
}

func TestFileOutOfWALModeIsTakenOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	makeDatabase(t, path, adoptScript(t, "node.sql")+oldRows(t))
	s := openAt(t, path)
	wantRows(t, path, "PRAGMA journal_mode", "wal")
	checkFilledRows(t, path)
	checkAppend(t, s)
}

// A copy made as a script of SQL loses user_version.
func TestHubsFileWithoutItsVersionIsTheHubs(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"))
	s.Close()
	execSQL(t, s.path, "PRAGMA user_version = 0")
	again := openAt(t, s.path)
	wantRows(t, s.path, "PRAGMA user_version", "1")
	put(t, again, packet(alpha, "02"))
}

// The hub gives the file to CoreScope's ingestor and gets it back.
func TestFileComesBackFromCoreScopesIngestor(t *testing.T) {
	path := coreScopeFile(t, oldRows(t))
	openAt(t, path).Close()
	_, view, _ := strings.Cut(coreScopeScript(t), "CREATE VIEW")
	view, _, _ = strings.Cut(view, "/*")
	execSQL(t, path, "PRAGMA auto_vacuum = INCREMENTAL; DROP VIEW packets_v; CREATE VIEW"+view+`;
		INSERT INTO observers(id, name) VALUES ('theirs', 'Theirs') ON CONFLICT(id) DO UPDATE SET name = excluded.name;
		INSERT INTO observations(transmission_id, observer_idx, path_json, timestamp)
		SELECT 4, rowid, '[]', 1772323999 FROM observers WHERE id = 'theirs'`)
	s := openAt(t, path)
	put(t, s, packet("theirs", "0a"))
	wantRows(t, path, "SELECT o.id, obs.id FROM observations o JOIN observers obs ON obs.rowid = observer_idx WHERE o.id > 20 ORDER BY 1",
		"22|theirs", "23|theirs")
	checkShape(t, path)
}

func TestFileThatCannotBeTakenOverIsLeftAlone(t *testing.T) {
	for name, tc := range map[string]struct {
		scripts []string
		wants   []string
	}{
		"schema 1": {[]string{adoptScript(t, "schema1.sql")}, []string{"before its schema 3", "Node server"}},
		"schema 2": {[]string{adoptScript(t, "schema2.sql")}, []string{"before its schema 3", "Node server"}},
		"a later schema": {[]string{coreScopeScript(t), "PRAGMA user_version = 4"},
			[]string{"newer corescope-hub or CoreScope", "schema 4"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := oldFile(t, tc.scripts...)
			before := snapshot(t, filepath.Dir(path))
			s, err := Open(t.Context(), path, testOptions())
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			wantOneLine(t, err, append(tc.wants, path)...)
			if snapshot(t, filepath.Dir(path)) != before {
				t.Error("directory changed")
			}
		})
	}
}

func TestTakingOverIsTold(t *testing.T) {
	var logged bytes.Buffer
	path := oldFile(t, adoptScript(t, "first.sql"))
	for range 2 {
		openAt(t, path, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&logged, nil)) }).Close()
	}
	if got := strings.Count(logged.String(), "\n"); got != 2 || !strings.Contains(logged.String(), "is taken over") {
		t.Errorf("logged:\n%s", &logged)
	}
}
