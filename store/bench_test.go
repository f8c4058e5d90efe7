package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkAppend measures the whole way of a record: queue, rows, commit, ack.
// Twenty observers report each packet four times, as a busy mesh does.
func BenchmarkAppend(b *testing.B) {
	for _, bc := range []struct {
		name      string
		interval  time.Duration
		sightings int
		advert    bool
	}{
		{"each packet once", 0, 1, false},
		{"four sightings", 0, 4, false},
		{"four sightings of adverts", 0, 4, true},
		{"four sightings, commits 250ms apart", 250 * time.Millisecond, 4, false},
	} {
		b.Run(bc.name, func(b *testing.B) {
			opts := DefaultOptions()
			opts.CommitInterval = bc.interval
			benchAppend(b, opts, func(i int) Record { return benchRecord(i, bc.sightings, bc.advert) })
		})
	}
}

func benchAppend(b *testing.B, opts Options, record func(i int) Record) {
	s, err := Open(b.Context(), filepath.Join(b.TempDir(), "bench.db"), opts)
	if err != nil {
		b.Fatal(err)
	}
	failed := 0
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		err := s.Append(context.Background(), record(i), func(_ Result, err error) {
			if err != nil {
				failed++
			}
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	if failed > 0 {
		b.Fatalf("%d records not stored", failed)
	}
	stats := s.Stats()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(b.N)/float64(stats.Commits), "records/commit")
}

// benchRecord is the i-th of a flow of records, each packet heard by several
// observers in turn, over paths of three hops.
func benchRecord(i, sightings int, advert bool) Record {
	packet := i / sightings
	raw := make([]byte, 80)
	binary.LittleEndian.PutUint64(raw, uint64(packet)*0x9E3779B97F4A7C15)
	snr, rssi, score := 8.5, -92.0, int64(i%1000)
	r := Record{
		ReceivedAt: time.Unix(1795547915+int64(i/1000), 0),
		Observer:   Observer{ID: fmt.Sprintf("%064X", i%20), Name: "Obs", IATA: "SEA", Heard: true},
		Transmission: &Transmission{
			Hash: fmt.Sprintf("%016x", raw[:8]), Raw: raw, RouteType: 1, PayloadType: 2,
			DecodedJSON: `{"type":"TXT_MSG","destHash":"a1","srcHash":"b2","mac":"c3d4","encryptedData":"01f60718293a4b5c6d7e8f90112201f60718293a4b5c6d7e8f901122"}`,
		},
		Observation: &Observation{
			Direction: "rx", SNR: &snr, RSSI: &rssi, Score: &score,
			Hops: []byte{0x1A, 0x2B, byte(i)}, HopSize: 1, Raw: raw,
		},
	}
	if advert {
		key := [32]byte{byte(packet), byte(packet >> 3 & 1)}
		lat, lon := 47.6062, -122.3321
		r.Transmission.PayloadType, r.Transmission.From = 4, &key
		r.Advert = &NodeAdvert{PublicKey: key, Name: "Rep One", Role: "repeater", Lat: &lat, Lon: &lon}
	}
	return r
}
