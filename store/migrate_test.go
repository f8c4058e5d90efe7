package store

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFileOfCoreScopesIngestorIsAdopted(t *testing.T) {
	path := coreScopeFile(t,
		`INSERT INTO observers(id, name, last_seen, packet_count) VALUES('`+bravo+`', 'Bravo', '2026-01-01T00:00:00Z', 7)`,
		`INSERT INTO transmissions(raw_hex, hash, first_seen, last_seen) VALUES('0A', '01', '2026-01-01T00:00:00Z', 5)`)
	before := schemaOf(t, path)
	s := openAt(t, path)
	res := put(t, s, packet(bravo, "01"))
	if want := (Result{TransmissionID: 1, ObservationID: 1}); res != want {
		t.Errorf("got %+v, want %+v", res, want)
	}
	res = put(t, s, packet(alpha, "02"))
	if want := (Result{TransmissionID: 2, ObservationID: 2, New: true}); res != want {
		t.Errorf("got %+v, want %+v", res, want)
	}
	wantRows(t, path, "SELECT rowid, id, packet_count FROM observers", "1|"+bravo+"|8", "2|"+alpha+"|1")
	wantRows(t, path, "PRAGMA user_version", "1")
	if diff := cmp.Diff(before, schemaOf(t, path)); diff != "" {
		t.Errorf("schema changed:\n%s", diff)
	}
	s.Close()
	put(t, openAt(t, path), packet(alpha, "03"))
}

func TestFileOfOlderCoreScopeIsRefusedWithWhatItLacks(t *testing.T) {
	for _, tc := range []struct{ edit, lacks string }{
		{"ALTER TABLE observers DROP COLUMN can_relay_seen", "observers.can_relay_seen"},
		{"DROP TABLE neighbor_edges", "neighbor_edges.count"},
		{"DROP INDEX idx_observations_dedup", "idx_observations_dedup"},
	} {
		t.Run(tc.lacks, func(t *testing.T) {
			path := coreScopeFile(t, "DROP VIEW packets_v", tc.edit)
			s, err := Open(t.Context(), path, testOptions())
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			wantOneLine(t, err, path, "older CoreScope", tc.lacks, "run a current CoreScope ingestor")
			wantRows(t, path, "PRAGMA user_version", "0")
		})
	}
}

func TestMigrationsAreNumberedWithoutGaps(t *testing.T) {
	for i, name := range migrationNames() {
		if !strings.HasPrefix(filepath.Base(name), fmt.Sprintf("%04d_", i+1)) {
			t.Errorf("%s is migration %d", name, i+1)
		}
	}
}
