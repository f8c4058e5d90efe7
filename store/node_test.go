package store

import (
	"testing"
	"time"
)

const allNodes = `SELECT public_key, name, role, lat, lon, last_seen, first_seen, advert_count, battery_mv, temperature_c,
	foreign_advert, default_scope, multibyte_sup, multibyte_evidence FROM `

var nodeKey = [32]byte{0x7A, 31: 0x45}

const nodeText = "7a00000000000000000000000000000000000000000000000000000000000045"

func advert(hash string, edit ...func(*Record)) Record {
	r := packet(alpha, hash)
	r.Transmission.PayloadType, r.Transmission.From = 4, &nodeKey
	r.Advert = &NodeAdvert{PublicKey: nodeKey, Name: "Rep One", Role: "repeater", Lat: ptr(47.5), Lon: ptr(-122.25)}
	for _, e := range edit {
		e(&r)
	}
	return r
}

func nameless(r *Record) {
	r.Advert = &NodeAdvert{PublicKey: nodeKey, Role: "repeater"}
}

func scoped(name string) func(*Record) {
	return func(r *Record) { r.Transmission.ScopeName = &name }
}

func TestAdvertMakesANode(t *testing.T) {
	s := openTest(t)
	put(t, s, advert("01"))
	wantRows(t, s.path, allNodes+"nodes", nodeText+"|Rep One|repeater|47.5|-122.25|"+noonText+"|"+noonText+"|1|NULL|NULL|0|NULL|0|NULL")
}

func TestNamelessAdvertMakesANodeWithoutAName(t *testing.T) {
	s := openTest(t)
	put(t, s, advert("01", nameless))
	wantRows(t, s.path, "SELECT name, lat, lon FROM nodes", "|NULL|NULL")
}

func TestAdvertUpdatesWhatItSays(t *testing.T) {
	s := openTest(t)
	put(t, s, advert("01", scoped("#us-wa"), func(r *Record) {
		r.Advert.BatteryMV, r.Advert.TemperatureC, r.Advert.Foreign = ptr(int64(3700)), ptr(25.0), true
	}))
	put(t, s, advert("02", nameless, at(noon.Add(time.Minute))))
	wantRows(t, s.path, allNodes+"nodes", nodeText+"|Rep One|repeater|47.5|-122.25|2026-11-24T12:01:00Z|"+noonText+"|2|3700|25|1|#us-wa|0|NULL")
	put(t, s, advert("03", at(noon.Add(time.Minute)), func(r *Record) {
		r.Advert = &NodeAdvert{PublicKey: nodeKey, Name: "Rep Two", Role: "room", Lat: ptr(0.0), Lon: ptr(0.0), TemperatureC: ptr(-3.5)}
	}))
	wantRows(t, s.path, allNodes+"nodes", nodeText+"|Rep Two|room|0|0|2026-11-24T12:01:00Z|"+noonText+"|3|3700|-3.5|1|#us-wa|0|NULL")
}

func TestAdvertsOfOneTransactionAreOneUpdate(t *testing.T) {
	s, g := openGated(t)
	putTogether(t, s, g,
		advert("01", at(noon.Add(time.Second))), advert("02", nameless, at(noon.Add(2*time.Second))), advert("01"),
		advert("03", nameless, scoped("#us-wa"), at(noon.Add(time.Second))))
	wantRows(t, s.path, allNodes+"nodes", nodeText+"|Rep One|repeater|47.5|-122.25|2026-11-24T12:00:02Z|"+noonText+"|3|NULL|NULL|0|#us-wa|0|NULL")
}

func TestAdvertCountCountsTransmissions(t *testing.T) {
	s := openTest(t)
	put(t, s, advert("01"), advert("01"), advert("01", via(1)), advert("01", func(r *Record) { r.Observer.ID = bravo }), advert("02"))
	wantRows(t, s.path, "SELECT advert_count FROM nodes", "2")
}

func TestOnlyAMatchedScopeIsANodesScope(t *testing.T) {
	s := openTest(t)
	put(t, s, advert("01", scoped("")))
	wantRows(t, s.path, "SELECT default_scope FROM nodes", "NULL")
	put(t, s, advert("02", scoped("#us-wa")), advert("03", scoped("")), advert("04"))
	wantRows(t, s.path, "SELECT default_scope FROM nodes", "#us-wa")
	wantRows(t, s.path, "SELECT scope_name FROM transmissions ORDER BY id", "", "#us-wa", "", "NULL")
}

func TestReturningNodeComesBackWhole(t *testing.T) {
	s := openTest(t)
	execSQL(t, s.path, `INSERT INTO inactive_nodes VALUES(?, 'Old', 'room', 1.5, 2.5, '2026-02-01T00:00:00Z', '2026-01-01T00:00:00Z', 77, 3600, 20, 1, '#old', 2, 'seen')`, nodeText)
	put(t, s, advert("01", nameless, scoped("#new")))
	wantRows(t, s.path, allNodes+"nodes", nodeText+"|Old|repeater|1.5|2.5|"+noonText+"|2026-01-01T00:00:00Z|78|3600|20|1|#new|2|seen")
	wantRows(t, s.path, "SELECT count(*) FROM inactive_nodes", "0")
}

// CoreScope leaves a row in each table when a node comes back.
func TestScopeReachesTheRowLeftBehind(t *testing.T) {
	s := openTest(t)
	put(t, s, advert("01"))
	execSQL(t, s.path, `INSERT INTO inactive_nodes(public_key, advert_count) VALUES(?, 77)`, nodeText)
	put(t, s, advert("02", scoped("#us-wa")))
	wantRows(t, s.path, "SELECT advert_count, default_scope FROM nodes", "2|#us-wa")
	wantRows(t, s.path, "SELECT advert_count, default_scope FROM inactive_nodes", "77|#us-wa")
}

func TestNodesLastSeenGrowsUpToNow(t *testing.T) {
	s := openTest(t)
	put(t, s, advert("01"), advert("02", at(noon.Add(-time.Hour))))
	wantRows(t, s.path, "SELECT last_seen FROM nodes", noonText)
	execSQL(t, s.path, "UPDATE nodes SET last_seen = '2039-01-01T00:00:00Z'")
	put(t, s, advert("03", at(noon.Add(-time.Hour))))
	wantRows(t, s.path, "SELECT last_seen FROM nodes", noonText)
}
