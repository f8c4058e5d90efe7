package decoder_test

import (
	"encoding/hex"
	"fmt"
	"testing"

	"corescope-hub/decoder"
	"corescope-hub/decoder/decodertest"
)

func frame(t testing.TB, name string) []byte {
	t.Helper()
	for v := range decodertest.Vectors(t) {
		if v.Name == name {
			raw, err := hex.DecodeString(v.Hex)
			if err != nil {
				t.Fatal(err)
			}
			return raw
		}
	}
	t.Fatalf("no vector is called %q", name)
	return nil
}

func benchmarkDecode(b *testing.B, name string) {
	raw := frame(b, name)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decoder.Decode(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeAdvert(b *testing.B)    { benchmarkDecode(b, "advert_feat1_feat2_loc_name") }
func BenchmarkDecodeFlood(b *testing.B)     { benchmarkDecode(b, "txt_no_keys") }
func BenchmarkDecodeScopedAck(b *testing.B) { benchmarkDecode(b, "frame_transport_flood_both_codes") }
func BenchmarkDecodeTrace(b *testing.B)     { benchmarkDecode(b, "trace_complete") }
func BenchmarkDecodeDiscovery(b *testing.B) { benchmarkDecode(b, "control_discover_resp_full") }

func BenchmarkPacketHash(b *testing.B) {
	p, err := decoder.Decode(frame(b, "advert_feat1_feat2_loc_name"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		p.Hash()
	}
}

func BenchmarkVerify(b *testing.B) {
	p, err := decoder.Decode(frame(b, "advert_feat1_feat2_loc_name"))
	if err != nil {
		b.Fatal(err)
	}
	a := p.Payload.(*decoder.Advert)
	b.ReportAllocs()
	for b.Loop() {
		if !a.Verify() {
			b.Fatal("signature does not verify")
		}
	}
}

// A packet of a channel that is not ours costs the same however many keys we
// hold, unless they share its channel hash.
func BenchmarkGroupTextNoKey(b *testing.B) {
	p, err := decoder.Decode(frame(b, "grp_txt_no_key"))
	if err != nil {
		b.Fatal(err)
	}
	g := p.Payload.(*decoder.GroupText)
	for _, n := range []int{1, 300} {
		b.Run(fmt.Sprintf("keys=%d", n), func(b *testing.B) {
			keys, err := decoder.NewKeyring(strangers(n, g.ChannelHash)...)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := keys.OpenText(g); ok {
					b.Fatal("opened with a stranger's key")
				}
			}
		})
	}
}

func BenchmarkGroupTextOpen(b *testing.B) {
	p, err := decoder.Decode(frame(b, "grp_txt_hashtag"))
	if err != nil {
		b.Fatal(err)
	}
	g := p.Payload.(*decoder.GroupText)
	keys, err := decoder.NewKeyring(append(strangers(300, g.ChannelHash), decoder.HashtagChannel("#bergen"))...)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := keys.OpenText(g); !ok {
			b.Fatal("did not open")
		}
	}
}

// strangers makes n channels of which none has the channel hash.
func strangers(n int, hash uint8) []decoder.Channel {
	var cs []decoder.Channel
	for i := 0; len(cs) < n; i++ {
		if c := decoder.HashtagChannel(fmt.Sprint("stranger", i)); c.Hash() != hash {
			cs = append(cs, c)
		}
	}
	return cs
}
