package store

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What the order of arrival may not change. Left out are the ids, which are
// given in that order; raw_hex, route_type and created_at of a transmission,
// which are those of the sighting that came first, as with CoreScope; and
// resolved_path and neighbour edges, which tell whom a path hash meant when it
// was stored: who adverts later was not known then.
var orderless = []string{
	`SELECT hash, first_seen, last_seen, payload_type, payload_version, decoded_json, from_pubkey, channel_hash, scope_name
		FROM transmissions ORDER BY hash`,
	`SELECT t.hash, obs.id, o.path_json, o.direction, o.snr, o.rssi, o.score, o.timestamp, o.raw_hex
		FROM observations o JOIN transmissions t ON t.id = transmission_id LEFT JOIN observers obs ON obs.rowid = observer_idx
		ORDER BY 1, 2, 3`,
	`SELECT id, packet_count, last_seen, last_packet_at FROM observers ORDER BY id`,
	`SELECT public_key, advert_count, last_seen FROM nodes ORDER BY public_key`,
}

// Property: the same messages in any order, in transactions of any size, over
// restarts and with some of them sent again, make the same rows.
func TestOrderOfArrivalDoesNotChangeRows(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(seed, 6))
			records := someRecords(rnd)
			want := rowsOf(t, rnd, records)
			for range 3 {
				again := append([]Record{}, records...)
				for range rnd.IntN(len(records)) {
					again = append(again, records[rnd.IntN(len(records))])
				}
				rnd.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
				if diff := cmp.Diff(want, rowsOf(t, rnd, again)); diff != "" {
					t.Errorf("in another order (-first +second):\n%s", diff)
				}
			}
		})
	}
}

// someRecords are packets of all kinds, each heard by some observers, and by
// nobody in particular, over some paths.
func someRecords(rnd *rand.Rand) (all []Record) {
	for n := range 12 {
		hash := fmt.Sprintf("%016x", n)
		for range 1 + rnd.IntN(8) {
			observer := []string{alpha, bravo, "C3", ""}[rnd.IntN(4)]
			hops := []byte{0x1A, 0x2B, 0x3C}[:rnd.IntN(4)]
			r := packet(observer, hash, via(1, hops...), travelled)
			if n%3 == 0 {
				r = announcement(hash, byte(n), via(1, hops...), travelled)
				r.Observer.ID = observer
			}
			// Who hears a packet twice over one path says the same of it.
			same := rand.New(rand.NewPCG(uint64(n), uint64(len(observer)*10+len(hops))))
			r.ReceivedAt = noon.Add(-time.Duration(same.IntN(3600)) * time.Second)
			r.Observation.SNR = ptr(float64(same.IntN(40)) / 4)
			r.Observation.Raw = append([]byte{byte(same.IntN(256))}, hops...)
			all = append(all, r)
		}
	}
	return all
}

// rowsOf stores the records in this order and returns the rows they make.
func rowsOf(t *testing.T, rnd *rand.Rand, records []Record) (rows []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "meshcore.db")
	for len(records) > 0 {
		s := openAt(t, path, func(o *Options) { o.MaxBatch = 1 + rnd.IntN(20) })
		for range 1 + rnd.IntN(len(records)) {
			err := s.Append(t.Context(), records[0], func(_ Result, err error) {
				if err != nil {
					t.Errorf("not stored: %v", err)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			records = records[1:]
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, query := range orderless {
		rows = append(rows, dump(t, path, query)...)
	}
	return rows
}
