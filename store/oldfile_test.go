package store

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// oldRows is what checkRows expects, in a file of any schema since 3.
func oldRows(t *testing.T) string { return adoptScript(t, "rows.sql") }

func adoptScript(tb testing.TB, name string) string {
	tb.Helper()
	script, err := os.ReadFile(filepath.Join("testdata", "adopt", name))
	if err != nil {
		tb.Fatal(err)
	}
	return string(script)
}

// oldFile makes a database from scripts, as an older program left it.
func oldFile(t *testing.T, scripts ...string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "meshcore.db")
	makeDatabase(t, path, "PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL;"+strings.Join(scripts, ";"))
	return path
}

// pastMigration is a migration of CoreScope's, with what takes it back.
type pastMigration struct {
	name  string
	mark  string // in _migrations; "" when CoreScope keeps none
	async bool   // or in _async_migrations
	undo  []string
}

// coreScopeHistory is how CoreScope's schema came to be what it is, oldest
// first.
var coreScopeHistory = []pastMigration{
	{"inactive nodes", "", false, []string{"DROP TABLE inactive_nodes"}},
	{"node telemetry", "node_telemetry_v1", false, []string{
		"ALTER TABLE nodes DROP COLUMN battery_mv", "ALTER TABLE nodes DROP COLUMN temperature_c",
		"ALTER TABLE inactive_nodes DROP COLUMN battery_mv", "ALTER TABLE inactive_nodes DROP COLUMN temperature_c"}},
	{"index of observation times", "obs_timestamp_index_v1", false, []string{"DROP INDEX idx_observations_timestamp"}},
	{"observer metrics", "observer_metrics_v1", false, []string{"DROP TABLE observer_metrics"}},
	{"inactive observers", "observers_inactive_v1", false, []string{"ALTER TABLE observers DROP COLUMN inactive"}},
	{"packets in metrics", "observer_metrics_packets_v1", false, []string{
		"ALTER TABLE observer_metrics DROP COLUMN packets_sent", "ALTER TABLE observer_metrics DROP COLUMN packets_recv"}},
	{"channel of transmissions", "channel_hash_v1", false, []string{
		"DROP INDEX idx_tx_channel_hash", "ALTER TABLE transmissions DROP COLUMN channel_hash"}},
	{"dropped packets", "dropped_packets_v1", false, []string{"DROP TABLE dropped_packets"}},
	{"last packet of observers", "observers_last_packet_at_v1", false, []string{"ALTER TABLE observers DROP COLUMN last_packet_at"}},
	{"foreign adverts", "foreign_advert_v1", false, []string{
		"DROP INDEX idx_nodes_foreign_advert", "ALTER TABLE nodes DROP COLUMN foreign_advert",
		"ALTER TABLE inactive_nodes DROP COLUMN foreign_advert"}},
	{"sender of transmissions", "from_pubkey_v1", false, []string{
		"DROP INDEX idx_transmissions_from_pubkey", "ALTER TABLE transmissions DROP COLUMN from_pubkey"}},
	{"neighbour edges", "", false, []string{"DROP TABLE neighbor_edges"}},
	{"resolved paths", "", false, []string{"ALTER TABLE observations DROP COLUMN resolved_path"}},
	{"scope of transmissions", "scope_name_v1", false, []string{
		"DROP INDEX idx_tx_scope_name", "ALTER TABLE transmissions DROP COLUMN scope_name"}},
	{"scope of nodes", "nodes_default_scope_v1", false, []string{
		"ALTER TABLE nodes DROP COLUMN default_scope", "ALTER TABLE inactive_nodes DROP COLUMN default_scope"}},
	{"frames of observations", "observations_raw_hex_v1", false, []string{"ALTER TABLE observations DROP COLUMN raw_hex"}},
	{"paths from frames", "backfill_path_json_from_raw_hex_v1", false, nil},
	{"multibyte", "", false, []string{
		"ALTER TABLE nodes DROP COLUMN multibyte_sup", "ALTER TABLE nodes DROP COLUMN multibyte_evidence",
		"ALTER TABLE inactive_nodes DROP COLUMN multibyte_sup", "ALTER TABLE inactive_nodes DROP COLUMN multibyte_evidence"}},
	{"index of channel messages", "", false, []string{"DROP INDEX idx_observations_tx_ts"}},
	{"naive clocks", "observers_clock_naive_v1", false, []string{
		"ALTER TABLE observers DROP COLUMN clock_skew_seconds", "ALTER TABLE observers DROP COLUMN clock_skew_count_24h",
		"ALTER TABLE observers DROP COLUMN clock_last_naive_at"}},
	{"index of observers' packets", "obs_observer_ts_idx_v1", true, []string{"DROP INDEX idx_observations_observer_idx_timestamp"}},
	{"observers that relay", "", false, []string{
		"ALTER TABLE observers DROP COLUMN can_relay", "ALTER TABLE observers DROP COLUMN can_relay_seen"}},
	{"last seen of transmissions", "tx_last_seen_backfill_v1", true, []string{
		"DROP INDEX idx_tx_last_seen_zero", "ALTER TABLE transmissions DROP COLUMN last_seen"}},
	{"client receptions", "", false, []string{"DROP TABLE client_receptions", "DROP TABLE client_observers"}},
}

// before is the script that takes back every migration from the one named on,
// with its mark.
func before(name string) (script []string) {
	from := slices.IndexFunc(coreScopeHistory, func(m pastMigration) bool { return m.name == name })
	for _, m := range slices.Backward(coreScopeHistory[from:]) {
		script = append(script, m.undo...)
		if m.mark != "" && m.async {
			script = append(script, "DELETE FROM _async_migrations WHERE name = '"+m.mark+"'")
		}
		if m.mark != "" {
			script = append(script, "DELETE FROM _migrations WHERE name = '"+m.mark+"'")
		}
	}
	return script
}
