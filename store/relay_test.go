package store

import (
	"testing"
	"time"
)

const lastSeenOfNodes = "SELECT substr(public_key, 1, 2), last_seen, advert_count FROM nodes ORDER BY public_key"

func travelled(r *Record) { r.Observation.Travelled = true }

// later is one second after noon, which the writer's clock does not mind.
var later = at(noon.Add(time.Second))

const laterText = "2026-11-24T12:00:01Z"

func TestRelayIsSeen(t *testing.T) {
	for name, tt := range map[string]struct {
		record Record
		want   string // last_seen of the node
	}{
		"by a packet it passed on":         {packet(alpha, "01", later, travelled), laterText},
		"not by a route still to go":       {packet(alpha, "01", later), noonText},
		"not by a replay":                  {packet(alpha, "01", later, travelled, unheard), noonText},
		"not by a packet that is older":    {packet(alpha, "01", at(noon.Add(-time.Hour)), travelled), noonText},
		"not by a path of others":          {packet(alpha, "01", later, travelled, via(1, 0x1B)), noonText},
		"not by a hash that it shares":     {packet(alpha, "01", later, travelled, via(1, 0x2B)), noonText},
		"by a hash that tells it apart":    {packet(alpha, "01", later, travelled, via(3, 0x1A, 0, 0)), laterText},
		"not by an advert it sent, as hop": {nodeNamed("1a", later, travelled, via(1, 0x1A), unadvertised), noonText},
	} {
		t.Run(name, func(t *testing.T) {
			s := openTest(t)
			put(t, s, nodeNamed("1a"), nodeNamed("2b01"), nodeNamed("2b02"))
			put(t, s, tt.record)
			wantRows(t, s.path, lastSeenOfNodes, "1a|"+tt.want+"|1", "2b|"+noonText+"|1", "2b|"+noonText+"|1")
		})
	}
}

// unadvertised leaves of an advert only the packet.
func unadvertised(r *Record) { r.Transmission.Hash, r.Advert = "forged", nil }

func TestRedeliveryDoesNotProveARelay(t *testing.T) {
	s := openTest(t)
	put(t, s, nodeNamed("1a"), packet(alpha, "01", travelled), packet(alpha, "01", travelled, later))
	wantRows(t, s.path, lastSeenOfNodes, "1a|"+noonText+"|1")
}

func TestRelaysOfATransactionAreOneUpdate(t *testing.T) {
	s, g := openGated(t)
	put(t, s, nodeNamed("1a"))
	execSQL(t, s.path, `CREATE TABLE updates(n); CREATE TRIGGER count_updates AFTER UPDATE ON nodes BEGIN INSERT INTO updates VALUES(1); END`)
	t.Run("of packets", func(t *testing.T) {
		putTogether(t, s, g, packet(alpha, "01", travelled, later), packet(bravo, "01", travelled), packet(alpha, "02", travelled))
		wantRows(t, s.path, lastSeenOfNodes, "1a|"+laterText+"|1")
		wantRows(t, s.path, "SELECT count(*) FROM updates", "1")
	})
	t.Run("of packets and an advert", func(t *testing.T) {
		putTogether(t, s, g, packet(alpha, "03", travelled, at(noon.Add(2*time.Second))),
			nodeNamed("1a", later, func(r *Record) { r.Transmission.Hash = "04" }))
		wantRows(t, s.path, lastSeenOfNodes, "1a|2026-11-24T12:00:02Z|2")
		wantRows(t, s.path, "SELECT count(*) FROM updates", "2")
	})
	t.Run("none in the same second", func(t *testing.T) {
		putTogether(t, s, g, packet(alpha, "05", travelled, at(noon.Add(2*time.Second))))
		wantRows(t, s.path, "SELECT count(*) FROM updates", "2")
	})
}

func TestRelaysLastSeenIsCutBackToNow(t *testing.T) {
	s := openTest(t)
	put(t, s, nodeNamed("1a"))
	execSQL(t, s.path, "UPDATE nodes SET last_seen = '2039-01-01T00:00:00Z'")
	put(t, s, packet(alpha, "01", travelled, at(noon.Add(-time.Hour))))
	wantRows(t, s.path, lastSeenOfNodes, "1a|"+noonText+"|1")
}

// Many dead nodes share the few path hashes there are; only an advert proves
// which of them is back.
func TestPathHashBringsNoNodeBack(t *testing.T) {
	s := openTest(t)
	execSQL(t, s.path, "INSERT INTO inactive_nodes(public_key, last_seen) VALUES(?, '2026-01-01T00:00:00Z')", testKey("1a"))
	put(t, s, packet(alpha, "01", travelled))
	wantRows(t, s.path, "SELECT (SELECT count(*) FROM nodes), last_seen FROM inactive_nodes", "0|2026-01-01T00:00:00Z")
}

// What a transaction that came to nothing has written must be written again.
func TestRelayOfARefusedRecordIsNotTakenForSeen(t *testing.T) {
	s := openTest(t)
	put(t, s, nodeNamed("1a"))
	execSQL(t, s.path, poison)
	put(t, s, packet(alpha, "00"))                                                                    // knows the file again
	bad := nodeNamed("b2", later, travelled, via(1, 0x1A), func(r *Record) { r.Advert.Name = "bad" }) // refused after the relay is written
	fate := make(chan error, 1)
	if err := s.Append(t.Context(), bad, func(_ Result, err error) { fate <- err }); err != nil {
		t.Fatal(err)
	}
	if err := <-fate; err == nil {
		t.Fatal("the bad record is stored")
	}
	put(t, s, packet(alpha, "01", travelled, later))
	wantRows(t, s.path, lastSeenOfNodes, "1a|"+laterText+"|1")
}

func TestRelayThatWasDeletedIsSeenAgain(t *testing.T) {
	s := openTest(t)
	put(t, s, nodeNamed("1a"), packet(alpha, "01", travelled, later))
	if _, err := s.DeleteNodes(t.Context(), []string{testKey("1a")}); err != nil {
		t.Fatal(err)
	}
	put(t, s, nodeNamed("1a", func(r *Record) { r.Transmission.Hash = "again" }), packet(alpha, "02", travelled, later))
	wantRows(t, s.path, lastSeenOfNodes, "1a|"+laterText+"|1")
}
