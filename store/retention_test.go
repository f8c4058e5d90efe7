package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ago is a time of day that many days before the clock of the tests.
func ago(days int) time.Time { return noon.AddDate(0, 0, -days) }

func text(at time.Time) string { return at.UTC().Format(timeLayout) }

// retained opens a database with a retention of ten days for everything.
func retained(t *testing.T, edit ...func(*Options)) *Store {
	t.Helper()
	return openTest(t, append([]func(*Options){func(o *Options) {
		o.Retention = Retention{NodeDays: 10, ObserverDays: 10, MetricsDays: 10, PacketDays: 10, ClientRxDays: 10, NeighbourDays: 10}
	}}, edit...)...)
}

// maintain does once what Maintain does when it begins.
func maintain(t *testing.T, s *Store) {
	t.Helper()
	s.doJobs(t.Context(), s.jobs(), trusting(s))
	for kind, u := range s.Stats().Upkeep {
		if u.Errors > 0 {
			t.Errorf("%s: %d failures", kind, u.Errors)
		}
	}
}

// announcement is an advert of the node whose key begins with key.
func announcement(hash string, key byte, edit ...func(*Record)) Record {
	node := [32]byte{key}
	return packet(alpha, hash, append([]func(*Record){func(r *Record) {
		r.Transmission.PayloadType, r.Transmission.From = 4, &node
		r.Advert = &NodeAdvert{PublicKey: node, Name: "Rep", Role: "repeater", Lat: ptr(47.5), Lon: ptr(-122.0), BatteryMV: ptr(int64(3700)), TemperatureC: ptr(21.5), Foreign: true}
		r.Transmission.ScopeName = ptr("#sea")
	}}, edit...)...)
}

func keyOf(first byte) string { return fmt.Sprintf("%02x", first) + strings.Repeat("00", 31) }

func TestStaleNodeMovesWholeAndComesBackWhole(t *testing.T) {
	s := retained(t)
	put(t, s, announcement("01", 1, at(ago(30))), announcement("02", 1, at(ago(11))), announcement("03", 2, at(ago(9))))
	execSQL(t, s.path, "UPDATE nodes SET multibyte_sup = 2, multibyte_evidence = 'path' WHERE advert_count = 2")
	before := dump(t, s.path, allNodes+"nodes WHERE advert_count = 2")
	maintain(t, s)
	wantRows(t, s.path, "SELECT public_key FROM nodes", keyOf(2))
	wantRows(t, s.path, allNodes+"inactive_nodes", before...)

	put(t, s, announcement("04", 1))
	wantRows(t, s.path, "SELECT first_seen, last_seen, advert_count, multibyte_sup FROM nodes WHERE public_key = '"+keyOf(1)+"'",
		text(ago(30))+"|"+noonText+"|3|2")
	wantRows(t, s.path, "SELECT count(*) FROM inactive_nodes", "0")
}

// CoreScope adds columns to its two tables in its own order.
func TestStaleNodeMovesByNameOfColumn(t *testing.T) {
	path := coreScopeFile(t, `DROP TABLE inactive_nodes;
		CREATE TABLE inactive_nodes(multibyte_evidence TEXT, multibyte_sup INTEGER NOT NULL DEFAULT 0, default_scope TEXT,
			foreign_advert INTEGER, temperature_c REAL, battery_mv INTEGER, advert_count INTEGER, first_seen TEXT, last_seen TEXT,
			lon REAL, lat REAL, role TEXT, name TEXT, public_key TEXT PRIMARY KEY)`)
	s := openAt(t, path, func(o *Options) { o.Retention.NodeDays = 10 })
	put(t, s, announcement("01", 1, at(ago(11))))
	before := dump(t, s.path, allNodes+"nodes")
	maintain(t, s)
	wantRows(t, s.path, allNodes+"inactive_nodes", before...)
}

// CoreScope makes a returning node anew and leaves the old row where it is.
func TestStaleNodeJoinsTheRowThatCoreScopeLeft(t *testing.T) {
	s := retained(t)
	put(t, s, announcement("01", 1, at(ago(11)), func(r *Record) { r.Advert.Lat, r.Advert.Lon = nil, nil }))
	execSQL(t, s.path, `INSERT INTO inactive_nodes (public_key, name, role, lat, lon, last_seen, first_seen, advert_count, multibyte_sup)
		VALUES (?, 'Old', 'room', 1.5, 2.5, '2026-02-01T00:00:00Z', '2026-01-01T00:00:00Z', 77, 1)`, keyOf(1))
	maintain(t, s)
	wantRows(t, s.path, "SELECT count(*) FROM nodes", "0")
	wantRows(t, s.path, "SELECT name, role, lat, last_seen, first_seen, advert_count, multibyte_sup FROM inactive_nodes",
		"Rep|repeater|1.5|"+text(ago(11))+"|2026-01-01T00:00:00Z|78|1")
}

func TestStaleObserverIsInactiveUntilItIsHeard(t *testing.T) {
	s := retained(t)
	put(t, s, packet(alpha, "01", at(ago(11))), packet(bravo, "01", at(ago(9))), packet("never", "01", unheard))
	maintain(t, s)
	wantRows(t, s.path, "SELECT id, inactive FROM observers ORDER BY inactive", bravo+"|0", "never|0", alpha+"|1")
	put(t, s, packet(alpha, "02"))
	wantRows(t, s.path, "SELECT inactive, packet_count FROM observers WHERE id = '"+alpha+"'", "0|2")
	wantRows(t, s.path, "SELECT observer_idx FROM observations WHERE transmission_id = (SELECT id FROM transmissions WHERE hash = '02')", "1")
}

func TestBlacklistedObserverIsInactiveHoweverYoung(t *testing.T) {
	s := openTest(t, func(o *Options) {
		o.Blacklist = []string{" " + strings.ToLower(bravo), "unknown"}
		o.Retention.ObserverDays = 0
	})
	put(t, s, packet(alpha, "01", at(ago(4000))), packet(bravo, "01"))
	maintain(t, s)
	wantRows(t, s.path, "SELECT id, inactive FROM observers ORDER BY inactive", alpha+"|0", bravo+"|1")
}

func TestMetricsOfInactiveObserversAreKept(t *testing.T) {
	s := retained(t)
	status := func(observer string, when time.Time) Record {
		return Record{ReceivedAt: when, Observer: Observer{ID: observer, Heard: true}, Status: &Status{NoiseFloor: ptr(-117.5)}}
	}
	put(t, s, status(alpha, ago(11)), status(alpha, ago(9)))
	execSQL(t, s.path, "UPDATE observers SET inactive = 1")
	maintain(t, s)
	wantRows(t, s.path, "SELECT observer_id, timestamp FROM observer_metrics", alpha+"|"+text(ago(9)))
}

// The two forms of a time sort apart on the very day of the cutoff.
func TestDropsAreKeptToTheSecond(t *testing.T) {
	s := retained(t)
	for i, when := range []time.Time{ago(10).Add(-time.Second), ago(10), ago(10).Add(3 * time.Hour)} {
		put(t, s, Record{ReceivedAt: when, Drop: &Drop{Reason: fmt.Sprint(i)}})
	}
	execSQL(t, s.path, `INSERT INTO dropped_packets (reason, dropped_at) VALUES ('T, old', ?), ('T, young', ?), ('no time', NULL)`,
		text(ago(10).Add(-time.Second)), text(ago(10)))
	maintain(t, s)
	wantRows(t, s.path, "SELECT reason FROM dropped_packets ORDER BY id", "1", "2", "T, young", "no time")
}

func TestOldReceptionsClientsAndNeighboursAreRemoved(t *testing.T) {
	s := retained(t)
	old, young := text(ago(11)), text(ago(9))
	execSQL(t, s.path, `INSERT INTO client_receptions (rx_pubkey, heard_key, heard_keylen, lat, lon, rx_at, ingested_at, src)
		VALUES ('aa', '01', 1, 0, 0, ?1, ?2, 'rxlog'), ('aa', '01', 1, 0, 0, ?2, ?2, 'rxlog')`, old, young)
	execSQL(t, s.path, `INSERT INTO client_observers (pubkey, last_seen) VALUES ('aa', ?1), ('bb', ?2), ('cc', NULL)`, old, young)
	execSQL(t, s.path, `INSERT INTO neighbor_edges (node_a, node_b, last_seen) VALUES ('aa', 'bb', ?1), ('aa', 'cc', ?2)`, old, young)
	maintain(t, s)
	wantRows(t, s.path, "SELECT rx_at FROM client_receptions", young)
	wantRows(t, s.path, "SELECT pubkey FROM client_observers ORDER BY pubkey", "bb", "cc")
	wantRows(t, s.path, "SELECT node_a, node_b FROM neighbor_edges", "aa|cc")
	wantUpkeep(t, s, map[string]uint64{"receptions": 1, "clients": 1, "neighbours": 1})
}

// What the writer knows by heart follows what maintenance does to its tables,
// also when that is rolled back.
func TestMaintenanceKeepsTheTopologyTrue(t *testing.T) {
	s := retained(t)
	put(t, s, nodeNamed("a1"), nodeNamed("b2", at(ago(11))), nodeNamed("c3"), nodeNamed("d4"),
		packet(alpha, "01", at(ago(11)), beside(byKey("a1"), byKey("c3"))), packet(alpha, "02", beside(byKey("a1"), byKey("d4"))))
	same := func(what string) {
		t.Helper()
		if diff := cmp.Diff(readTopology(t, s.path).drawn(), s.writer.ledger.topology.drawn()); diff != "" {
			t.Errorf("after %s (-file +memory):\n%s", what, diff)
		}
	}
	maintain(t, s)
	same("maintenance")
	wantRows(t, s.path, "SELECT (SELECT count(*) FROM nodes), (SELECT count(*) FROM neighbor_edges)", "3|1")
	if _, err := s.DeleteNodes(t.Context(), []string{testKey("c3")}); err != nil {
		t.Fatal(err)
	}
	same("a deletion")
	broken := errors.New("does not work")
	if _, err := s.sweep(t.Context(), "test", func(l *ledger, a *allowance) (bool, error) {
		if _, err := l.deleteNode(testKey("d4")); err != nil {
			return false, err
		}
		return false, broken
	}); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	same("a deletion that was rolled back")
	put(t, s, nodeNamed("b2"))
	same("a return")
}

// wantUpkeep compares the rows changed by each kind of maintenance.
func wantUpkeep(t *testing.T, s *Store, want map[string]uint64) {
	t.Helper()
	for kind, u := range s.Stats().Upkeep {
		if u.Rows != want[kind] {
			t.Errorf("%s: %d rows changed, want %d", kind, u.Rows, want[kind])
		}
	}
}

func TestRetentionOfZeroKeepsForEver(t *testing.T) {
	s := openTest(t, func(o *Options) { o.Retention = Retention{} })
	put(t, s, announcement("01", 1, at(ago(9999))),
		Record{ReceivedAt: ago(9999), Observer: Observer{ID: alpha, Heard: true}, Status: &Status{NoiseFloor: ptr(-117.5)}},
		Record{ReceivedAt: ago(9999), Drop: &Drop{Reason: "x"}})
	execSQL(t, s.path, `INSERT INTO neighbor_edges (node_a, node_b, last_seen) VALUES ('aa', 'bb', '2000-01-01T00:00:00Z')`)
	maintain(t, s)
	wantRows(t, s.path, `SELECT (SELECT count(*) FROM nodes), (SELECT count(*) FROM observers WHERE inactive = 0),
		(SELECT count(*) FROM observer_metrics), (SELECT count(*) FROM dropped_packets), (SELECT count(*) FROM observations),
		(SELECT count(*) FROM neighbor_edges)`, "1|1|1|1|1|1")
}

func TestRetentionOutOfRangeIsRefused(t *testing.T) {
	for _, days := range []int{-1, mostDays + 1} {
		opts := testOptions()
		opts.Retention.PacketDays = days
		if s, err := Open(t.Context(), t.TempDir()+"/x.db", opts); err == nil || !strings.Contains(err.Error(), "retention") {
			t.Errorf("%d days: %v", days, err)
			s.Close()
		}
	}
}
