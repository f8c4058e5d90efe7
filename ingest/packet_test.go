package ingest

import (
	"strings"
	"testing"
	"time"
)

func TestHexOfAnyDressIsOneFrame(t *testing.T) {
	t.Parallel()
	want, _ := ingestOne(t, DefaultOptions(), packet(textHex))
	for _, raw := range []string{
		strings.ToLower(textHex),
		" 09 01 A5\\r\\n" + textHex[6:] + "\\n",
		"\\t" + textHex,
	} {
		got, verdict := ingestOne(t, DefaultOptions(), packet(raw))
		if got == nil || got.Drop != nil {
			t.Errorf("%q: %+v", raw, verdict)
			continue
		}
		if got.Transmission.Hash != want.Transmission.Hash || upper(got.Transmission.Raw) != textHex || upper(got.Observation.Hops) != "A5" {
			t.Errorf("%q: %+v", raw, got.Transmission)
		}
	}
}

func TestFirstKeyThatExistsGivesTheNumber(t *testing.T) {
	t.Parallel()
	tests := []struct {
		members    string
		snr        *float64
		score      *int64
		directions any // nil for NULL
	}{
		{`"SNR":7.2,"snr":1,"score":"971","Score":1`, ptr(7.2), ptr(int64(971)), nil},
		{`"snr":1,"SNR":7.2`, ptr(7.2), nil, nil},
		{`"snr":1,"Score":0.75`, ptr(1.0), ptr(int64(1)), nil},
		{`"SNR":null,"snr":4,"score":null,"Score":5`, nil, nil, nil},
		{`"SNR":"Unknown","snr":4`, nil, nil, nil},
		{`"direction":"tx","Direction":"rx"`, nil, nil, "tx"},
		{`"direction":null,"Direction":"rx"`, nil, nil, "rx"},
		{`"direction":"","Direction":"rx"`, nil, nil, ""},
		{`"direction":5,"Direction":["rx"]`, nil, nil, nil},
		{`"direction":"` + strings.Repeat("x", 99) + `"`, nil, nil, strings.Repeat("x", maxDirection)},
	}
	for _, tt := range tests {
		rec, _ := ingestOne(t, DefaultOptions(), packet(textHex, tt.members))
		got := rec.Observation
		if !equal(got.SNR, tt.snr) || !equal(got.Score, tt.score) || orNil(got.Direction) != tt.directions {
			t.Errorf("%s: %+v", tt.members, got)
		}
	}
}

func TestLengthIsCheckedOnlyWhereItIsOne(t *testing.T) {
	t.Parallel()
	for _, length := range []string{`21`, `"21"`, `" 21 "`, `21.0`, `null`, `""`, `"Unknown"`, `0`, `"-1"`, `[3]`} {
		if _, got := ingestOne(t, DefaultOptions(), packet(textHex, `"direction":"tx","len":`+length)); got.Outcome != Stored {
			t.Errorf("len %s: %+v, want it stored", length, got)
		}
	}
	for _, length := range []string{`20`, `"22"`, `300`, `"1e3"`} {
		rec, got := ingestOne(t, DefaultOptions(), packet(textHex, `"direction":"tx","len":`+length))
		if got.Reason != ReasonBadLength || rec.Transmission != nil || rec.Drop == nil || rec.Drop.RawHex != textHex {
			t.Errorf("len %s: %+v, want it refused", length, got)
		}
	}
}

func TestOnlyTheHopsOfAFloodHaveRelayed(t *testing.T) {
	t.Parallel()
	for frame, want := range map[string]bool{
		"09021A2B01020304DEADBEEF0BADCAFE":         true,  // FLOOD
		"08A1B2C3D4021A2B01020304DEADBEEF0BADCAFE": true,  // TRANSPORT_FLOOD
		"0A021A2B01020304DEADBEEF0BADCAFE":         false, // DIRECT: still to go
		"0BA1B2C3D4021A2B01020304DEADBEEF0BADCAFE": false, // TRANSPORT_DIRECT
		"250228F0040302014433221100ACBBCC":         false, // TRACE, though sent as FLOOD: its path holds SNRs
	} {
		rec, got := ingestOne(t, DefaultOptions(), packet(frame))
		if got.Outcome != Stored || rec.Observation.Travelled != want {
			t.Errorf("%s: travelled %v, %+v", frame, rec.Observation.Travelled, got)
		}
	}
}

func TestSkewIsOfALiveObserverWithoutZone(t *testing.T) {
	t.Parallel()
	behind := ptr(-7 * time.Hour)
	tests := []struct {
		name, frame, timestamp string
		replayed               bool
		want                   *time.Duration
	}{
		{"live", textHex, `"2026-11-24T05:00:00.000000"`, false, behind},
		{"with a zone", textHex, `"2026-11-24T05:00:00Z"`, false, nil},
		{"not a text", textHex, `1795500000`, false, nil},
		{"of a refused packet", "8900", `"2026-11-24T05:00:00"`, false, nil},
		{"replayed", textHex, `"2026-11-24T05:00:00"`, true, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := packet(tt.frame, `"timestamp":`+tt.timestamp)
			m.Replayed = tt.replayed
			rec, _ := ingestOne(t, DefaultOptions(), m)
			if got := rec.Observer.NaiveSkew; !equal(got, tt.want) {
				t.Errorf("skew %v, want %v", got, tt.want)
			}
		})
	}
}

func TestRefusedPacketSaysWhy(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, raw, reason, kept string }{
		{"version", "4900AA", "unsupported version 1", "4900AA"},
		{"version of a frame that is cut", "f5", "unsupported version 3", "f5"},
		{"not hex", `09\u001b[2Jzz é`, "raw is not hex", "09[2Jzz "},
		{"as received", " 09 05 aa", "path at byte 2: truncated (5)", " 09 05 aa"},
		{"too long to keep", strings.Repeat("0A", 4096), "", strings.Repeat("0A", 512)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec, verdict := ingestOne(t, DefaultOptions(), packet(tt.raw, `"origin":"Hill"`))
			if verdict.Outcome != Worthless || rec == nil || rec.Drop == nil {
				t.Fatalf("verdict %+v, record %+v", verdict, rec)
			}
			if rec.Drop.RawHex != tt.kept {
				t.Errorf("kept %q, want %q", rec.Drop.RawHex, tt.kept)
			}
			if tt.reason != "" && rec.Drop.Reason != tt.reason || rec.Drop.Reason == "" {
				t.Errorf("reason %q, want %q", rec.Drop.Reason, tt.reason)
			}
			if rec.Observer.ID != alpha || rec.Observer.Name != "Hill" || rec.Observer.IATA != "SEA" || !rec.ReceivedAt.Equal(noon) {
				t.Errorf("from %+v at %v", rec.Observer, rec.ReceivedAt)
			}
			if rec.Transmission != nil || rec.Observation != nil || rec.Advert != nil || rec.Status != nil {
				t.Errorf("record holds more than the drop: %+v", rec)
			}
		})
	}
}

func TestScopeName(t *testing.T) {
	t.Parallel()
	const payload = "A1B2C3D435F60718293A4B5C6D7E8F901122" // code of #us-wa: 3414, as in golden.json
	opts := DefaultOptions()
	opts.Regions = []string{" de ", "", "us-wa", "#us-wa", "#de"}
	tests := []struct {
		name, frame string
		want        *string
	}{
		{"no codes", "0A00" + payload, nil},
		{"code 0 is 0", "0B0000112200" + payload, nil},
		{"a known region", "0B3414000000" + payload, ptr("#us-wa")},
		{"an unknown one", "0B7777000000" + payload, ptr("")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec, _ := ingestOne(t, opts, packet(tt.frame))
			if got := rec.Transmission.ScopeName; !equal(got, tt.want) {
				t.Errorf("scope %s, want %s", text(got), text(tt.want))
			}
		})
	}
}

func TestPathOfTrace(t *testing.T) {
	t.Parallel()
	const head = "0102030405060708" // tag and auth code
	tests := []struct{ name, frame, want string }{
		{"the route asked for", "2602F028" + head + "00AABBCC", `["AA","BB","CC"]`},
		{"of two bytes a hop", "260128" + head + "01AABBCCDD", `["AABB","CCDD"]`},
		{"of eight bytes a hop", "260128" + head + "031122334455667788", `["1122334455667788"]`},
		{"a hop that is cut does not count", "260128" + head + "01AABBCC", `["AABB"]`},
		{"no whole hop", "260128" + head + "01AA", `[]`},
		{"no route: what the frame's path says", "260128" + head + "00", `["28"]`},
		{"too short for a route", "2602F028" + head, `["F0","28"]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec, verdict := ingestOne(t, DefaultOptions(), packet(tt.frame))
			if rec == nil || rec.Observation == nil {
				t.Fatalf("not stored: %+v", verdict)
			}
			if got := pathJSONOf(rec.Observation); got != tt.want {
				t.Errorf("path %s, want %s", got, tt.want)
			}
		})
	}
}
