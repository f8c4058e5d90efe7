package ingest

import (
	"encoding/binary"
	"testing"

	"corescope-hub/decoder"
)

// hearTwice returns the records of two messages that one ingester gets.
func hearTwice(t *testing.T, first, second Message) *recorder {
	t.Helper()
	rec := new(recorder)
	in := New(rec, testKeys(t), DefaultOptions())
	deliver(t, in, first)
	deliver(t, in, second)
	if len(rec.records) != 2 {
		t.Fatalf("%d records, want 2", len(rec.records))
	}
	return rec
}

func TestAdvertIsReadOnceForAllWhoHearIt(t *testing.T) {
	t.Parallel()
	body := upper(advertFrame(appdata(0x82, []byte("Hill"))))[4:]
	rec := hearTwice(t, packet("1100"+body), packet("1101A5"+body))
	if a, b := rec.records[0].Advert, rec.records[1].Advert; a == nil || a != b {
		t.Errorf("adverts %p and %p, want one", a, b)
	}
	if a, b := rec.records[0].Observation.Hops, rec.records[1].Observation.Hops; len(a) != 0 || len(b) != 1 {
		t.Errorf("hops % x and % x, want each sighting's own", a, b)
	}
}

func TestRefusedAdvertStaysRefused(t *testing.T) {
	t.Parallel()
	frame := advertFrame(appdata(0x82, []byte("Hill")))
	frame[len(frame)-1] ^= 1 // what was signed
	rec := hearTwice(t, packet(upper(frame)), packet(upper(frame)))
	first, second := rec.records[0].Drop, rec.records[1].Drop
	if first == nil || second == nil || first.Reason != "invalid signature" || *first.NodeKey != *second.NodeKey ||
		second.Reason != first.Reason || second.Hash != first.Hash || second.NodeName != first.NodeName {
		t.Errorf("drops %+v and %+v, want the same", first, second)
	}
}

func TestTraceIsReadAnewForEachPath(t *testing.T) {
	t.Parallel()
	const body = "0102030405060708" + "00AABB"
	rec := hearTwice(t, packet("2601F0"+body), packet("260128"+body))
	if a, b := rec.records[0].Transmission, rec.records[1].Transmission; a.Hash != b.Hash || a.DecodedJSON == b.DecodedJSON {
		t.Errorf("%s says %s, %s says %s; want one hash, each its own SNR", a.Hash, a.DecodedJSON, b.Hash, b.DecodedJSON)
	}
}

// Hashes are cut to 8 bytes, so two payloads with one hash can be made.
func TestMeaningIsOfThePayloadAndNotOfItsHash(t *testing.T) {
	t.Parallel()
	frame, err := parseHex([]byte(textHex))
	if err != nil {
		t.Fatal(err)
	}
	pkt, err := decoder.Decode(frame)
	if err != nil {
		t.Fatal(err)
	}
	in := New(discard{}, nil, DefaultOptions())
	in.meanings.put(pkt.Hash(), &meaning{kind: pkt.Type(), payload: []byte("another"), decoded: "wrong"})
	if got := in.meaning(pkt); got.decoded == "wrong" {
		t.Error("took the meaning of another payload")
	}
}

func TestMeaningsAreForgotten(t *testing.T) {
	t.Parallel()
	var m meanings
	hash := func(i int) (h decoder.Hash) {
		binary.BigEndian.PutUint32(h[4:], uint32(i))
		h[0] = byte(i)
		return h
	}
	const many = 10 * rememberedMeanings
	for i := range many {
		m.put(hash(i), &meaning{})
	}
	held := 0
	for i := range m {
		held += len(m[i].young) + len(m[i].old)
	}
	if held > 2*rememberedMeanings {
		t.Errorf("%d meanings are remembered, want at most %d", held, 2*rememberedMeanings)
	}
	for i := many - rememberedMeanings; i < many; i++ {
		if m.get(hash(i)) == nil {
			t.Fatalf("the %d-th latest is forgotten", many-i)
		}
	}
}
