package store

import (
	"context"
	"database/sql/driver"
	"fmt"
)

// DeleteNodes deletes nodes by their public keys as stored, lower-case hex, and
// returns how many there were. What was heard of them stays. It is done piece by
// piece, as [Store.Maintain] does it; an error leaves some of them deleted.
func (s *Store) DeleteNodes(ctx context.Context, keys []string) (deleted int, err error) {
	deleted, err = s.sweep(ctx, "deleted_nodes", list(keys, func(l *ledger, key string) (changed bool, err error) {
		return l.deleteNode(key)
	}))
	if err != nil {
		return deleted, fmt.Errorf("delete nodes: %w", err)
	}
	return deleted, nil
}

// Multibyte is what is known of a node's use of path hashes longer than a byte.
type Multibyte struct {
	Key      string // of the node, lower-case hex
	Support  int64  // 1: suspected, 2: confirmed
	Evidence string // in words
}

const (
	selectMultibyte = `SELECT multibyte_sup, multibyte_evidence FROM nodes WHERE public_key = ?`

	updateMultibyte = `UPDATE nodes SET multibyte_sup = ?1, multibyte_evidence = ?2 WHERE public_key = ?3`

	updateInactiveMultibyte = `UPDATE inactive_nodes SET multibyte_sup = ?1, multibyte_evidence = ?2
		WHERE public_key = ?3 AND (multibyte_sup IS NOT ?1 OR multibyte_evidence IS NOT ?2)`
)

// SetMultibyte writes it into the rows of the nodes, active or else inactive,
// and returns how many it has changed. It is done piece by piece; an error
// leaves some of them written.
func (s *Store) SetMultibyte(ctx context.Context, nodes []Multibyte) (changed int, err error) {
	changed, err = s.sweep(ctx, "multibyte", list(nodes, func(l *ledger, m Multibyte) (changed bool, err error) {
		var row [2]driver.Value
		active, err := l.conn.query(row[:], selectMultibyte, m.Key)
		if err != nil || active && row[0] == m.Support && row[1] == m.Evidence {
			return false, err
		}
		statement := updateInactiveMultibyte
		if active {
			statement = updateMultibyte
		}
		did, err := l.conn.exec(statement, m.Support, m.Evidence, m.Key)
		return did.rows > 0, err
	}))
	if err != nil {
		return changed, fmt.Errorf("write multibyte capability: %w", err)
	}
	return changed, nil
}
