package store

import "testing"

// What a fork or a later CoreScope has added stays.
func TestTakingOverKeepsWhatItDoesNotKnow(t *testing.T) {
	path := coreScopeFile(t, oldRows(t)+`;
		ALTER TABLE observers ADD COLUMN "infra ""x""" TEXT DEFAULT 'no';
		ALTER TABLE observers ADD COLUMN rank INTEGER NOT NULL DEFAULT 7;
		UPDATE observers SET "infra ""x""" = 'yes', rank = 9 WHERE rowid = 7;
		CREATE INDEX idx_observers_rank ON observers(rank);
		CREATE TABLE seen(id); CREATE TRIGGER on_observer AFTER INSERT ON observers BEGIN INSERT INTO seen VALUES(new.id); END;
		CREATE VIEW active AS SELECT id FROM observers WHERE inactive = 0;
		CREATE TABLE goose_db_version(id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL)`)
	s := openAt(t, path)
	wantRows(t, path, `SELECT rowid, "infra ""x""", rank FROM observers ORDER BY 1`, "3|no|7", "7|yes|9", "8|no|7")
	wantRows(t, path, `SELECT name FROM sqlite_schema WHERE name IN ('idx_observers_rank', 'on_observer', 'active', 'goose_db_version') ORDER BY 1`,
		"active", "goose_db_version", "idx_observers_rank", "on_observer")
	put(t, s, packet("NEW", "0a"))
	wantRows(t, path, "SELECT id, rank FROM observers WHERE id = 'NEW'", "NEW|7")
	wantRows(t, path, "SELECT id FROM seen", "NEW")
	wantRows(t, path, "SELECT count(*) FROM active", "4")
}

// CoreScope's ingestor moves nodes with SELECT *.
func TestNodesMoveByPositionOnceTakenOver(t *testing.T) {
	path := coreScopeFile(t, `DROP VIEW packets_v;
		ALTER TABLE nodes DROP COLUMN battery_mv; ALTER TABLE nodes DROP COLUMN default_scope;
		ALTER TABLE inactive_nodes DROP COLUMN lat;
		INSERT INTO nodes(rowid, public_key, name, lat, multibyte_evidence) VALUES (5, 'aa', 'One', 1.5, 'seen');
		INSERT INTO inactive_nodes(public_key, name, battery_mv) VALUES ('bb', 'Two', 3700)`)
	openAt(t, path).Close()
	wantRows(t, path, "SELECT rowid, public_key, name, lat, multibyte_sup, multibyte_evidence FROM nodes", "5|aa|One|1.5|0|seen")
	wantRows(t, path, "SELECT public_key, name, lat, battery_mv FROM inactive_nodes", "bb|Two|NULL|3700")
	execSQL(t, path, "INSERT OR REPLACE INTO inactive_nodes SELECT * FROM nodes")
	wantRows(t, path, "SELECT name, lat, default_scope, multibyte_evidence FROM inactive_nodes WHERE public_key = 'aa'", "One|1.5|NULL|seen")
	checkShape(t, path)
}

// A column whose default is not a constant cannot be added to rows. Every CoreScope
// since schema 3 has it; a file without it is refused and stays as it is.
func TestTakingOverNamesWhatItCannotAdd(t *testing.T) {
	path := oldFile(t, adoptScript(t, "first.sql"), oldRows(t), "ALTER TABLE transmissions DROP COLUMN created_at")
	s, err := Open(t.Context(), path, testOptions())
	if err == nil {
		s.Close()
		t.Fatal("opened")
	}
	wantOneLine(t, err, path, "take over CoreScope's file", "table transmissions", "add column created_at", "non-constant default")
	wantRows(t, path, "SELECT name FROM sqlite_schema WHERE name = 'neighbor_edges'")
	wantRows(t, path, "PRAGMA user_version", "0")
}
