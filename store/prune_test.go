package store

import (
	"fmt"
	"testing"
	"time"
)

func TestPacketsGoByWhenTheyWereLastHeard(t *testing.T) {
	s := retained(t)
	put(t, s,
		packet(alpha, "old", at(ago(30))), packet(bravo, "old", at(ago(11))),
		packet(alpha, "heard again", at(ago(30))), packet(bravo, "heard again", at(ago(9))),
		packet(alpha, "edge", at(ago(10))),
		packet(alpha, "young", at(ago(1))))
	maintain(t, s)
	wantRows(t, s.path, "SELECT hash FROM transmissions ORDER BY id", "heard again", "edge", "young")
	wantRows(t, s.path, "SELECT transmission_id FROM observations ORDER BY id", "2", "2", "3", "4")
	wantUpkeep(t, s, map[string]uint64{"packets": 3})
}

// Until CoreScope has filled last_seen in, it is 0 and the observations tell.
func TestPacketWithoutLastSeenGoesByItsObservations(t *testing.T) {
	s := retained(t)
	put(t, s, packet(alpha, "old", at(ago(11))), packet(alpha, "heard again", at(ago(11))), packet(bravo, "heard again", at(ago(9))),
		packet(alpha, "unheard", at(ago(11))))
	execSQL(t, s.path, "UPDATE transmissions SET last_seen = 0; DELETE FROM observations WHERE transmission_id = 3")
	maintain(t, s)
	wantRows(t, s.path, "SELECT hash FROM transmissions", "heard again")
}

func TestPrunedPacketHeardAgainIsNew(t *testing.T) {
	s := retained(t)
	put(t, s, packet(alpha, "01", at(ago(11))), packet(alpha, "02", at(ago(1))))
	maintain(t, s)
	wantRows(t, s.path, "SELECT hash FROM transmissions", "02")
	if res, want := put(t, s, packet(alpha, "01")), (Result{TransmissionID: 3, ObservationID: 3, New: true}); res != want {
		t.Errorf("got %+v, want %+v", res, want)
	}
	if res := put(t, s, packet(bravo, "02")); res.New || res.TransmissionID != 2 {
		t.Errorf("a packet that stayed: %+v", res)
	}
	wantRows(t, s.path, "SELECT t.hash, t.first_seen FROM observations o JOIN transmissions t ON t.id = o.transmission_id ORDER BY o.id",
		"02|"+text(ago(1)), "01|"+noonText, "02|"+text(ago(1)))
}

// A packet with more observations than one piece of work may touch.
func TestPacketHeardByThousandsIsPrunedByAndBy(t *testing.T) {
	s := retained(t)
	const observers = 3*mostRows + 100
	for i := range observers {
		if err := s.Append(t.Context(), packet(fmt.Sprint(i), "01", at(ago(11))), nil); err != nil {
			t.Fatal(err)
		}
	}
	put(t, s, packet(alpha, "02"))
	maintain(t, s)
	wantRows(t, s.path, "SELECT hash FROM transmissions", "02")
	wantRows(t, s.path, "SELECT count(*) FROM observations", "1")
	if u := s.Stats().Upkeep["packets"]; u.Rows != observers+1 || u.Chores < 4 {
		t.Errorf("%d rows in %d pieces", u.Rows, u.Chores)
	}
}

// One that is heard while its observations are being deleted stays, with what
// is left of them.
func TestPacketHeardWhileItIsPrunedStays(t *testing.T) {
	p := prunePackets(ago(10))
	s := retained(t)
	for i := range 10 {
		put(t, s, packet(fmt.Sprint(i), "01", at(ago(11))))
	}
	piece := func() *chore {
		c := &chore{kind: "packets", work: p, allowance: allowance{rows: 4}, settled: make(chan error, 1)}
		if err := s.do(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := piece(); !c.more || c.allowance.changed != 4 {
		t.Fatalf("more %v, %d rows changed", c.more, c.allowance.changed)
	}
	put(t, s, packet(alpha, "01"))
	if c := piece(); c.more || c.allowance.changed != 0 {
		t.Errorf("more %v, %d rows changed", c.more, c.allowance.changed)
	}
	wantRows(t, s.path, "SELECT last_seen, (SELECT count(*) FROM observations) FROM transmissions", fmt.Sprint(noon.Unix())+"|7")
}

func TestPruneLooksAtNothingYoung(t *testing.T) {
	s := retained(t)
	for i := range 50 {
		put(t, s, packet(alpha, fmt.Sprint(i), at(noon.Add(-time.Duration(i)*time.Minute))))
	}
	c := &chore{kind: "packets", work: prunePackets(ago(10)), allowance: allowance{rows: 4}, settled: make(chan error, 1)}
	if err := s.do(t.Context(), c); err != nil || c.allowance.used != 0 || c.more {
		t.Errorf("%v, %d rows looked at, more %v", err, c.allowance.used, c.more)
	}
}
