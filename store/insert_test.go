package store

import (
	"math"
	"testing"
	"time"
)

const (
	allTransmissions = `SELECT id, raw_hex, hash, first_seen, route_type, payload_type, payload_version, decoded_json,
		from_pubkey, last_seen, created_at, channel_hash, scope_name FROM transmissions ORDER BY id`
	allObservations = `SELECT id, transmission_id, observer_idx, direction, snr, rssi, score, path_json, timestamp,
		resolved_path, raw_hex FROM observations ORDER BY id`
)

func TestPacketIsWrittenAsCoreScopeReadsIt(t *testing.T) {
	s := openTest(t)
	key := [32]byte{0xAB, 31: 0xCD}
	res := put(t, s, packet(alpha, "f2e3e1ad0e5708cd", func(r *Record) {
		r.Transmission.PayloadType, r.Transmission.From = 4, &key
		r.Transmission.ChannelHash, r.Transmission.ScopeName = "#public", ptr("")
	}))
	if want := (Result{TransmissionID: 1, ObservationID: 1, New: true}); res != want {
		t.Errorf("got %+v, want %+v", res, want)
	}
	wantRows(t, s.path, allTransmissions, `1|09021A2BFF|f2e3e1ad0e5708cd|2026-11-24T12:00:00Z|1|4|0|{"type":"TXT_MSG"}|`+
		`ab000000000000000000000000000000000000000000000000000000000000cd|1795521600|2026-11-24 12:00:00|#public|`)
	wantRows(t, s.path, allObservations, `1|1|1|rx|8.5|-92|1000|["1A","2B"]|1795521600|NULL|09021A2BFF`)
	wantRows(t, s.path, "SELECT id FROM observers WHERE rowid = 1", alpha)
}

func TestWhatAPacketLacksIsNull(t *testing.T) {
	s := openTest(t)
	put(t, s, packet("", "01", func(r *Record) {
		r.Transmission = &Transmission{Hash: "01", RouteType: 1, PayloadType: 5}
		r.Observation = &Observation{SNR: ptr(math.NaN()), RSSI: ptr(math.Inf(1))}
	}))
	// raw_hex of a transmission may not be NULL: it is ''.
	wantRows(t, s.path, allTransmissions, `1||01|2026-11-24T12:00:00Z|1|5|0|NULL|NULL|1795521600|2026-11-24 12:00:00|NULL|NULL`)
	wantRows(t, s.path, allObservations, `1|1|NULL|NULL|NULL|NULL|NULL|[]|1795521600|NULL|NULL`)
	wantRows(t, s.path, "SELECT count(*) FROM observers", "0")
}

func TestPathIsUpperHexHops(t *testing.T) {
	for want, r := range map[string]Record{
		`[]`:                      packet(alpha, "01", via(7)),
		`["0F","A0"]`:             packet(alpha, "02", via(1, 0x0F, 0xA0)),
		`["1A2B","3C4D"]`:         packet(alpha, "03", via(2, 0x1A, 0x2B, 0x3C, 0x4D)),
		`["1A2B3C"]`:              packet(alpha, "04", via(3, 0x1A, 0x2B, 0x3C)),
		`["AABBCCDD","EEFF0011"]`: packet(alpha, "05", via(4, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0, 0x11)),
	} {
		s := openTest(t)
		put(t, s, r)
		wantRows(t, s.path, "SELECT path_json FROM observations", want)
	}
}

func TestFirstSightingOfATransmissionStays(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"))
	res := put(t, s, packet(bravo, "01", at(noon.Add(3*time.Second)), func(r *Record) {
		r.Transmission.Raw, r.Observation.Raw = []byte{1}, []byte{2}
		r.Transmission.RouteType, r.Transmission.DecodedJSON = 2, "{}"
	}))
	if want := (Result{TransmissionID: 1, ObservationID: 2}); res != want {
		t.Errorf("got %+v, want %+v", res, want)
	}
	wantRows(t, s.path, allTransmissions,
		`1|09021A2BFF|01|2026-11-24T12:00:00Z|1|2|0|{"type":"TXT_MSG"}|NULL|1795521603|2026-11-24 12:00:00|NULL|NULL`)
	wantRows(t, s.path, "SELECT raw_hex, timestamp FROM observations", "09021A2BFF|1795521600", "02|1795521603")
}

func TestTransmissionTimesSpanItsSightings(t *testing.T) {
	early, late := noon.Add(-time.Minute), noon.Add(time.Minute)
	records := []Record{
		packet(alpha, "01"), packet(bravo, "01", at(late)), packet("C3", "01", at(early)), packet("D4", "01", at(noon.Add(time.Second))),
	}
	const query = "SELECT first_seen, last_seen FROM transmissions"
	want := "2026-11-24T11:59:00Z|1795521660"
	t.Run("one by one", func(t *testing.T) {
		s := openTest(t)
		put(t, s, records...)
		wantRows(t, s.path, query, want)
	})
	t.Run("together", func(t *testing.T) {
		s, g := openGated(t)
		putTogether(t, s, g, records...)
		wantRows(t, s.path, query, want)
	})
	t.Run("not remembered", func(t *testing.T) {
		s := openTest(t)
		for _, r := range records {
			put(t, s, r)
			execSQL(t, s.path, "UPDATE _async_migrations SET error = NULL") // another writer: the hub forgets
		}
		wantRows(t, s.path, query, want)
	})
}

func TestRepeatMergesIntoItsObservation(t *testing.T) {
	for name, observer := range map[string]string{"an observer": alpha, "nobody": ""} {
		t.Run(name, func(t *testing.T) {
			s := openTest(t)
			put(t, s, packet(observer, "01", func(r *Record) { r.Observation.SNR, r.Observation.Score = nil, nil }))
			res := put(t, s, packet(observer, "01", at(noon.Add(time.Minute)), func(r *Record) {
				r.Observation = &Observation{Direction: ptr("tx"), SNR: ptr(3.25), Score: ptr(int64(7)), Hops: []byte{0x1A, 0x2B}, HopSize: 1, Raw: []byte{0xAA}}
			}))
			if want := (Result{TransmissionID: 1, ObservationID: 1, Duplicate: true}); res != want {
				t.Errorf("got %+v, want %+v", res, want)
			}
			wantRows(t, s.path, "SELECT id, direction, snr, rssi, score, timestamp, raw_hex FROM observations", "1|rx|3.25|-92|7|1795521600|AA")
			wantRows(t, s.path, "SELECT last_seen FROM transmissions", "1795521660")
			// The id that was not used is used next.
			if res := put(t, s, packet(observer, "02")); res.ObservationID != 2 {
				t.Errorf("next observation is %d, want 2", res.ObservationID)
			}
		})
	}
}

func TestOtherPathOrObserverIsAnotherObservation(t *testing.T) {
	s := openTest(t)
	put(t, s,
		packet(alpha, "01"), packet(alpha, "01", via(1, 0x1A)), packet(alpha, "01", via(2, 0x1A, 0x2B)), packet(alpha, "01", via(1)),
		packet(bravo, "01"), packet("", "01"), packet("", "01", via(1)))
	wantRows(t, s.path, "SELECT id, transmission_id, observer_idx, path_json FROM observations",
		`1|1|1|["1A","2B"]`, `2|1|1|["1A"]`, `3|1|1|["1A2B"]`, `4|1|1|[]`, `5|1|2|["1A","2B"]`, `6|1|NULL|["1A","2B"]`, `7|1|NULL|[]`)
}

func TestRepeatsInOneTransactionAreOneObservation(t *testing.T) {
	s, g := openGated(t)
	putTogether(t, s, g, packet(alpha, "01"), packet(alpha, "01"), packet("", "02"), packet("", "02"))
	wantRows(t, s.path, "SELECT id, transmission_id FROM observations", "1|1", "2|2")
}

func TestFractionInScoreOfAnAdoptedFileIsReadRounded(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"))
	execSQL(t, s.path, "UPDATE observations SET score = 0.75")
	rows, err := s.ObservationsAfter(t.Context(), 0, 1)
	if err != nil || len(rows) != 1 || *rows[0].Score != 1 {
		t.Errorf("got %+v, %v", rows, err)
	}
}
