package store

import (
	"fmt"
	"testing"
)

// putPaths stores packets, each heard on paths of 60 hops.
func putPaths(t *testing.T, s *Store, packets, paths int) {
	t.Helper()
	left := make(chan error, packets*paths)
	for i := range packets {
		for k := range paths {
			r := packet(alpha, fmt.Sprintf("%016x", i))
			hops := make([]byte, 60)
			hops[0], hops[1] = byte(k), byte(k>>8)
			r.Observation.Hops, r.Observation.HopSize = hops, 1
			if err := s.Append(t.Context(), r, func(_ Result, err error) { left <- err }); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range packets * paths {
		if err := <-left; err != nil {
			t.Fatal(err)
		}
	}
}

func hopsOf(packets []PacketRow) (n int) {
	for i := range packets {
		for k := range packets[i].Observations {
			n += len(packets[i].Observations[k].Path)
		}
	}
	return n
}

// Whoever sends the same packets by ever new paths would otherwise decide how
// much memory a page takes: 500 packets of 64 paths are two million hops.
func TestPacketsEndWhereTheirPathsGetTooMany(t *testing.T) {
	s := openTest(t)
	const n = 20
	putPaths(t, s, n, maxPacketObservations)
	seen := map[int64]bool{}
	pages := 0
	for before := int64(0); pages == 0 || before > 0; pages++ {
		packets, next, err := s.Packets(t.Context(), PacketFilter{Before: before, Limit: 500})
		if err != nil || len(packets) == 0 {
			t.Fatalf("%d packets, %v", len(packets), err)
		}
		if hops := hopsOf(packets); hops > maxHops {
			t.Errorf("page %d has %d hops", pages+1, hops)
		}
		for i := range packets {
			if p := &packets[i]; seen[p.ID] || len(p.Observations) != maxPacketObservations {
				t.Errorf("packet %d: again: %t, %d observations", p.ID, seen[p.ID], len(p.Observations))
			}
			seen[packets[i].ID] = true
		}
		before = next
	}
	if len(seen) != n || pages != 3 {
		t.Errorf("%d packets on %d pages, want %d on 3", len(seen), pages, n)
	}
}

func TestTouchedPacketsGoOnWhereTheirPathsGotTooMany(t *testing.T) {
	s := openTest(t)
	const n = 5
	putPaths(t, s, n, maxPacketObservations)
	seen := map[int64]bool{}
	for id := int64(0); id < s.LastObservation(); {
		packets, last, err := s.PacketsTouchedAfter(t.Context(), id, 1000)
		if err != nil || last <= id {
			t.Fatalf("from %d to %d, %v", id, last, err)
		}
		if hops := hopsOf(packets); hops > maxTouchedHops {
			t.Errorf("%d packets with %d hops", len(packets), hops)
		}
		for i := range packets {
			seen[packets[i].ID] = true
		}
		id = last
	}
	if len(seen) != n {
		t.Errorf("%d packets, want %d", len(seen), n)
	}
}

func TestPacketHeardMoreThanIsListedShowsWhoHeardItFirst(t *testing.T) {
	s := openTest(t)
	putPaths(t, s, 1, maxPacketObservations+6)
	packets, _, err := s.Packets(t.Context(), PacketFilter{Limit: 10})
	if err != nil || len(packets) != 1 {
		t.Fatalf("%d packets, %v", len(packets), err)
	}
	heard := packets[0].Observations
	if len(heard) != maxPacketObservations {
		t.Fatalf("%d observations", len(heard))
	}
	for i := range heard {
		if heard[i].ID != int64(i+1) {
			t.Errorf("observation %d at place %d", heard[i].ID, i)
		}
	}
}
