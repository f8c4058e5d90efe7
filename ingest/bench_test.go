package ingest

import (
	"fmt"
	"testing"
)

// benchMessage is what meshcoretomqtt publishes of an advert over two hops: 472
// bytes of JSON.
func benchMessage() Message {
	frame := advertFrame(appdata(0x92, position(47606200, -122332100), []byte("Rep One One")))
	frame = append([]byte{0x11, 0x02, 0xA5, 0x5C}, frame[2:]...)
	return packets(fmt.Sprintf(`{"origin":"Obs Alphas","origin_id":%q,"timestamp":"2026-11-24T19:18:35.000000","type":"PACKET",`+
		`"direction":"rx","raw":"%s","SNR":"8.5","RSSI":"-92","score":"971"}`, alpha, upper(frame)))
}

func BenchmarkIngestAdvert(b *testing.B) {
	benchmarkIngest(b, benchMessage(), DefaultOptions())
}

func BenchmarkIngestAdvertUnverified(b *testing.B) {
	benchmarkIngest(b, benchMessage(), Options{})
}

func BenchmarkIngestText(b *testing.B) { benchmarkIngest(b, packet(textHex), DefaultOptions()) }

func benchmarkIngest(b *testing.B, m Message, opts Options) {
	in := New(discard{}, testKeys(b), opts)
	m.Received = noon
	b.SetBytes(int64(len(m.Payload)))
	b.ReportAllocs()
	for b.Loop() {
		in.Ingest(b.Context(), m, nil)
	}
	if got := in.Stats(); got.Stored != got.Received || got.Stored == 0 {
		b.Fatalf("%+v", got.Counts)
	}
}

func BenchmarkEnvelope(b *testing.B) {
	payload := benchMessage().Payload
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	var env envelope
	for b.Loop() {
		if !env.parse(payload) {
			b.Fatal("refused")
		}
	}
}
