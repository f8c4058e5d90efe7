package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// openAsServer opens the file with the data source name and the pool of
// CoreScope's web server.
func openAsServer(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", fmt.Sprintf("file:%s?mode=ro&_journal_mode=WAL&_busy_timeout=5000", path))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(4)
	t.Cleanup(func() { db.Close() })
	if err := db.Ping(); err != nil {
		t.Fatal(err)
	}
	return db
}

// mesh is a store with a bit of everything in it.
func mesh(t *testing.T) *Store {
	s := openTest(t)
	key := [32]byte{7}
	put(t, s,
		packet(alpha, "01", beside(byKey("a1"), byKey("b2"))), packet(bravo, "01"), packet(bravo, "01", via(1)),
		heardBy(mobile),
		packet("", "02", func(r *Record) { r.Transmission.Raw, r.Observation.Raw = nil, nil }),
		packet(alpha, "03", func(r *Record) {
			r.Transmission.PayloadType, r.Transmission.From, r.Transmission.ScopeName = 4, &key, ptr("#sea")
			r.Advert = &NodeAdvert{PublicKey: key, Name: "Rep", Role: "repeater", Lat: ptr(47.5), Lon: ptr(-122.0)}
		}),
		Record{ReceivedAt: noon, Observer: Observer{ID: "C3"}, Status: &Status{NoiseFloor: ptr(-117.5), TxAirSecs: ptr(int64(3))}},
		Record{ReceivedAt: noon, Observer: Observer{ID: alpha, Heard: true}, Status: &Status{NoiseFloor: ptr(-117.5), PacketsRecv: ptr(int64(9))}},
	)
	return s
}

// The server refuses to start when one of these is missing.
func TestServerFindsColumnsItAsserts(t *testing.T) {
	checkServerAsserts(t, mesh(t).path)
}

func checkServerAsserts(t *testing.T, path string) {
	t.Helper()
	db := openAsServer(t, path)
	for table, columns := range map[string][]string{
		"transmissions":  {"from_pubkey", "last_seen", "scope_name"},
		"neighbor_edges": {"node_a", "node_b", "count", "last_seen"},
		"observations":   {"resolved_path", "raw_hex", "observer_idx"},
		"observers": {"inactive", "last_packet_at", "iata", "clock_skew_seconds", "clock_skew_count_24h",
			"clock_last_naive_at", "can_relay", "can_relay_seen"},
		"nodes":          {"foreign_advert", "default_scope", "multibyte_sup", "multibyte_evidence"},
		"inactive_nodes": {"foreign_advert", "default_scope", "multibyte_sup", "multibyte_evidence"},
	} {
		have := dumpFrom(t, db, "SELECT name FROM pragma_table_info(?)", table)
		for _, column := range columns {
			if !slices.Contains(have, column) {
				t.Errorf("%s has no %s", table, column)
			}
		}
	}
}

// The server scans into fixed Go types and drops a row that does not fit.
func TestServerLoadsEveryTransmission(t *testing.T) {
	db := openAsServer(t, mesh(t).path)
	rows, err := db.Query(`SELECT t.id, t.raw_hex, t.hash, t.first_seen, t.route_type, t.payload_type, t.payload_version,
		t.decoded_json, t.last_seen, o.id, obs.id, obs.name, obs.iata, o.direction, o.snr, o.rssi, o.score, o.path_json, o.timestamp
		FROM transmissions t
		LEFT JOIN observations o ON o.transmission_id = t.id
		LEFT JOIN observers obs ON obs.rowid = o.observer_idx
		WHERE t.last_seen >= 0 ORDER BY t.id, o.id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var (
			txID, lastSeen, obsID, timestamp         int64
			rawHex, hash, firstSeen                  string
			route, payload, version, score           sql.NullInt64
			decoded, id, name, iata, direction, path sql.NullString
			snr, rssi                                sql.NullFloat64
		)
		if err := rows.Scan(&txID, &rawHex, &hash, &firstSeen, &route, &payload, &version, &decoded, &lastSeen,
			&obsID, &id, &name, &iata, &direction, &snr, &rssi, &score, &path, &timestamp); err != nil {
			t.Fatalf("scan: %v", err)
		}
		if firstSeen != noonText || lastSeen != noon.Unix() || timestamp != noon.Unix() {
			t.Errorf("observation %d: times %s, %d, %d", obsID, firstSeen, lastSeen, timestamp)
		}
		got = append(got, fmt.Sprintf("%d/%d %s %s", txID, obsID, id.String, path.String))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1/1 " + alpha + ` ["1A","2B"]`, "1/2 " + bravo + ` ["1A","2B"]`, "1/3 " + bravo + " []",
		"2/4 " + ` ["1A","2B"]`, "3/5 " + alpha + ` ["1A","2B"]`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// Every value the server scans without allowing for NULL, table by table; what
// may be NULL is a pointer.
func TestServerReadsEveryTable(t *testing.T) {
	s := mesh(t)
	put(t, s, announcement("04", 1, at(ago(40))), Record{ReceivedAt: noon, Observer: Observer{ID: alpha}, Drop: &Drop{Reason: "bad"}})
	if _, err := s.sweep(t.Context(), "nodes", retireNodes(ago(30))); err != nil {
		t.Fatal(err)
	}
	db := openAsServer(t, s.path)
	const node = "SELECT public_key, name, role, lat, lon, last_seen, first_seen, advert_count, battery_mv, temperature_c, foreign_advert, default_scope, multibyte_sup, multibyte_evidence FROM "
	nodeTypes := func() []any {
		return []any{new(string), new(*string), new(*string), new(*float64), new(*float64), new(string), new(string), new(int),
			new(*int), new(*float64), new(int), new(*string), new(int), new(*string)}
	}
	for query, dest := range map[string][]any{
		`SELECT id, name, iata, last_seen, first_seen, packet_count, model, firmware, client_version, radio, battery_mv, uptime_secs,
			noise_floor, inactive, last_packet_at, clock_skew_seconds, clock_skew_count_24h, clock_last_naive_at, can_relay, can_relay_seen FROM observers`: {
			new(string), new(*string), new(*string), new(*string), new(*string), new(int), new(*string), new(*string), new(*string), new(*string), new(*int), new(*int64),
			new(*float64), new(int), new(*string), new(*int64), new(int), new(*string), new(int), new(int)},
		node + "nodes":          nodeTypes(),
		node + "inactive_nodes": nodeTypes(),
		"SELECT node_a, node_b, count, last_seen FROM neighbor_edges": {new(string), new(string), new(int), new(string)},
		`SELECT observer_id, timestamp, noise_floor, tx_air_secs, rx_air_secs, recv_errors, battery_mv, packets_sent, packets_recv
			FROM observer_metrics`: {new(string), new(string), new(*float64), new(*int), new(*int), new(*int), new(*int), new(*int), new(*int)},
		`SELECT rx_pubkey, heard_key, heard_keylen, rssi, snr, lat, lon, pos_acc_m, rx_at, ingested_at, src FROM client_receptions`: {
			new(string), new(string), new(int), new(*int), new(*float64), new(float64), new(float64), new(*float64), new(string), new(string), new(string)},
		"SELECT pubkey, name, last_seen FROM client_observers": {new(string), new(*string), new(string)},
		`SELECT id, hash, raw_hex, reason, observer_id, observer_name, node_pubkey, node_name, CAST(dropped_at AS TEXT) FROM dropped_packets`: {
			new(int), new(*string), new(*string), new(string), new(*string), new(*string), new(*string), new(*string), new(string)},
		"SELECT id, raw_hex, timestamp, observer_id, observer_name, score FROM packets_v WHERE observer_id <> ''": {new(int), new(string), new(string), new(string), new(string), new(*int)},
	} {
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for ; rows.Next(); n++ {
			if err := rows.Scan(dest...); err != nil {
				t.Errorf("%s: %v", query, err)
			}
		}
		if err := rows.Err(); err != nil || n == 0 {
			t.Errorf("%s: %d rows, %v", query, n, err)
		}
		rows.Close()
	}
}

// Times are compared as text, and JSON is taken apart by SQL: one value of
// another form spoils a whole query.
func TestTextColumnsHaveTheFormThatTheServerExpects(t *testing.T) {
	s := mesh(t)
	put(t, s, nodeNamed("1a"), packet(alpha, "05", via(2, 0x1A, 0, 0x2B, 0x3C), func(r *Record) {
		skew := -time.Hour
		r.Observer.NaiveSkew = &skew
	}))
	const day = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
	const clock = "[0-9][0-9]:[0-9][0-9]:[0-9][0-9]"
	for query, form := range map[string]string{
		`SELECT first_seen AS at FROM transmissions UNION ALL SELECT first_seen FROM nodes UNION ALL SELECT last_seen FROM nodes
			UNION ALL SELECT last_seen FROM observers UNION ALL SELECT first_seen FROM observers UNION ALL SELECT last_packet_at FROM observers
			UNION ALL SELECT clock_last_naive_at FROM observers UNION ALL SELECT last_seen FROM neighbor_edges
			UNION ALL SELECT timestamp FROM observer_metrics UNION ALL SELECT rx_at FROM client_receptions
			UNION ALL SELECT ingested_at FROM client_receptions UNION ALL SELECT last_seen FROM client_observers`: day + "T" + clock + "Z",
		"SELECT created_at AS at FROM transmissions": day + " " + clock,
	} {
		if bad := dump(t, s.path, "SELECT at FROM ("+query+") WHERE at NOT GLOB ?", form); len(bad) > 0 {
			t.Errorf("times %q are not %s", bad, form)
		}
		if n := dump(t, s.path, "SELECT count(*) > 0 FROM ("+query+") WHERE at GLOB ?", form); n[0] != "1" {
			t.Errorf("no times of the form %s", form)
		}
	}
	db := openAsServer(t, s.path)
	if got := dumpFrom(t, db, "SELECT json_extract(decoded_json, '$.pubKey') FROM transmissions"); len(got) == 0 {
		t.Error("no decoded_json")
	}
	for _, text := range dumpFrom(t, db, "SELECT path_json FROM observations UNION ALL SELECT resolved_path FROM observations WHERE resolved_path IS NOT NULL") {
		var hops []*string
		if err := json.Unmarshal([]byte(text), &hops); err != nil || hops == nil {
			t.Errorf("%q is not a list of hops: %v", text, err)
		}
	}
	if got := dumpFrom(t, db, "SELECT resolved_path FROM observations WHERE path_json = '[\"1A00\",\"2B3C\"]'"); !slices.Equal(got, []string{`["` + testKey("1a") + `",null]`}) {
		t.Errorf("resolved path %q", got)
	}
}

// Its backup page runs VACUUM INTO on a handle that cannot write.
func TestServerBacksUpWhileTheHubRuns(t *testing.T) {
	s := mesh(t)
	copied := filepath.Join(t.TempDir(), "backup.db")
	if _, err := openAsServer(t, s.path).Exec("VACUUM INTO ?", copied); err != nil {
		t.Fatal(err)
	}
	const rows = "SELECT o.id, observers.id FROM observations o LEFT JOIN observers ON observers.rowid = observer_idx ORDER BY o.id"
	if want := dump(t, s.path, rows); !slices.Equal(dump(t, copied, rows), want) {
		t.Errorf("the copy has %q, want %q", dump(t, copied, rows), want)
	}
}

// It opens a file that is there already, in WAL mode, and its four connections
// find no lock while the hub writes.
func TestServerFindsTheFileInWALMode(t *testing.T) {
	db := openAsServer(t, mesh(t).path)
	if got := dumpFrom(t, db, "PRAGMA journal_mode"); got[0] != "wal" {
		t.Errorf("journal mode %s", got)
	}
	if _, err := db.Exec("UPDATE nodes SET last_seen = 'x'"); err == nil {
		t.Error("the server's handle can write")
	}
}

// Columns that hold another type than declared make rows vanish in the server.
func TestEveryValueHasItsColumnsType(t *testing.T) {
	checkTypes(t, mesh(t).path)
}

func checkTypes(t *testing.T, path string) {
	t.Helper()
	for _, line := range dump(t, path, `SELECT t.name, c.name, c.type FROM sqlite_schema t, pragma_table_info(t.name) c
		WHERE t.type = 'table' AND c.type IN ('INTEGER', 'TEXT', 'REAL')`) {
		cells := strings.Split(line, "|")
		table, column, kind := cells[0], cells[1], cells[2]
		allowed := map[string]string{"INTEGER": "'integer'", "TEXT": "'text'", "REAL": "'real'"}[kind]
		query := fmt.Sprintf("SELECT typeof(%[2]s), %[2]s FROM %[1]s WHERE typeof(%[2]s) NOT IN (%[3]s, 'null')", table, column, allowed)
		if bad := dump(t, path, query); len(bad) > 0 {
			t.Errorf("%s.%s is %s and holds %q", table, column, kind, bad)
		}
	}
}

// The server polls for ids above the last it saw while the hub writes: it
// misses none, and never meets a lock.
func TestServerPollsWhileHubWrites(t *testing.T) {
	s := openTest(t, func(o *Options) { o.MaxBatch = 5 })
	db := openAsServer(t, s.path)
	const n = 300
	for i := range n {
		if err := s.Append(t.Context(), packet(alpha, fmt.Sprintf("%016x", i)), nil); err != nil {
			t.Fatal(err)
		}
	}
	for last := 0; last < n; {
		for _, id := range dumpFrom(t, db, "SELECT id FROM observations WHERE id > ? ORDER BY id LIMIT 500", last) {
			if id != strconv.Itoa(last+1) {
				t.Fatalf("observation %s after %d", id, last)
			}
			last++
		}
	}
}

// What CoreScope's ingestor says to observers works on the declared rowid, and
// the hub notices what it wrote.
func TestIngestorCouldTakeTheFileBack(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"), packet(bravo, "01"))
	execSQL(t, s.path, `INSERT INTO observers (id, name, iata, last_seen, first_seen, packet_count) VALUES ('C3', 'Charlie', 'SEA', 'x', 'x', 1)
		ON CONFLICT(id) DO UPDATE SET name = excluded.name`)
	execSQL(t, s.path, `INSERT INTO observers (id, clock_skew_seconds) VALUES ('`+alpha+`', 7)
		ON CONFLICT(id) DO UPDATE SET clock_skew_seconds = excluded.clock_skew_seconds`)
	execSQL(t, s.path, `INSERT INTO transmissions (raw_hex, hash, first_seen) VALUES ('00', '02', '`+noonText+`')`)
	execSQL(t, s.path, `INSERT INTO observations (transmission_id, observer_idx, path_json, timestamp)
		VALUES (2, (SELECT rowid FROM observers WHERE id = 'C3'), '[]', 1)`)
	wantRows(t, s.path, "SELECT observers.rowid, id, clock_skew_seconds FROM observers ORDER BY observers.rowid",
		"1|"+alpha+"|7", "2|"+bravo+"|NULL", "3|C3|NULL")
	wantRows(t, s.path, "SELECT name, seq FROM sqlite_sequence WHERE name <> 'dropped_packets' ORDER BY name", "observations|3", "transmissions|2")

	res := put(t, s, packet("C3", "02", via(1)))
	if want := (Result{TransmissionID: 2, ObservationID: 3, Duplicate: true}); res != want {
		t.Errorf("the ingestor's row again: got %+v, want %+v", res, want)
	}
	res = put(t, s, packet("C3", "03"))
	if want := (Result{TransmissionID: 3, ObservationID: 4, New: true}); res != want {
		t.Errorf("a row of our own: got %+v, want %+v", res, want)
	}
}
