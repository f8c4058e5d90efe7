package store

import (
	"context"
	"fmt"
	"strings"
)

// Nodes are keyed by lower-case hex digits. Older writers kept the case they
// were sent, so that a node can have several rows.

const (
	// selectDoubles lists the rows of nodes that have several, the freshest of
	// each first.
	selectDoubles = `SELECT rowid, lower(public_key) FROM nodes
		WHERE lower(public_key) IN (SELECT lower(public_key) FROM nodes GROUP BY 1 HAVING count(*) > 1)
		ORDER BY lower(public_key), last_seen DESC, rowid`

	// mergeNode gives the row ?1 what row ?2 knows better: what is unknown to it,
	// and the earlier time.
	mergeNode = `UPDATE nodes SET
			name = COALESCE(NULLIF(nodes.name, ''), old.name), role = COALESCE(NULLIF(nodes.role, ''), old.role),
			lat = COALESCE(nodes.lat, old.lat), lon = COALESCE(nodes.lon, old.lon),
			first_seen = COALESCE(MIN(nodes.first_seen, old.first_seen), nodes.first_seen, old.first_seen),
			advert_count = COALESCE(nodes.advert_count, 0) + COALESCE(old.advert_count, 0),
			battery_mv = COALESCE(nodes.battery_mv, old.battery_mv),
			temperature_c = COALESCE(nodes.temperature_c, old.temperature_c),
			foreign_advert = MAX(COALESCE(nodes.foreign_advert, 0), COALESCE(old.foreign_advert, 0)),
			default_scope = COALESCE(NULLIF(nodes.default_scope, ''), old.default_scope),
			multibyte_sup = MAX(nodes.multibyte_sup, old.multibyte_sup),
			multibyte_evidence = COALESCE(nodes.multibyte_evidence, old.multibyte_evidence)
		FROM nodes AS old WHERE nodes.rowid = ?1 AND old.rowid = ?2`

	deleteMerged = `DELETE FROM nodes WHERE rowid = ?`

	lowerKeys = `UPDATE nodes SET public_key = lower(public_key) WHERE public_key <> lower(public_key)`
)

// foldNodeKeys gives every node one row under its lower-case key, in nodes and
// in inactive_nodes.
func foldNodeKeys(ctx context.Context, conn querier) error {
	for _, table := range []string{"nodes", "inactive_nodes"} {
		if err := foldKeys(ctx, conn, table); err != nil {
			return fmt.Errorf("table %s: %w", table, err)
		}
	}
	return nil
}

func foldKeys(ctx context.Context, conn querier, table string) error {
	// The two tables have the same columns.
	in := strings.NewReplacer("nodes", table).Replace
	type row struct {
		rowid int64
		key   string
	}
	var doubles []row
	err := eachRow(ctx, conn, func(scan func(...any) error) error {
		var r row
		err := scan(&r.rowid, &r.key)
		doubles = append(doubles, r)
		return err
	}, in(selectDoubles))
	if err != nil {
		return err
	}
	var keep row
	for _, r := range doubles {
		if r.key != keep.key {
			keep = r
			continue
		}
		if _, err := conn.ExecContext(ctx, in(mergeNode), keep.rowid, r.rowid); err != nil {
			return fmt.Errorf("merge %s: %w", r.key, err)
		}
		if _, err := conn.ExecContext(ctx, in(deleteMerged), r.rowid); err != nil {
			return fmt.Errorf("merge %s: %w", r.key, err)
		}
	}
	_, err = conn.ExecContext(ctx, in(lowerKeys))
	return err
}
