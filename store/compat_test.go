package store

import (
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
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
	db := openAsServer(t, mesh(t).path)
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

func TestServerReadsObserversNodesAndMetrics(t *testing.T) {
	db := openAsServer(t, mesh(t).path)
	for query, dest := range map[string][]any{
		"SELECT id, name, iata, packet_count, can_relay, can_relay_seen, clock_skew_count_24h FROM observers":     {new(string), new(string), new(string), new(int), new(int), new(int), new(int)},
		"SELECT public_key, advert_count, foreign_advert, multibyte_sup FROM nodes":                               {new(string), new(int), new(int), new(int)},
		"SELECT observer_id, timestamp, noise_floor, tx_air_secs, packets_recv FROM observer_metrics":             {new(string), new(string), new(*float64), new(*int), new(*int)},
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

// Columns that hold another type than declared make rows vanish in the server.
func TestEveryValueHasItsColumnsType(t *testing.T) {
	s := mesh(t)
	for _, line := range dump(t, s.path, `SELECT t.name, c.name, c.type FROM sqlite_schema t, pragma_table_info(t.name) c
		WHERE t.type = 'table' AND c.type IN ('INTEGER', 'TEXT', 'REAL')`) {
		cells := strings.Split(line, "|")
		table, column, kind := cells[0], cells[1], cells[2]
		allowed := map[string]string{"INTEGER": "'integer'", "TEXT": "'text'", "REAL": "'real'"}[kind]
		query := fmt.Sprintf("SELECT typeof(%[2]s), %[2]s FROM %[1]s WHERE typeof(%[2]s) NOT IN (%[3]s, 'null')", table, column, allowed)
		if bad := dump(t, s.path, query); len(bad) > 0 {
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
