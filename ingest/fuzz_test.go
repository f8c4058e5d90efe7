package ingest

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"corescope-hub/store"
)

// FuzzIngest feeds whole messages: whatever comes, there is one verdict, and
// what is stored keeps the promises of the columns.
func FuzzIngest(f *testing.F) {
	obs := "meshcore/SEA/" + alpha
	f.Add(obs+"/packets", []byte(`{"raw":"`+textHex+`","origin":"Hill","SNR":"8.5","timestamp":"2026-11-24T05:00:00"}`))
	f.Add(obs+"/packets", []byte(`{"raw":"`+upper(advertFrame(appdata(0x94, position(1, 2), []byte("S\x00\x74\x0e\xc4\x09"))))+`"}`))
	f.Add(obs+"/status", []byte(`{"status":"online","stats":{"battery_mv":1},"repeat":"on"}`))
	f.Add("meshcore/message/channel/1", []byte(`{"text":"a: b","channel_idx":1}`))
	f.Add("meshcore/SEA//packets", []byte(`{"raw":"0"}`))
	f.Add("meshcore/packets", []byte(`{"raw":"`+textHex+`","origin_id":"`+alpha+`","len":"21"}`))
	f.Add(obs+"/raw", []byte(`{"type":"RAW","data":"`+textHex+`"}`))
	f.Add(clientTopic, []byte(`{"raw":"`+relayedHex+`","direction":"rx","RSSI":"-92.7",`+gpsMember+`}`))
	in, rec := fuzzed(f)
	f.Fuzz(func(t *testing.T, topic string, payload []byte) {
		rec.records = nil
		verdict := deliver(t, in, Message{Topic: topic, Payload: payload})
		checkVerdict(t, verdict, rec.records)
	})
}

// FuzzFrame feeds frames of any bytes.
func FuzzFrame(f *testing.F) {
	f.Add(unhex(f, textHex))
	f.Add(advertFrame(appdata(0xF4, position(1, 2), []byte{1, 0, 2, 0}, []byte("S\x00\x74\x0e\xc4\x09"))))
	f.Add(groupTextFrame(f, "Al: hi"))
	f.Add(groupFrame(f, 6, []byte{1, 0, 3, 1, 2, 3}))
	for _, s := range []string{"2602F028010203040506070803AABBCCDDEEFF0011", "2A0013010203040506", "2E0092F04433221101020304050607080910",
		"0B3414000000A1B2C3D435F60718", "1D01AA" + strings.Repeat("07", 40), "3D00AA", "3500AA", "2101AA0102030405", "0E000102030405"} {
		f.Add(unhex(f, s))
	}
	in, rec := fuzzed(f)
	f.Fuzz(func(t *testing.T, frame []byte) {
		if len(frame) == 0 {
			return // no "raw" at all
		}
		rec.records, in.drops.kept = nil, nil // a new hour: refused packets are kept
		verdict := deliver(t, in, packet(hex.EncodeToString(frame)))
		if len(rec.records) != 1 {
			t.Fatalf("%d records for a packet, want 1: %+v", len(rec.records), verdict)
		}
		checkVerdict(t, verdict, rec.records)
		if tx := rec.records[0].Transmission; tx != nil {
			checkKeyOrder(t, tx.DecodedJSON)
		}
	})
}

func fuzzed(f *testing.F) (*Ingester, *recorder) {
	rec := new(recorder)
	opts := Options{ // signatures off: fuzzing cannot sign
		Regions:          []string{"#us-wa"},
		Geo:              GeoFilter{Polygon: square, BufferKm: 10},
		ClientReceptions: true,
	}
	return New(rec, testKeys(f), opts), rec
}

func checkVerdict(t *testing.T, verdict Verdict, records []store.Record) {
	t.Helper()
	switch {
	case verdict.Outcome == Stored:
		if len(records) != 1 || verdict.Reason != "" {
			t.Fatalf("verdict %+v with %d records", verdict, len(records))
		}
		checkRecord(t, records[0])
	case verdict.Outcome != Passed && verdict.Outcome != Worthless, verdict.Reason == "":
		t.Fatalf("verdict %+v", verdict)
	case len(records) == 1:
		if r := records[0]; r.Drop == nil || r.Transmission != nil || r.Drop.Reason == "" || len(r.Drop.RawHex) > maxDropHex {
			t.Fatalf("verdict %+v with record %+v", verdict, r)
		}
	}
}

func checkRecord(t *testing.T, r store.Record) {
	t.Helper()
	if r.Reception != nil {
		checkClientReception(t, r)
		return
	}
	if o := r.Observer; len(o.ID) > maxObserverID || utf8.RuneCountInString(o.Name) > maxOrigin || len(o.IATA) > maxRegion || o.IATA != strings.ToUpper(o.IATA) {
		t.Errorf("observer %+v", o)
	}
	if (r.Transmission == nil) != (r.Observation == nil) || (r.Transmission == nil) == (r.Status == nil) || r.Drop != nil {
		t.Errorf("record %+v", r)
	}
	if r.Advert != nil && (!utf8.ValidString(r.Advert.Name) || len(r.Advert.Name) > maxNodeName || r.Advert.Role == "") {
		t.Errorf("node %+v", r.Advert)
	}
	if r.Transmission == nil {
		return
	}
	if _, err := hex.DecodeString(r.Transmission.Hash); err != nil || len(r.Transmission.Hash) != 16 {
		t.Errorf("hash %q", r.Transmission.Hash)
	}
	if o := r.Observation; len(o.Hops) > 0 && len(o.Hops)%o.HopSize != 0 {
		t.Errorf("%d path bytes in hops of %d", len(o.Hops), o.HopSize)
	}
	for _, a := range r.Adjacent {
		for _, p := range []store.Party{a.A, a.B} {
			if (p.Key == "") == (p.PathHash == nil) || len(p.PathHash) > 3 || p.Key != strings.ToLower(p.Key) {
				t.Errorf("party %+v", p)
			}
		}
	}
}

func checkClientReception(t *testing.T, r store.Record) {
	t.Helper()
	c := r.Reception
	if r.Transmission != nil || r.Observation != nil || r.Advert != nil || r.Status != nil || r.Drop != nil || r.Observer != (store.Observer{}) {
		t.Errorf("record %+v holds more than the reception", r)
	}
	if heard, err := hex.DecodeString(c.HeardKey); err != nil || len(heard) != c.HeardKeyLen || len(heard) < minHeardHash || (len(heard) == 32) != c.FromAdvert {
		t.Errorf("heard %q of %d bytes, from an advert: %v", c.HeardKey, c.HeardKeyLen, c.FromAdvert)
	}
	if math.Abs(c.Lat) > 90 || math.Abs(c.Lon) > 180 || c.HeardAt.After(r.ReceivedAt) || r.ReceivedAt.Sub(c.HeardAt) > maxBehind {
		t.Errorf("reception %+v, received at %v", c, r.ReceivedAt)
	}
	if n := len(c.Client); n < 2 || n > 64 || !isHex(c.Client) || utf8.RuneCountInString(c.ClientName) > maxOrigin {
		t.Errorf("client %q %q", c.Client, c.ClientName)
	}
}
