package store

import (
	"bytes"
	"testing"
)

// Each case is a file of today's CoreScope with something left to do, and what
// is in it once it is taken over.
func TestTakingOverFillsRows(t *testing.T) {
	cases := []struct {
		name, rows, query string
		want              []string
	}{
		{"senders of adverts", `INSERT INTO transmissions(id, raw_hex, hash, first_seen, payload_type, from_pubkey, decoded_json) VALUES
				(1, '', 'a', 'x', 4, NULL, '{"pubKey":"ABcd"}'), (2, '', 'b', 'x', 4, NULL, '{"public_key":"ef"}'),
				(3, '', 'c', 'x', 4, NULL, '{"type":"ADVERT"}'), (4, '', 'd', 'x', 4, NULL, '{"pubKey":'), (5, '', 'e', 'x', 4, NULL, NULL),
				(6, '', 'f', 'x', 4, 'kept', '{"pubKey":"ab"}'), (7, '', 'g', 'x', 5, NULL, '{"pubKey":"ab"}')`,
			"SELECT id, from_pubkey FROM transmissions ORDER BY id", []string{"1|abcd", "2|ef", "3|", "4|", "5|", "6|kept", "7|NULL"}},
		{"channels", `INSERT INTO transmissions(id, raw_hex, hash, first_seen, payload_type, channel_hash, decoded_json) VALUES
				(1, '', 'a', 'x', 5, NULL, '{"type":"CHAN","channel":"#test"}'), (2, '', 'b', 'x', 5, NULL, '{"type":"GRP_TXT","channelHashHex":"0A"}'),
				(3, '', 'c', 'x', 5, 'public', NULL), (4, '', 'd', 'x', 5, NULL, 'CHAN'), (5, '', 'e', 'x', 5, 'kept', '{"type":"CHAN","channel":"no"}'),
				(6, '', 'f', 'x', 6, NULL, '{"type":"CHAN","channel":"no"}')`,
			"SELECT id, channel_hash FROM transmissions ORDER BY id", []string{"1|#test", "2|enc_0A", "3|Public", "4|NULL", "5|kept", "6|NULL"}},
		{"last seen of transmissions", `INSERT INTO transmissions(id, raw_hex, hash, first_seen, last_seen) VALUES
				(1, '', 'a', '2026-01-01T00:00:00Z', 0), (2, '', 'b', '2026-01-01T00:00:01Z', 0), (3, '', 'c', 'x', 0), (4, '', 'd', 'x', 7);
			INSERT INTO observations(transmission_id, timestamp, path_json) VALUES(1, 5, 'a'), (1, 9, 'b'), (1, 8, 'c'), (4, 9, '')`,
			"SELECT id, last_seen FROM transmissions ORDER BY id", []string{"1|9", "2|1767225601", "3|0", "4|7"}},
		{"paths", `INSERT INTO transmissions(id, raw_hex, hash, first_seen, payload_type) VALUES (1, '', 'a', 'x', 2), (2, '', 'b', 'x', 9), (3, '', 'c', 'x', NULL);
			INSERT INTO observations(id, transmission_id, observer_idx, timestamp, path_json, raw_hex) VALUES
				(1, 1, 1, 0, NULL, '0902a1b2FF'), (2, 1, 2, 0, '', '0B0102030442A1B2C3D4'), (3, 1, 3, 0, NULL, '0900FF'),
				(4, 1, 4, 0, '[]', '0901A1'), (5, 1, 5, 0, NULL, NULL), (6, 1, 6, 0, NULL, 'no hex'), (7, 1, 7, 0, '["01"]', '0901A1'),
				(8, 2, 1, 0, NULL, '0902A1B2FF'), (9, 3, 1, 0, NULL, '0901A1')`,
			"SELECT id, path_json FROM observations ORDER BY id", []string{`1|["A1","B2"]`, `2|["A1B2","C3D4"]`, "3|[]", "4|[]", "5|NULL", "6|[]", `7|["01"]`, "8|NULL", `9|["A1"]`}},
		{"path of a repeat", `INSERT INTO transmissions(id, raw_hex, hash, first_seen, payload_type) VALUES (1, '', 'a', 'x', 2);
			INSERT INTO observations(id, transmission_id, observer_idx, timestamp, path_json, raw_hex) VALUES (1, 1, 1, 0, NULL, '0901A1'), (2, 1, 1, 0, '["A1"]', '0901A1')`,
			"SELECT id, path_json FROM observations ORDER BY id", []string{"1|NULL", `2|["A1"]`}},
		{"more paths than fit at once", `INSERT INTO transmissions(id, raw_hex, hash, first_seen, payload_type) VALUES (1, '', 'a', 'x', 2);
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
			INSERT INTO observations(transmission_id, observer_idx, timestamp, raw_hex) SELECT 1, i, 0, '0901A1' FROM n`,
			"SELECT path_json, count(*) FROM observations GROUP BY 1", []string{`["A1"]|2500`}},
		{"fractions", `INSERT INTO transmissions(id, raw_hex, hash, first_seen) VALUES (1, '', 'a', 'x');
			INSERT INTO observations(transmission_id, timestamp, score) VALUES (1, 0, 0.75), (1, 0, 10.25), (1, 0, 7), (1, 0, NULL), (1, 0, 'much');
			INSERT INTO observer_metrics(observer_id, timestamp, tx_air_secs, recv_errors, noise_floor) VALUES ('a', 'x', 1.5, 3, -110.5)`,
			`SELECT score, typeof(score) FROM observations UNION ALL SELECT tx_air_secs || '/' || recv_errors || '/' || noise_floor, typeof(tx_air_secs) FROM observer_metrics`,
			[]string{"1|integer", "10|integer", "7|integer", "NULL|null", "NULL|null", "2/3/-110.5|integer"}},
		{"transmissions without hash or time", `INSERT INTO transmissions(id, raw_hex, hash, first_seen) VALUES (1, '', '', 'x'), (2, '', 'b', ''), (3, '', 'c', 'x');
			INSERT INTO observations(transmission_id, timestamp) VALUES (1, 0), (2, 0), (3, 0)`,
			"SELECT t.id, o.id FROM transmissions t JOIN observations o ON o.transmission_id = t.id", []string{"3|3"}},
		{"repeats that nothing kept out", `DROP INDEX idx_observations_dedup; INSERT INTO transmissions(id, raw_hex, hash, first_seen) VALUES (1, '', 'a', 'x');
			INSERT INTO observations(id, transmission_id, observer_idx, timestamp, path_json) VALUES
				(1, 1, 1, 0, '[]'), (2, 1, 1, 0, '[]'), (3, 1, 2, 0, NULL), (4, 1, 2, 0, ''), (5, 1, NULL, 0, '[]'), (6, 1, NULL, 0, '[]')`,
			"SELECT id FROM observations ORDER BY id", []string{"1", "3", "5", "6"}},
		{"index that is not what its name says", `DROP INDEX idx_observations_dedup; CREATE INDEX idx_observations_dedup ON observations(observer_idx)`,
			`SELECT "unique" FROM pragma_index_list('observations') WHERE name = 'idx_observations_dedup'`, []string{"1"}},
		{"times", `INSERT INTO transmissions(id, raw_hex, hash, first_seen, last_seen) VALUES (1, '', 'a', '2026-03-01T12:00:00.765Z', 1), (2, '', 'b', '2026-03-01T12:00:00+02:00', 1), (3, '', 'c', 'noon', 1);
			INSERT INTO observers(id, first_seen, last_seen) VALUES ('a', '2026-03-01T12:00:00.765Z', NULL), ('b', NULL, '2026-03-01T12:00:00.001Z');
			INSERT INTO nodes(public_key, first_seen, last_seen) VALUES ('a', '2026-03-01T12:00:00.765Z', '2026-03-02T12:00:00.765Z');
			INSERT INTO inactive_nodes(public_key, first_seen, last_seen) VALUES ('b', '2026-03-01T12:00:00.765Z', '2026-03-02T12:00:00Z')`,
			`SELECT id, first_seen, '' FROM transmissions UNION ALL SELECT id, first_seen, last_seen FROM observers
			UNION ALL SELECT public_key || ' node', first_seen, last_seen FROM nodes
			UNION ALL SELECT public_key || ' inactive', first_seen, last_seen FROM inactive_nodes ORDER BY 1`,
			[]string{"1|2026-03-01T12:00:00Z|", "2|2026-03-01T10:00:00Z|", "3|noon|", "a|2026-03-01T12:00:00Z|NULL", "a node|2026-03-01T12:00:00Z|2026-03-02T12:00:00Z",
				"b|NULL|2026-03-01T12:00:00Z", "b inactive|2026-03-01T12:00:00Z|2026-03-02T12:00:00Z"}},
		{"scopes of nodes", `INSERT INTO nodes(public_key, default_scope) VALUES ('a', NULL), ('b', NULL), ('c', '#kept');
			INSERT INTO transmissions(raw_hex, hash, first_seen, payload_type, from_pubkey, scope_name) VALUES
				('', '1', '2026-01-01T00:00:00Z', 4, 'a', '#old'), ('', '2', '2026-01-03T00:00:00Z', 4, 'a', ''), ('', '3', '2026-01-02T00:00:00Z', 4, 'a', '#new'),
				('', '4', '2026-01-02T00:00:00Z', 4, 'b', NULL), ('', '5', '2026-01-02T00:00:00Z', 4, 'c', '#no')`,
			"SELECT public_key, default_scope FROM nodes ORDER BY 1", []string{"a|#new", "b|NULL", "c|#kept"}},
		{"observers", `INSERT INTO observers(id, packet_count) VALUES ('a', NULL), ('b', 3)`,
			"SELECT id, packet_count, last_packet_at FROM observers", []string{"a|0|NULL", "b|3|NULL"}},
		{"unfinished migrations", `UPDATE _async_migrations SET status = 'failed', ended_at = NULL, error = 'disk full' WHERE name = 'tx_last_seen_backfill_v1';
			UPDATE _async_migrations SET status = 'pending_async', ended_at = NULL WHERE name = 'obs_observer_ts_idx_v1'; INSERT INTO _migrations VALUES ('of_a_fork')`,
			"SELECT name, status, ended_at IS NULL, error FROM _async_migrations UNION ALL SELECT name, '', '', '' FROM _migrations WHERE name LIKE 'of%'",
			[]string{"obs_observer_ts_idx_v1|done|0|NULL", "tx_last_seen_backfill_v1|done|0|NULL", "of_a_fork|||"}},
		{"indexes that CoreScope gave up", `CREATE INDEX idx_tx_last_seen ON transmissions(last_seen); CREATE INDEX idx_client_recept_rxpk ON client_receptions(rx_pubkey)`,
			"SELECT name FROM sqlite_schema WHERE name IN ('idx_tx_last_seen', 'idx_client_recept_rxpk')", nil},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := coreScopeFile(t, tc.rows)
			openAt(t, path).Close()
			wantRows(t, path, tc.query, tc.want...)
		})
	}
}

func TestTakingOverCountsWhatItFills(t *testing.T) {
	path := coreScopeFile(t, `INSERT INTO transmissions(id, raw_hex, hash, first_seen, payload_type, from_pubkey, scope_name) VALUES
			(1, '', 'a', 'x', 4, 'ab', '#sea'), (2, '', 'b', 'x', 4, 'cd', '');
		INSERT INTO observations(transmission_id, observer_idx, timestamp, raw_hex) VALUES (1, 1, 0, '1101A1'), (1, 2, 0, '1101A2'), (2, 1, 0, NULL);
		INSERT INTO nodes(public_key) VALUES ('ab'), ('cd')`)
	for _, want := range [][2]uint64{{2, 1}, {0, 0}} { // then it is the hub's
		s := openAt(t, path)
		if st := s.Stats(); st.FilledPaths != want[0] || st.FilledScopes != want[1] {
			t.Errorf("%d paths, %d scopes, want %v", st.FilledPaths, st.FilledScopes, want)
		}
		s.Close()
	}
}

func TestHeaderHops(t *testing.T) {
	long := append([]byte{0x09, 0x3F}, bytes.Repeat([]byte{7}, 63)...)
	cases := []struct {
		name  string
		frame []byte
		hops  []byte
		size  int
	}{
		{"nothing", nil, nil, 1},
		{"header alone", []byte{0x09}, nil, 1},
		{"no hops", []byte{0x09, 0x00}, nil, 1},
		{"no hops of three bytes", []byte{0x09, 0x80}, nil, 3},
		{"flood", []byte{0x09, 0x02, 1, 2, 3}, []byte{1, 2}, 1},
		{"direct, hops of three bytes", []byte{0x0A, 0x82, 1, 2, 3, 4, 5, 6, 7}, []byte{1, 2, 3, 4, 5, 6}, 3},
		{"transport flood", []byte{0x08, 9, 9, 9, 9, 0x01, 1}, []byte{1}, 1},
		{"transport direct", []byte{0x0B, 9, 9, 9, 9, 0x41, 1, 2}, []byte{1, 2}, 2},
		{"transport codes cut", []byte{0x0B, 9, 9, 9, 9}, nil, 1},
		{"hops cut", []byte{0x09, 0x02, 1}, nil, 1},
		{"size that does not exist", []byte{0x09, 0xC1, 1, 2, 3, 4}, nil, 1},
		{"longest", long, long[2:], 1},
	}
	for _, tc := range cases {
		hops, size := headerHops(tc.frame)
		if !bytes.Equal(hops, tc.hops) || size != tc.size {
			t.Errorf("%s: got %x of %d, want %x of %d", tc.name, hops, size, tc.hops, tc.size)
		}
	}
}
