package store

import (
	"database/sql"
	"errors"
	"io"
	"os"
	"testing"
)

// largeRows are ?1 observations of a quarter as many packets, by fifty
// observers, in columns that every schema since 3 has.
var largeRows = []string{
	`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
	INSERT INTO observers(rowid, id, name, iata, last_seen, first_seen, packet_count)
	SELECT 3 * i, printf('%064X', i), 'Observer ' || i, 'SEA', '2026-03-31T00:00:00Z', '2026-03-01T00:00:00Z', ?1 / 50 FROM n`,

	`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
	INSERT INTO nodes(public_key, name, role, lat, lon, last_seen, first_seen, advert_count)
	SELECT printf('%064x', i), 'Node ' || i, 'repeater', 47.5, -122.25, '2026-03-31T00:00:00Z', '2026-03-01T00:00:00Z', ?1 / 8000 FROM n`,

	`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 / 4)
	INSERT INTO transmissions(id, raw_hex, hash, first_seen, route_type, payload_type, payload_version, decoded_json)
	SELECT i, '1103A1B2C3' || hex(randomblob(60)), lower(hex(randomblob(8))),
		strftime('%Y-%m-%dT%H:%M:%SZ', 1772323200 + i * 10, 'unixepoch'), 1, iif(i % 3, 5 - i % 2, 2), 0,
		CASE WHEN i % 3 = 0 THEN json_object('type', 'TXT_MSG', 'destHash', 'a1', 'srcHash', 'b2', 'mac', 'c3d4', 'encryptedData', lower(hex(randomblob(40))))
			WHEN i % 2 THEN json_object('type', 'ADVERT', 'pubKey', printf('%064x', i % 2000), 'timestamp', 1772323200 + i, 'signature', lower(hex(randomblob(64))), 'lat', 47.5, 'lon', -122.25, 'name', 'Node')
			ELSE json_object('type', 'CHAN', 'channelHash', 17, 'channelHashHex', '11', 'decryptionStatus', 'decrypted', 'channel', 'public', 'text', 'Node: ' || hex(randomblob(30)), 'sender', 'Node') END
	FROM n`,

	`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
	INSERT INTO observations(id, transmission_id, observer_idx, direction, snr, rssi, score, path_json, timestamp)
	SELECT i + 1, i / 4 + 1, 3 * ((i / 4 * 7 + i % 4) % 50 + 1), 'rx', 8.5, -92.0, 100, '["A1","B2","C3"]', 1772323200 + i / 4 * 10 + i % 4
	FROM n`,
}

// makeLargeFile makes a file from a script of tables, largeRows and edits.
func makeLargeFile(tb testing.TB, path, tables string, observations int, edit ...string) {
	tb.Helper()
	db, err := sql.Open("sqlite", dsn(path, "_pragma=synchronous(OFF)", "_pragma=auto_vacuum(INCREMENTAL)", "_pragma=journal_mode(WAL)"))
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(tb.Context(), tables); err != nil {
		tb.Fatal(err)
	}
	for _, statement := range largeRows {
		if _, err := db.ExecContext(tb.Context(), statement, observations); err != nil {
			tb.Fatalf("%s: %v", statement, err)
		}
	}
	for _, statement := range edit {
		if _, err := db.ExecContext(tb.Context(), statement); err != nil {
			tb.Fatalf("%s: %v", statement, err)
		}
	}
}

func copyFile(tb testing.TB, from, to string) {
	tb.Helper()
	src, err := os.Open(from)
	if err != nil {
		tb.Fatal(err)
	}
	defer src.Close()
	dst, err := os.Create(to)
	if err != nil {
		tb.Fatal(err)
	}
	_, err = io.Copy(dst, src)
	if err := errors.Join(err, dst.Close()); err != nil {
		tb.Fatal(err)
	}
}
