package main

import (
	"database/sql"
	"fmt"
	"testing"
)

// An advert of a node whose key begins with 0B, and that key.
const (
	relayAdvert = "11000bf8e1d63666d792de5decd368af08a4d36467973296f54b73990626faf195b040a87c686d00805dca9c032dff34b2c54d76e75d405ab685808567126a8b35026ec179a35ff7b0a648f966653aed140c247b980b0b7f6be581b2970a733e95de30c4a60881426173652043616d70"
	relayKey    = "0bf8e1d63666d792de5decd368af08a4d36467973296f54b73990626faf195b0"
)

// CoreScope's server would refresh a repeater that only relays, and cannot: its
// handle is read-only. The hub does it, for packets that the repeater has passed
// on, and not for those that are still to reach it.
func TestRelayIsSeenByThePacketsItPassesOn(t *testing.T) {
	t.Parallel()
	h := startHub(t, "")
	db, observer := h.open(), h.client("observer")
	send := func(raw string) {
		t.Helper()
		done(t, observer.Publish(packetTopic, 1, false, fmt.Sprintf(`{"origin":"Hill","direction":"rx","raw":"%s"}`, raw)))
	}
	send(relayAdvert)
	for _, tc := range []struct {
		name, raw string
		seen      int
	}{
		{"a direct packet with the way still to go", "0A010BA1B2C3D401F60718293A4B5C6D7E8F", 0},
		{"a flood over another node", "09010CA1B2C3D402F60718293A4B5C6D7E8F", 0},
		{"a flood over it", "09010BA1B2C3D403F60718293A4B5C6D7E8F", 1},
	} {
		forgetNode(t, h.db)
		send(tc.raw)
		if got := count(t, db, `SELECT count(*) FROM nodes WHERE public_key = ? AND last_seen > '2026-02-01T00:00:00Z'`, relayKey); got != tc.seen {
			t.Errorf("%s: seen %d times, want %d", tc.name, got, tc.seen)
		}
	}
	if got := count(t, db, `SELECT count(*) FROM observations WHERE resolved_path = ?`, `["`+relayKey+`"]`); got != 2 {
		t.Errorf("%d paths are resolved, want 2", got)
	}
	if got := count(t, db, `SELECT advert_count FROM nodes`); got != 1 {
		t.Errorf("%d adverts counted, want 1", got)
	}
}

// forgetNode makes every node last seen long ago.
func forgetNode(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=rw&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `UPDATE nodes SET last_seen = '2026-01-01T00:00:00Z'`); err != nil {
		t.Fatal(err)
	}
}
