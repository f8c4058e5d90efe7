package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// What a file of an older CoreScope lacks in its rows. Each statement finds
// nothing to do in rows that are as they should be, and none of them touches
// observations.id or transmissions.id, which readers hold on to.

const (
	// dropBlank is CoreScope's cleanup_legacy_null_hash_ts: a transmission
	// without a hash or a time is nothing that anybody can look up.
	dropBlankObservations = `DELETE FROM observations
		WHERE transmission_id IN (SELECT id FROM transmissions WHERE hash = '' OR first_seen = '')`
	dropBlankTransmissions = `DELETE FROM transmissions WHERE hash = '' OR first_seen = ''`

	// roundScores: CoreScope stored fractions, and its server cannot read them.
	roundScores = `UPDATE observations
		SET score = CASE typeof(score) WHEN 'real' THEN CAST(round(score) AS INTEGER) END
		WHERE typeof(score) NOT IN ('integer', 'null')`

	// dropRepeats is for a file without the index that keeps them out. An
	// observation without an observer is nobody's repeat.
	dropRepeats = `DELETE FROM observations WHERE observer_idx IS NOT NULL AND id NOT IN (
		SELECT MIN(id) FROM observations GROUP BY transmission_id, observer_idx, COALESCE(path_json, ''))`
)

// repairObservations takes out what the indexes and readers cannot bear. It
// runs before observations are indexed.
func repairObservations(ctx context.Context, conn querier, want *shape) error {
	statements := []string{dropBlankObservations, dropBlankTransmissions, roundScores}
	have, err := readShape(ctx, conn)
	if err != nil {
		return err
	}
	if !have.agrees(want, "index", "idx_observations_dedup") {
		statements = append(statements, dropRepeats)
	}
	return execAll(ctx, conn, statements...)
}

// exactTime: times were written with fractions once. They are compared as text,
// so they all have to have one form.
const exactTime = `UPDATE $table SET $column = strftime('%Y-%m-%dT%H:%M:%SZ', $column)
	WHERE $column LIKE '____-__-__T%' AND $column <> strftime('%Y-%m-%dT%H:%M:%SZ', $column)`

func exactTimes(ctx context.Context, conn querier) error {
	for _, c := range []struct{ table, column string }{
		{"transmissions", "first_seen"},
		{"nodes", "first_seen"}, {"nodes", "last_seen"},
		{"inactive_nodes", "first_seen"}, {"inactive_nodes", "last_seen"},
		{"observers", "first_seen"}, {"observers", "last_seen"}, {"observers", "last_packet_at"},
	} {
		statement := strings.NewReplacer("$table", c.table, "$column", c.column).Replace(exactTime)
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s.%s: %w", c.table, c.column, err)
		}
	}
	return nil
}

// fillTransmissions runs when observations are indexed and transmissions not
// yet: it looks up the one and writes columns that the other's indexes hold.
var fillTransmissions = []string{
	`UPDATE transmissions SET last_seen = COALESCE(
			(SELECT MAX(timestamp) FROM observations WHERE transmission_id = transmissions.id),
			unixepoch(first_seen), 0)
		WHERE last_seen = 0`,

	// '' is CoreScope's word for an advert that names nobody.
	`UPDATE transmissions SET from_pubkey = COALESCE(lower(CASE WHEN json_valid(decoded_json)
			THEN COALESCE(decoded_json ->> '$.pubKey', decoded_json ->> '$.public_key') END), '')
		WHERE payload_type = 4 AND from_pubkey IS NULL`,

	`UPDATE transmissions SET channel_hash = CASE decoded_json ->> '$.type'
			WHEN 'CHAN' THEN decoded_json ->> '$.channel'
			WHEN 'GRP_TXT' THEN 'enc_' || (decoded_json ->> '$.channelHashHex') END
		WHERE payload_type = 5 AND channel_hash IS NULL AND json_valid(decoded_json)`,

	`UPDATE transmissions SET channel_hash = 'Public' WHERE channel_hash = 'public' AND payload_type = 5`,
}

// fillScope is for a node whose latest advert with a scope was sent before nodes
// had one.
const fillScope = `UPDATE nodes SET default_scope = latest.scope_name
	FROM (SELECT from_pubkey, scope_name, MAX(first_seen) FROM transmissions
		WHERE payload_type = 4 AND scope_name <> '' GROUP BY from_pubkey) AS latest
	WHERE latest.from_pubkey = nodes.public_key AND default_scope IS NULL`

func fillScopes(ctx context.Context, conn querier) (nodes int64, err error) {
	did, err := conn.ExecContext(ctx, fillScope)
	if err != nil {
		return 0, err
	}
	return did.RowsAffected()
}

// fillStations completes nodes and observers, once everything is indexed.
//
// advert_count stays what it is, though CoreScope's advert_count_unique_v1
// stands for a recount: a count may include adverts that have been pruned
// since, and CoreScope's ingestor cannot recount such a file either, because
// it comes to that before it has added from_pubkey.
var fillStations = []string{
	`UPDATE observers SET last_packet_at = (
			SELECT strftime('%Y-%m-%dT%H:%M:%SZ', MAX(timestamp), 'unixepoch')
			FROM observations WHERE observer_idx = observers.rowid)
		WHERE last_packet_at IS NULL`,

	// The rest are values that CoreScope's server cannot read.
	`UPDATE observers SET packet_count = 0 WHERE packet_count IS NULL`,
	`UPDATE observer_metrics SET
			tx_air_secs = CAST(round(tx_air_secs) AS INTEGER), rx_air_secs = CAST(round(rx_air_secs) AS INTEGER),
			recv_errors = CAST(round(recv_errors) AS INTEGER), battery_mv = CAST(round(battery_mv) AS INTEGER),
			packets_sent = CAST(round(packets_sent) AS INTEGER), packets_recv = CAST(round(packets_recv) AS INTEGER)
		WHERE 'real' IN (typeof(tx_air_secs), typeof(rx_air_secs), typeof(recv_errors), typeof(battery_mv),
			typeof(packets_sent), typeof(packets_recv))`,
}

const (
	// selectPathless reads observations whose path is unknown and whose frame is
	// not. The header of a TRACE holds no path.
	selectPathless = `SELECT o.id, o.raw_hex FROM observations o JOIN transmissions t ON t.id = o.transmission_id
		WHERE o.id > ? AND o.raw_hex <> '' AND COALESCE(o.path_json, '') = '' AND t.payload_type IS NOT 9
		ORDER BY o.id LIMIT 1000`

	// updatePaths takes an object of paths by id. A row whose path makes it the
	// repeat of another stays as it is.
	updatePaths = `UPDATE OR IGNORE observations SET path_json = found.value
		FROM json_each(?) AS found WHERE observations.id = CAST(found.key AS INTEGER)`
)

// fillPaths reads the paths of observations from their frames, a thousand at a
// time, and returns how many it read.
func fillPaths(ctx context.Context, conn querier) (filled int64, err error) {
	for last := int64(0); ; {
		paths := make(map[string]string)
		err := eachRow(ctx, conn, func(scan func(...any) error) error {
			var raw string
			if err := scan(&last, &raw); err != nil {
				return err
			}
			paths[strconv.FormatInt(last, 10)] = pathText(headerHops(parseHex(raw)))
			return nil
		}, selectPathless, last)
		if err != nil {
			return filled, fmt.Errorf("find observations without a path: %w", err)
		}
		if len(paths) == 0 {
			return filled, nil
		}
		object, err := json.Marshal(paths)
		if err != nil {
			return filled, err
		}
		did, err := conn.ExecContext(ctx, updatePaths, string(object))
		if err != nil {
			return filled, fmt.Errorf("write paths: %w", err)
		}
		n, err := did.RowsAffected()
		if err != nil {
			return filled, err
		}
		filled += n
	}
}

// headerHops reads the path out of a frame's header: hops one after another,
// and the bytes of each. A frame that is cut or impossible has none.
//
// The store knows no other fact of the air; this one is for rows whose writer
// is gone. Header byte, four bytes of transport codes in routes 0 and 3, path
// byte: two bits of hop size less one, six of count. Source: firmware
// Packet.cpp, readFrom.
func headerHops(frame []byte) (hops []byte, size int) {
	const none = 1
	if len(frame) < 2 {
		return nil, none
	}
	at := 1
	if route := frame[0] & 3; route == 0 || route == 3 {
		at += 4
	}
	if at >= len(frame) {
		return nil, none
	}
	size, count := int(frame[at]>>6)+1, int(frame[at]&0x3F)
	at++
	if size > 3 || at+size*count > len(frame) {
		return nil, none
	}
	return frame[at : at+size*count], size
}
