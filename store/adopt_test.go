package store

import (
	"bytes"
	"cmp"
	"database/sql"
	"os"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// oldFiles makes a file of each schema of CoreScope's since its third, all with
// the same rows.
func oldFiles(t *testing.T) map[string]func(t *testing.T) (path string) {
	head := func(edit ...string) func(t *testing.T) string {
		return func(t *testing.T) string {
			return coreScopeFile(t, oldRows(t)+"; DROP VIEW packets_v; "+strings.Join(edit, "; "))
		}
	}
	files := map[string]func(t *testing.T) string{
		"the Node server's":    func(t *testing.T) string { return oldFile(t, adoptScript(t, "node.sql"), oldRows(t)) },
		"the first ingestor's": func(t *testing.T) string { return oldFile(t, adoptScript(t, "first.sql"), oldRows(t)) },
		"today's":              func(t *testing.T) string { return coreScopeFile(t, oldRows(t)) },
	}
	for i, m := range coreScopeHistory {
		files["without "+m.name] = head(m.undo...) // and its mark says that it was done
		if i%4 == 0 {
			files["before "+m.name] = head(before(m.name)...)
		}
	}
	return files
}

func TestOldFileIsTakenOver(t *testing.T) {
	for name, make := range oldFiles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := make(t)
			before := commonRows(t, path)
			if err := openAt(t, path).Close(); err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(before, commonRows(t, path)); diff != "" {
				t.Errorf("rows (-before +after):\n%s", diff)
			}
			checkFilledRows(t, path)
			checkShape(t, path)
			checkMarks(t, path)
			wantRows(t, path, "PRAGMA integrity_check", "ok")
			wantRows(t, path, "PRAGMA foreign_key_check")
			wantRows(t, path, "PRAGMA journal_mode", "wal")

			schema, content := dump(t, path, "SELECT * FROM sqlite_schema"), read(t, path)
			s := openAt(t, path)
			if diff := gocmp.Diff(schema, dump(t, path, "SELECT * FROM sqlite_schema")); diff != "" {
				t.Errorf("opened again, the schema changed:\n%s", diff)
			}
			if size := fileSize(path + "-wal"); size > 0 {
				t.Errorf("opened again, %d bytes were written", size)
			}
			if !bytes.Equal(read(t, path), content) {
				t.Error("opened again, the file changed")
			}
			checkAppend(t, s)
			checkServerAsserts(t, path)
			checkTypes(t, path)
		})
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// commonRows are the columns that every schema since 3 has.
func commonRows(t *testing.T, path string) (rows []string) {
	t.Helper()
	for _, query := range []string{
		`SELECT observers.rowid, id, name, iata, last_seen, first_seen, packet_count, model, firmware, client_version,
			radio, battery_mv, uptime_secs, noise_floor FROM observers ORDER BY 1`,
		`SELECT nodes.rowid, public_key, name, role, lat, lon, last_seen, first_seen, advert_count FROM nodes ORDER BY 1`,
		`SELECT id, raw_hex, hash, first_seen, route_type, payload_type, payload_version, decoded_json, created_at
			FROM transmissions ORDER BY 1`,
		`SELECT id, transmission_id, observer_idx, direction, snr, rssi, score, path_json, timestamp
			FROM observations ORDER BY 1`,
		`SELECT * FROM sqlite_sequence WHERE name IN ('transmissions', 'observations') ORDER BY 1`,
	} {
		rows = append(rows, dump(t, path, query)...)
	}
	return rows
}

// checkFilledRows looks at what the rows of oldRows get.
func checkFilledRows(t *testing.T, path string) {
	t.Helper()
	wantRows(t, path, "SELECT id, last_seen, from_pubkey, channel_hash, scope_name FROM transmissions ORDER BY 1",
		"4|1772323205|"+strings.Repeat("c1", 32)+"|NULL|NULL",
		"5|1772323210|NULL|Public|NULL",
		"6|1772323300|NULL|enc_7F|NULL",
		"9|1772323230|NULL|NULL|NULL") // nobody heard it: when it was first seen
	wantRows(t, path, "SELECT id, inactive, last_packet_at, can_relay, typeof(noise_floor) FROM observers ORDER BY rowid",
		alpha+"|0|2026-03-01T00:01:40Z|1|real", bravo+"|0|2026-03-01T00:00:10Z|1|real", "status-only|0|NULL|1|null")
	wantRows(t, path, "SELECT name, foreign_advert, multibyte_sup FROM nodes ORDER BY 1", "One|0|0", "Two|0|0")
	wantRows(t, path, "SELECT id, observer_name FROM packets_v ORDER BY 1",
		"10|Alpha", "11|Bravo", "12|Bravo", "20|Alpha", "21|NULL")
}

// checkShape compares what the file declares with 0001. Columns may be in
// another order, but not in one table of nodes another than in the other:
// CoreScope's ingestor moves rows by position.
func checkShape(t *testing.T, path string) {
	t.Helper()
	got, want := shapeOf(t, path), freshShape(t)
	for index := range coveredIndexes {
		delete(got, "index "+index)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("schema (-fresh +taken over):\n%s", diff)
	}
	columns := "SELECT group_concat(name) FROM pragma_table_info(?)"
	if a, b := dump(t, path, columns, "nodes")[0], dump(t, path, columns, "inactive_nodes")[0]; a != b {
		t.Errorf("nodes:          %s\ninactive_nodes: %s", a, b)
	}
}

func shapeOf(t *testing.T, path string) map[string]string {
	t.Helper()
	db, err := sql.Open("sqlite", readerDSN(path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := readShape(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return listShape(s)
}

func freshShape(t *testing.T) map[string]string {
	t.Helper()
	s, _, err := coreScope(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return listShape(s)
}

// listShape puts indexes and views by their text, tables by their columns.
func listShape(s *shape) map[string]string {
	list := make(map[string]string)
	for _, o := range s.objects {
		text := bare(o.sql)
		if o.kind == "table" {
			columns := slices.SortedFunc(slices.Values(s.columns[o.name]), func(a, b column) int { return cmp.Compare(a.name, b.name) })
			var lines []string
			for _, c := range columns {
				lines = append(lines, c.name+" "+c.declaration)
			}
			text = strings.Join(lines, "\n")
		}
		list[o.kind+" "+o.name] = text
	}
	return list
}

func checkMarks(t *testing.T, path string) {
	t.Helper()
	_, want, err := coreScope(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want.done)
	wantRows(t, path, "SELECT name FROM _migrations ORDER BY 1", want.done...)
	wantRows(t, path, "SELECT name, status, ended_at IS NULL, error FROM _async_migrations ORDER BY 1",
		"obs_observer_ts_idx_v1|done|0|NULL", "tx_last_seen_backfill_v1|done|0|NULL")
	wantRows(t, path, "PRAGMA user_version", "1")
}

// checkAppend stores what a file taken over has to go on with: ids where they
// were, observers where observations expect them, also after a VACUUM.
func checkAppend(t *testing.T, s *Store) {
	t.Helper()
	if res, want := put(t, s, packet(bravo, "0000000000000009")), (Result{TransmissionID: 9, ObservationID: 22}); res != want {
		t.Errorf("a known packet: got %+v, want %+v", res, want)
	}
	if res, want := put(t, s, packet("NEW", "0a")), (Result{TransmissionID: 10, ObservationID: 23, New: true}); res != want {
		t.Errorf("a new packet: got %+v, want %+v", res, want)
	}
	if res, want := put(t, s, packet(alpha, "0000000000000004", via(1, 0xAA))), (Result{TransmissionID: 4, ObservationID: 10, Duplicate: true}); res != want {
		t.Errorf("a repeat: got %+v, want %+v", res, want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, then := range []string{"", "VACUUM"} {
		execSQL(t, s.path, then)
		wantRows(t, s.path, `SELECT o.id, o.observer_idx, obs.id FROM observations o
			LEFT JOIN observers obs ON obs.rowid = o.observer_idx ORDER BY 1`,
			"10|3|"+alpha, "11|7|"+bravo, "12|7|"+bravo, "20|3|"+alpha, "21|NULL|NULL", "22|7|"+bravo, "23|9|NEW")
	}
}
