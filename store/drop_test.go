package store

import (
	"fmt"
	"testing"
)

const allDrops = "SELECT hash, raw_hex, reason, observer_id, observer_name, node_pubkey, node_name, CAST(dropped_at AS TEXT) FROM dropped_packets"

func TestRefusedPacketIsKeptAndNothingElse(t *testing.T) {
	s := openTest(t)
	res := put(t, s, Record{ReceivedAt: noon, Observer: Observer{ID: alpha, Name: "Obs Alpha", IATA: "SEA", Heard: true},
		Drop: &Drop{Reason: "invalid signature", Hash: "e90a1e3732737e28", RawHex: "1101", NodeKey: &nodeKey, NodeName: "Forger"}})
	if res != (Result{}) {
		t.Errorf("got %+v, want nothing", res)
	}
	wantRows(t, s.path, allDrops, "e90a1e3732737e28|1101|invalid signature|"+alpha+"|Obs Alpha|"+nodeText+"|Forger|2026-11-24 12:00:00")
	wantRows(t, s.path, "SELECT (SELECT count(*) FROM observers), (SELECT count(*) FROM nodes), (SELECT count(*) FROM transmissions)", "0|0|0")
}

func TestWhatARefusedPacketLacksIsNull(t *testing.T) {
	s := openTest(t)
	put(t, s, Record{ReceivedAt: noon, Drop: &Drop{Reason: "unsupported version 1"}})
	wantRows(t, s.path, allDrops, "NULL|NULL|unsupported version 1|NULL|NULL|NULL|NULL|2026-11-24 12:00:00")
}

// However young, the oldest go when there are too many.
func TestDropsAreKeptUpToANumber(t *testing.T) {
	s := openTest(t)
	for i := range 10 {
		put(t, s, Record{ReceivedAt: noon, Drop: &Drop{Reason: fmt.Sprint(i)}})
	}
	if changed, err := s.sweep(t.Context(), "drops", capDrops(3)); changed != 7 || err != nil {
		t.Errorf("%d deleted, %v", changed, err)
	}
	wantRows(t, s.path, "SELECT reason FROM dropped_packets ORDER BY id", "7", "8", "9")
}
