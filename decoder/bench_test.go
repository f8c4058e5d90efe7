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
func BenchmarkDecodeGroupText(b *testing.B) {
	raw := frame(b, "grp_txt_no_key")
	for _, n := range []int{1, 300} {
		b.Run(fmt.Sprintf("keys=%d", n), func(b *testing.B) {
			keys := keyring(b, strangers(n, raw[2])...)
			b.ReportAllocs()
			for b.Loop() {
				p, err := decoder.Decode(raw)
				if err != nil {
					b.Fatal(err)
				}
				if _, ok := keys.OpenText(p.Payload.(*decoder.GroupText)); ok {
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
	keys := keyring(b, append(strangers(300, g.ChannelHash), decoder.HashtagChannel("#bergen"))...)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := keys.OpenText(g); !ok {
			b.Fatal("did not open")
		}
	}
}

// A box between two nodes costs one X25519 for each pair of nodes that its two
// hash bytes may name.
func BenchmarkOpenText(b *testing.B) {
	me, peer := identity(b, 1), identity(b, 2)
	t := &decoder.Text{Sealed: seal(me.secretWith(b, peer.PublicKey()), peer.PublicKey(), me.PublicKey(), plainHello)}
	book := decoder.NewAddressBook([]*decoder.Identity{me.Identity}, peer.PublicKey())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := book.OpenText(t); err != nil {
			b.Fatal(err)
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
