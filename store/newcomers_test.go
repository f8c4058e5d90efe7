package store

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// What invented observers send is told apart from what is stored, and those
// that are known go on.
func TestObserversBeyondTheDaysNumberAreRefused(t *testing.T) {
	s := openTest(t, func(o *Options) { o.NewObservers = 2 })
	put(t, s, packet(alpha, "01"), packet(bravo, "01"))
	if res := put(t, s, packet("third", "02")); res != (Result{Refused: true}) {
		t.Errorf("a packet: %+v", res)
	}
	status := Record{ReceivedAt: noon, Observer: Observer{ID: "third", Heard: true}, Status: &Status{Model: "Heltec"}}
	if res := put(t, s, status); res != (Result{Refused: true}) {
		t.Errorf("a status: %+v", res)
	}
	put(t, s, packet(alpha, "03"), packet("", "03"))
	wantRows(t, s.path, "SELECT id FROM observers", alpha, bravo)
	wantRows(t, s.path, "SELECT hash FROM transmissions ORDER BY id", "01", "03")
	if st := s.Stats(); st.Refused != 2 || st.Observations != 4 || st.Reports != 3 {
		t.Errorf("%d refused, %d observations, %d reports", st.Refused, st.Observations, st.Reports)
	}
	if res := put(t, s, packet("third", "02", at(noon.Add(24*time.Hour)))); !res.New {
		t.Errorf("a day later: %+v", res)
	}
}

// The packet is as good as any other; only who sent it is not made a node.
func TestNodesBeyondTheDaysNumberAreRefused(t *testing.T) {
	s := openTest(t, func(o *Options) { o.NewNodes = 1 })
	put(t, s, announcement("01", 1))
	if res, want := put(t, s, announcement("02", 2)), (Result{TransmissionID: 2, ObservationID: 2, New: true, NodeRefused: true}); res != want {
		t.Errorf("%+v, want %+v", res, want)
	}
	put(t, s, announcement("03", 1))
	wantRows(t, s.path, "SELECT public_key, advert_count FROM nodes", keyOf(1)+"|2")
	if st := s.Stats(); st.NodesRefused != 1 || st.Adverts != 2 {
		t.Errorf("%d refused, %d adverts", st.NodesRefused, st.Adverts)
	}
	if s.writer.ledger.topology.hasNode(keyOf(2)) {
		t.Error("the refused node is meant by path hashes")
	}
}

// A batch that is taken back has let nobody in, however often it is tried.
func TestNewcomersOfFailedTransactionsDoNotCount(t *testing.T) {
	failing := true
	s := openTest(t, func(o *Options) {
		o.NewObservers = 1
		o.before = func(c *writeConn) error {
			_, err := c.exec(fmt.Sprintf("PRAGMA max_page_count = %d", map[bool]int{true: 1, false: 1 << 30}[failing]))
			return err
		}
	})
	full := packet(alpha, "01", func(r *Record) { r.Transmission.DecodedJSON = fmt.Sprintf("%01000000d", 1) })
	for range 3 {
		if _, err := try(t, s, full); !errors.Is(err, ErrNotCommitted) {
			t.Fatalf("%v, want a full disk", err)
		}
	}
	failing = false // the writer rests: nothing is queued
	put(t, s, full)
	if res := put(t, s, packet(bravo, "01")); !res.Refused {
		t.Errorf("%+v, want the second observer refused", res)
	}
}
