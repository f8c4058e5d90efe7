package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
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
		hops      int // of nodes that are known; 0: three of strangers
	}{
		{"each packet once", 0, 1, false, 0},
		{"four sightings", 0, 4, false, 0},
		{"four sightings of adverts", 0, 4, true, 0},
		{"four sightings, commits 250ms apart", 250 * time.Millisecond, 4, false, 0},
		{"four sightings over known relays", 0, 4, false, 3},
		{"four sightings over 63 known relays", 0, 4, false, 63},
	} {
		b.Run(bc.name, func(b *testing.B) {
			opts := DefaultOptions()
			opts.CommitInterval = bc.interval
			path := filepath.Join(b.TempDir(), "bench.db")
			if bc.hops > 0 {
				makeBenchNodes(b, path, opts)
			}
			benchAppend(b, path, opts, func(i int) Record {
				r := benchRecord(i, bc.sightings, bc.advert)
				if bc.hops > 0 {
					relayed(&r, i, bc.hops)
				}
				return r
			})
		})
	}
}

// relayed gives r a path over nodes that are known and ends at its observer.
func relayed(r *Record, i, hops int) {
	o := r.Observation
	o.Hops, o.HopSize, o.Travelled = make([]byte, hops), 1, true
	for j := range hops {
		o.Hops[j] = byte(i/4*7 + j)
	}
	r.Adjacent = []Adjacency{{Party{Key: strings.ToLower(r.Observer.ID)}, Party{PathHash: o.Hops[hops-1:]}}}
}

func benchAppend(b *testing.B, path string, opts Options, record func(i int) Record) {
	s, err := Open(b.Context(), path, opts)
	if err != nil {
		b.Fatal(err)
	}
	failed, written := 0, writtenBytes()
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
	b.ReportMetric(float64(writtenBytes()-written)/float64(b.N), "written-B/op")
	// A commit flushes the WAL; a checkpoint that, and the database file.
	b.ReportMetric(float64(stats.Commits+2*stats.Checkpoints)/float64(b.N), "fsyncs/op")
}

// makeBenchNodes makes a database with one node for each first byte.
func makeBenchNodes(b *testing.B, path string, opts Options) {
	s, err := Open(b.Context(), path, opts)
	if err != nil {
		b.Fatal(err)
	}
	for i := range 256 {
		r := benchRecord(0, 1, true)
		r.Transmission.Hash = fmt.Sprintf("node%012x", i)
		r.Advert.PublicKey = [32]byte{byte(i), 1}
		if err := s.Append(b.Context(), r, nil); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
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
			Direction: ptr("rx"), SNR: &snr, RSSI: &rssi, Score: &score,
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
