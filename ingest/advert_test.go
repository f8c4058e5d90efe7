package ingest

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"corescope-hub/store"
)

// advert ingests an advert with this appdata.
func advert(t *testing.T, opts Options, appdata []byte) (*store.Record, Verdict) {
	t.Helper()
	return ingestOne(t, opts, packet(upper(advertFrame(appdata))))
}

func TestNodeOfAdvert(t *testing.T) {
	t.Parallel()
	const full = 0x10 | 0x20 | 0x40 | 0x80
	features := []byte{1, 0, 2, 0}
	tests := []struct {
		name    string
		appdata []byte
		want    store.NodeAdvert
	}{
		{"no appdata", nil, store.NodeAdvert{Role: "companion"}},
		{"flags only", appdata(0x00), store.NodeAdvert{Role: "none"}},
		{"companion", appdata(0x81, []byte("Comp")), store.NodeAdvert{Role: "companion", Name: "Comp"}},
		{"repeater with all fields", appdata(full|2, position(47606200, -122332100), features, []byte("Rep")),
			store.NodeAdvert{Role: "repeater", Name: "Rep", Lat: ptr(47.6062), Lon: ptr(-122.3321)}},
		{"room", appdata(0x83, []byte("Room")), store.NodeAdvert{Role: "room", Name: "Room"}},
		{"a role to come", appdata(0x8F, []byte("F")), store.NodeAdvert{Role: "type-15", Name: "F"}},
		{"at the pole and the date line", appdata(0x12, position(-90000000, 180000000)), store.NodeAdvert{Role: "repeater", Lat: ptr(-90.0), Lon: ptr(180.0)}},
		{"a name to its NUL", appdata(0x82, []byte("Hill\x00junk")), store.NodeAdvert{Role: "repeater", Name: "Hill"}},
		{"control characters", appdata(0x82, []byte("a\x1b[31mb\tc\nd\re\x7f")), store.NodeAdvert{Role: "repeater", Name: "a[31mb\tc\nde"}},
		{"bytes that are no UTF-8", appdata(0x82, []byte("a\xffb")), store.NodeAdvert{Role: "repeater", Name: "a\ufffdb"}},
		{"a sensor's readings", appdata(0x84, []byte("S\x00\x74\x0e\xc4\x09")),
			store.NodeAdvert{Role: "sensor", Name: "S", BatteryMV: ptr(int64(3700)), TemperatureC: ptr(25.0)}},
		{"behind several NULs", appdata(0x84, []byte("S\x00\x00\x00\x74\x0e\x78\xec")),
			store.NodeAdvert{Role: "sensor", Name: "S", BatteryMV: ptr(int64(3700)), TemperatureC: ptr(-50.0)}},
		{"behind all fields", appdata(full|4, position(0, 0), features, []byte("S\x00\x10\x27\x10\x27")),
			store.NodeAdvert{Role: "sensor", Name: "S", Lat: ptr(0.0), Lon: ptr(0.0), BatteryMV: ptr(int64(10000)), TemperatureC: ptr(100.0)}},
		{"of a sensor without a name", appdata(0x04, []byte("\x74\x0e\xc4\x09")),
			store.NodeAdvert{Role: "sensor", BatteryMV: ptr(int64(3700)), TemperatureC: ptr(25.0)}},
		{"implausible readings", appdata(0x84, []byte("S\x00\x11\x27\x11\x27")), store.NodeAdvert{Role: "sensor", Name: "S"}},
		{"cut readings", appdata(0x84, []byte("S\x00\x74\x0e\xc4")), store.NodeAdvert{Role: "sensor", Name: "S"}},
		{"another role has none", appdata(0x82, []byte("S\x00\x74\x0e\xc4\x09")), store.NodeAdvert{Role: "repeater", Name: "S"}},
		{"what is beyond 32 bytes does not count", appdata(0x84, []byte(strings.Repeat("n", 29)+"\x00\x74\x0e\xc4\x09")),
			store.NodeAdvert{Role: "sensor", Name: strings.Repeat("n", 29)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec, verdict := advert(t, DefaultOptions(), tt.appdata)
			if rec == nil || rec.Advert == nil {
				t.Fatalf("no node: %+v", verdict)
			}
			copy(tt.want.PublicKey[:], nodeKey()[32:])
			if got, want := show(rec.Advert), show(tt.want); got != want {
				t.Errorf("node\n got %s\nwant %s", got, want)
			}
			if rec.Transmission.From == nil || *rec.Transmission.From != tt.want.PublicKey {
				t.Errorf("from %v", rec.Transmission.From)
			}
		})
	}
}

func TestNamesEndAtACharacter(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, sent, want string }{
		{"the last character cut by the limit", "Summit of the long mountain 🏔️", "Summit of the long mountain "},
		{"the last character cut by the sender", "Summit of the long mountain \xf0\x9f\x8f", "Summit of the long mountain "},
		{"the last character just fits", "Summit of the long peaks ééé", "Summit of the long peaks ééé"},
		{"cut where nothing forced it", "Hill \xf0\x9f", "Hill \ufffd\ufffd"},
		{"bytes that are no UTF-8 take three", strings.Repeat("\xff", 31), strings.Repeat("\ufffd", 10)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec, verdict := advert(t, DefaultOptions(), appdata(0x82, []byte(tt.sent)))
			if rec == nil || rec.Advert == nil {
				t.Fatalf("no node: %+v", verdict)
			}
			got := rec.Advert.Name
			if !utf8.ValidString(got) || len(got) > maxNodeName || got != tt.want {
				t.Errorf("name %q (%d bytes), want %q", got, len(got), tt.want)
			}
		})
	}
}

func TestImpossibleAdvertIsDropped(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		appdata []byte
		reason  string
	}{
		{"too far north", appdata(0x92, position(90000001, 0), []byte("N")), "invalid latitude 90.000001"},
		{"too far south", appdata(0x92, position(-90000001, 0), []byte("N")), "invalid latitude -90.000001"},
		{"too far east", appdata(0x92, position(0, 180000001), []byte("N")), "invalid longitude 180.000001"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec, verdict := advert(t, DefaultOptions(), tt.appdata)
			if verdict.Reason != ReasonBadAdvert || rec == nil || rec.Drop == nil || rec.Transmission != nil || rec.Advert != nil {
				t.Fatalf("verdict %+v, record %+v", verdict, rec)
			}
			if d := rec.Drop; d.Reason != tt.reason || d.NodeName != "N" || d.NodeKey == nil || len(d.Hash) != 16 {
				t.Errorf("drop %+v", d)
			}
		})
	}
	zero := advertFrame(appdata(0x82, []byte("Z")))
	clear(zero[2:34])
	if rec, verdict := ingestOne(t, DefaultOptions(), packet(upper(zero))); verdict.Reason != ReasonBadAdvert || rec.Drop == nil {
		t.Errorf("a key of zeros: %+v", verdict)
	}
}

func TestSignatureCoversTheFirst32BytesOfAppdata(t *testing.T) {
	t.Parallel()
	long := appdata(0x82, []byte(strings.Repeat("n", 40)))
	rec, verdict := advert(t, DefaultOptions(), long)
	if verdict.Outcome != Stored || rec.Advert == nil || rec.Advert.Name != strings.Repeat("n", 31) {
		t.Errorf("verdict %+v, record %+v", verdict, rec)
	}
}

func TestForgedAdvert(t *testing.T) {
	t.Parallel()
	forged := advertFrame(appdata(0x82, []byte("Forger")))
	forged[50] ^= 1
	rec, verdict := ingestOne(t, DefaultOptions(), packet(upper(forged)))
	if verdict.Reason != ReasonBadSignature || rec.Drop == nil || rec.Drop.Reason != "invalid signature" || rec.Drop.NodeName != "Forger" {
		t.Errorf("verdict %+v, record %+v", verdict, rec)
	}
	rec, verdict = ingestOne(t, Options{}, packet(upper(forged)))
	if verdict.Outcome != Stored || rec.Advert == nil || strings.Contains(rec.Transmission.DecodedJSON, "signatureValid") {
		t.Errorf("with signatures off: verdict %+v, record %+v", verdict, rec)
	}
}

func TestTruncatedAppdataIsStoredWithoutNode(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{
		"cut position":     appdata(0x92, []byte{1, 2}),
		"cut feature":      appdata(0x22, []byte{1}),
		"position missing": appdata(0x10),
	} {
		t.Run(name, func(t *testing.T) {
			rec, verdict := advert(t, DefaultOptions(), data)
			if verdict.Outcome != Stored || rec.Advert != nil || rec.Transmission == nil || rec.Transmission.From == nil {
				t.Fatalf("verdict %+v, record %+v", verdict, rec)
			}
			var form struct {
				PubKey, Error, Name string
				SignatureValid      bool
				Lat                 *float64
			}
			if err := json.Unmarshal([]byte(rec.Transmission.DecodedJSON), &form); err != nil {
				t.Fatal(err)
			}
			if form.Error == "" || !form.SignatureValid || len(form.PubKey) != 64 || form.Lat != nil || form.Name != "" {
				t.Errorf("decoded_json %s", rec.Transmission.DecodedJSON)
			}
		})
	}
}

func TestAdvertTooShortForAKeyIsAPacketLikeAnyOther(t *testing.T) {
	t.Parallel()
	frame := advertFrame(nil)[:2+99]
	rec, verdict := ingestOne(t, DefaultOptions(), packet(upper(frame)))
	if verdict.Outcome != Stored || rec.Advert != nil || rec.Transmission.From != nil {
		t.Fatalf("verdict %+v, record %+v", verdict, rec)
	}
	want := `{"type":"ADVERT","raw":"` + lower(frame[2:]) + `","error":"too short for advert"}`
	if got := rec.Transmission.DecodedJSON; got != want {
		t.Errorf("decoded_json\n got %s\nwant %s", got, want)
	}
}
