package main

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A hub that finds old rows and a request of CoreScope's server at its start
// looks after both while it serves, and tells the server how it fares.
func TestHubLooksAfterItsDatabase(t *testing.T) {
	t.Parallel()
	h := startHub(t, "")
	for n := range 3 {
		done(t, h.client("observer").Publish(packetTopic, 1, false, packetMessage(n)))
	}
	if code := h.stop(syscall.SIGTERM); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	age(t, h.db)
	requests := filepath.Join(filepath.Dir(h.db), "prune-requests")
	if err := os.Mkdir(requests, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(requests, "request-0a.json"), []byte(`{"id":"0a","requestedAt":"2026-01-01T00:00:00Z","pubkeys":["bb"]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	statsFile := filepath.Join(t.TempDir(), "stats.json")

	h2 := startHub(t, `{"retention": {"packetDays": 30}, "observerBlacklist": ["`+observerKey+`"]}`,
		"DB_PATH="+h.db, "CORESCOPE_INGESTOR_STATS="+statsFile)
	for _, what := range []string{"nodes", "packets", "observers"} {
		h2.log.await(`msg="maintenance done" what=` + what)
	}
	h2.log.await(`msg="nodes deleted as CoreScope's server asked" request=0a`)
	db := h.open()
	for query, want := range map[string]int{
		`SELECT count(*) FROM transmissions`:                                        1,
		`SELECT count(*) FROM observations`:                                         1,
		`SELECT count(*) FROM inactive_nodes WHERE public_key = 'aa'`:               1,
		`SELECT count(*) FROM nodes`:                                                0,
		`SELECT count(*) FROM observers WHERE inactive = 1`:                         1,
		`SELECT count(*) FROM pragma_foreign_key_check`:                             0,
		`SELECT count(*) FROM pragma_integrity_check WHERE 'ok' <> integrity_check`: 0,
	} {
		if got := count(t, db, query); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	var answer struct{ Deleted int }
	awaitJSON(t, filepath.Join(requests, "result-0a.json"), &answer)
	if answer.Deleted != 1 {
		t.Errorf("%d nodes deleted, want 1", answer.Deleted)
	}
	var stats struct {
		SampledAt time.Time `json:"sampledAt"`
		Sources   []struct {
			Name      string
			Connected bool
		} `json:"source_statuses"`
	}
	awaitJSON(t, statsFile, &stats)
	if time.Since(stats.SampledAt) > patience || len(stats.Sources) != 1 || !stats.Sources[0].Connected {
		t.Errorf("stats file: %+v", stats)
	}
}

// age makes two of three packets old, and puts an old node and a young one beside
// them.
func age(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=rw")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{
		`UPDATE transmissions SET first_seen = '2026-01-01T00:00:00Z', last_seen = 1767225600 WHERE id < 3`,
		`INSERT INTO nodes (public_key, last_seen) VALUES ('aa', '2026-01-01T00:00:00Z'), ('bb', '2038-01-01T00:00:00Z')`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// awaitJSON waits until there is a file, which appears whole, and reads it.
func awaitJSON(t *testing.T, path string, into any) {
	t.Helper()
	deadline := time.Now().Add(patience)
	text, err := os.ReadFile(path)
	for ; os.IsNotExist(err) && time.Now().Before(deadline); text, err = os.ReadFile(path) {
		<-time.After(10 * time.Millisecond)
	}
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}
