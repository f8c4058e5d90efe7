package store

import (
	"strings"
	"testing"
)

func TestNodesOfOneKeyBecomeOne(t *testing.T) {
	for _, table := range []string{"nodes", "inactive_nodes"} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			path := coreScopeFile(t, strings.ReplaceAll(`INSERT INTO $t
				(public_key, name, role, lat, lon, last_seen, first_seen, advert_count, battery_mv, foreign_advert, default_scope, multibyte_sup, multibyte_evidence) VALUES
				('aa', 'stale', 'repeater', 1.5, 2.5, '2026-01-01T00:00:00Z', '2025-06-01T00:00:00Z', 3, 3700, 1, '#old', 2, 'seen'),
				('AA', '', 'room', NULL, NULL, '2026-02-01T00:00:00Z', '2026-01-15T00:00:00Z', 4, NULL, 0, NULL, 0, NULL),
				('Aa', 'older', NULL, 8.5, 9.5, '2025-01-01T00:00:00Z', NULL, NULL, 3600, 0, '#older', 1, NULL),
				('BB', 'alone', 'sensor', NULL, NULL, NULL, NULL, 5, NULL, 0, NULL, 0, NULL),
				('cc', 'lower', 'sensor', NULL, NULL, NULL, NULL, 6, NULL, 0, NULL, 0, NULL)`, "$t", table))
			openAt(t, path).Close()
			wantRows(t, path, "SELECT * FROM "+table+" ORDER BY public_key",
				"aa|stale|room|1.5|2.5|2026-02-01T00:00:00Z|2025-06-01T00:00:00Z|7|3700|NULL|1|#old|2|seen",
				"bb|alone|sensor|NULL|NULL|NULL|NULL|5|NULL|NULL|0|NULL|0|NULL",
				"cc|lower|sensor|NULL|NULL|NULL|NULL|6|NULL|NULL|0|NULL|0|NULL")
		})
	}
}
