package store

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// declaredRowid is, apart from coveredIndexes, how a fresh file differs from one that
// CoreScope's ingestor made: observers.
var declaredRowid = [2]string{
	"table observers: createtableobservers(idtextprimarykey,",
	"table observers: createtableobservers(idtextnotnullunique,",
}

// coveredIndexes are those of CoreScope's that a fresh file leaves out, by the
// question that each is for.
var coveredIndexes = map[string]string{
	"idx_transmissions_hash":           "SELECT * FROM transmissions WHERE hash = 'a1'",
	"idx_observations_transmission_id": "SELECT * FROM observations WHERE transmission_id = 1",
	"idx_observations_observer_idx":    "SELECT * FROM observations WHERE observer_idx = 1",
}

func TestFreshSchemaIsCoreScopes(t *testing.T) {
	want := slices.DeleteFunc(schemaOf(t, coreScopeFile(t)), func(line string) bool {
		head, _, _ := strings.Cut(strings.TrimPrefix(line, "index "), ":")
		return coveredIndexes[head] != ""
	})
	for i, line := range want {
		if rest, ok := strings.CutPrefix(line, declaredRowid[0]); ok {
			want[i] = declaredRowid[1] + strings.TrimSuffix(rest, ")") + ",rowidintegerprimarykey)"
		}
	}
	s := openTest(t)
	if diff := cmp.Diff(want, schemaOf(t, s.path)); diff != "" {
		t.Errorf("schema (-CoreScope's +ours):\n%s", diff)
	}
}

func TestIndexesThatAreLeftOutAreNotMissed(t *testing.T) {
	path := openTest(t).path
	for index, question := range coveredIndexes {
		for _, step := range dump(t, path, "EXPLAIN QUERY PLAN "+question) {
			if !strings.Contains(step, "SEARCH") || !strings.Contains(step, "INDEX") {
				t.Errorf("without %s: %s: %s", index, question, step)
			}
		}
	}
}

func TestIndexesThatAFreshFileLeavesOutStayWhereTheyAre(t *testing.T) {
	path := coreScopeFile(t)
	openAt(t, path).Close()
	for index := range coveredIndexes {
		wantRows(t, path, "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name = '"+index+"'", "1")
	}
}

// Other programs find columns by position, too.
func TestFreshColumnsAreInCoreScopesOrder(t *testing.T) {
	const columns = `SELECT t.name, c.cid, c.name, c.type, c."notnull", c.dflt_value
		FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type IN ('table', 'view') ORDER BY t.name, c.cid`
	want := dump(t, coreScopeFile(t), columns)
	got := slices.DeleteFunc(dump(t, openTest(t).path, columns), func(line string) bool {
		return line == "observers|20|rowid|INTEGER|0|NULL"
	})
	for i, line := range want {
		if line == "observers|0|id|TEXT|0|NULL" { // as a primary key, which SQLite lets be NULL
			want[i] = "observers|0|id|TEXT|1|NULL"
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("columns (-CoreScope's +ours):\n%s", diff)
	}
}

func TestFreshFileHasEveryMarkerOfCoreScopesIngestor(t *testing.T) {
	script := coreScopeScript(t)
	// The file lists them in its comment.
	_, list, _ := strings.Cut(script, "_migrations rows:")
	list, async, _ := strings.Cut(list, "_async_migrations rows:")
	async, _, _ = strings.Cut(async, "\n\n")
	names := regexp.MustCompile(`--   (\w+)`)
	var want []string
	for _, m := range names.FindAllStringSubmatch(list, -1) {
		want = append(want, m[1])
	}
	if len(want) != 22 {
		t.Fatalf("the comment names %d markers, want 22", len(want))
	}
	slices.Sort(want)
	s := openTest(t)
	wantRows(t, s.path, "SELECT name FROM _migrations ORDER BY name", want...)
	want = nil
	for _, m := range names.FindAllStringSubmatch(async, -1) {
		want = append(want, m[1]+"|done|1|NULL")
	}
	wantRows(t, s.path, "SELECT name, status, ended_at >= started_at, error FROM _async_migrations ORDER BY name", want...)
}

func TestVacuumKeepsDeclaredRowids(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"), packet(bravo, "01"), packet("C3", "01"))
	s.Close()
	execSQL(t, s.path, "DELETE FROM observations; DELETE FROM observers WHERE id = '"+alpha+"'")
	execSQL(t, s.path, "VACUUM")
	wantRows(t, s.path, "SELECT rowid, id FROM observers", "2|"+bravo, "3|C3")
}

// coreScopeScript is the schema that CoreScope's ingestor was seen to make, with
// what else was seen in comments.
func coreScopeScript(tb testing.TB) string {
	tb.Helper()
	script, err := os.ReadFile(filepath.Join("testdata", "schema.sql"))
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Replace(string(script), "CREATE TABLE sqlite_sequence(name,seq);", "", 1) // SQLite's own
}

// coreScopeFile makes a database as CoreScope's ingestor leaves it, and edits
// it: its tables, no version.
func coreScopeFile(t *testing.T, edit ...string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "corescope.db")
	makeDatabase(t, path, "PRAGMA synchronous = OFF; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;"+coreScopeScript(t))
	for _, e := range edit {
		execSQL(t, path, "PRAGMA synchronous = OFF;"+e)
	}
	return path
}

// schemaOf lists what a file declares, without blanks, comments and case.
func schemaOf(t *testing.T, path string) []string {
	t.Helper()
	comment, blank := regexp.MustCompile(`--.*|/\*.*?\*/`), regexp.MustCompile(`\s+`)
	lines := dump(t, path, "SELECT type || ' ' || name || ': ', COALESCE(sql, '') FROM sqlite_schema ORDER BY type, name")
	for i, line := range lines {
		head, text, _ := strings.Cut(line, "|")
		lines[i] = head + strings.ToLower(blank.ReplaceAllString(comment.ReplaceAllString(text, ""), ""))
	}
	return lines
}
