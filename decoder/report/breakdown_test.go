package report_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"unicode"

	"corescope-hub/decoder"
	"corescope-hub/decoder/decodertest"
	"corescope-hub/decoder/report"
)

// checkBreakdown asserts what holds of the breakdown of any frame: every byte of
// every part is in one row, in order, and no text could do more than be read.
func checkBreakdown(t *testing.T, r *report.Reporter, raw []byte) report.Breakdown {
	t.Helper()
	b := r.Breakdown(raw)
	if len(b) == 0 || b[0].Title == "" {
		t.Fatalf("%x: nothing said", raw)
	}
	for i, part := range b {
		size := 0
		texts := []string{part.Title}
		for _, row := range part.Rows {
			if row.Offset != size || len(row.Bytes) == 0 {
				t.Fatalf("%x: part %d: row %+v at byte %d", raw, i, row, size)
			}
			size += len(row.Bytes)
			texts = append(texts, row.Field, row.Meaning)
		}
		if i == 0 && size != len(raw) {
			t.Fatalf("%x: rows of %d bytes", raw, size)
		}
		for _, fact := range part.Facts {
			texts = append(texts, fact.Name, fact.Value)
		}
		for _, text := range texts {
			if text == "" || strings.HasSuffix(text, ": ") || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("%x: text %q in %+v", raw, text, part)
			}
		}
	}
	return b
}

func TestBreakdownExplainsEveryByte(t *testing.T) {
	t.Parallel()
	for v := range decodertest.Vectors(t) {
		raw, err := hex.DecodeString(v.Hex)
		if err != nil {
			continue
		}
		r := reporter(t, string(v.Keys))
		b := checkBreakdown(t, r, raw)
		payload, _ := r.Frame(raw).Get("payload")
		fields, _ := payload.(report.Object)
		if opened, _ := fields.Get("decrypted"); (opened != nil) != (len(b) > 1) {
			t.Errorf("%s: %d parts, decrypted %v", v.Name, len(b), opened)
		}
		if _, refused := decoder.Decode(raw); (refused != nil) != strings.HasPrefix(b[0].Title, "refused: ") {
			t.Errorf("%s: %q", v.Name, b[0].Title)
		}
	}
}

// meanings are what a breakdown says of each field, its facts included.
func meanings(b report.Breakdown) map[string]string {
	all := make(map[string]string)
	for _, part := range b {
		for _, row := range part.Rows {
			all[row.Field] = row.Meaning
		}
		for _, fact := range part.Facts {
			all[fact.Name] = fact.Value
		}
	}
	return all
}

func TestBreakdownSaysWhatFieldsMean(t *testing.T) {
	t.Parallel()
	text := func(s string) string { return hex.EncodeToString([]byte(s)) }
	for _, tt := range []struct {
		name      string
		header    byte
		plaintext string
		keys      string
		want      map[string]string
	}{
		{"text", 0x09, "01000000" + "01" + text("hi\x1b[2J\n") + "0005", ``,
			map[string]string{"text": `"hi\x1b[2J\n", then attempt 5`, "flags": "plain text, attempt 1",
				"timestamp": "1970-01-01 00:00:01 UTC", "MAC": "verifies"}},
		{"room post", 0x09, "01000000" + "08" + "aabbccdd" + text("hi"), ``,
			map[string]string{"author": "start of the author's key", "text": `"hi"`}},
		{"text of a type to come", 0x09, "01000000" + "1c", ``,
			map[string]string{"flags": "text of unknown type 7, attempt 0", "warning": "txt_type_unsupported: the firmware ignores this type of text"}},
		{"telemetry request", 0x01, "01000000" + "03" + "f8", ``,
			map[string]string{"type": "get_telemetry", "inverse permission mask": "wants base, location, environment", "unread": "padding"}},
		{"telemetry request for nothing", 0x01, "01000000" + "03" + "ff", ``,
			map[string]string{"inverse permission mask": "wants nothing"}},
		{"neighbours in an order to come", 0x01, "01000000" + "06" + "00" + "01" + "0000" + "09" + "01", ``,
			map[string]string{"order": "unknown order", "prefix size": "1 byte of each public key"}},
		{"response without a hint", 0x06, "01000000" + "0800", ``,
			map[string]string{"body": "name its response_kind in the keys to read it"}},
		{"status cut short", 0x06, "01000000" + "0800", `"response_kind":"room_stats"`,
			map[string]string{"battery": "8 mV", "body": "not all is room_stats: in it, packets sent at byte 12: truncated (4)"}},
		{"telemetry", 0x06, "01000000" + "01f00801aabbccaabbcc", `"response_kind":"telemetry"`,
			map[string]string{"type": "polyline", "polyline": "points of a line"}},
		{"refused login", 0x06, "01000000" + "07", `"response_kind":"login"`,
			map[string]string{"result": "refused: 7", "tag": "1970-01-01 00:00:01 UTC", "permissions": "guest"}},
		{"old login", 0x06, "01000000" + "4f4b", `"response_kind":"login"`,
			map[string]string{"legacy OK": "success, in the form of old firmware"}},
		{"no bridge", 0x06, "01000000" + "02000000" + "80", `"response_kind":"anon_clock"`,
			map[string]string{"features": "no bridge, does not repeat"}},
		{"path with a response", 0x22, "41aabb" + "c1" + "49a87c68" + "02000000" + "03", `"response_kind":"anon_clock"`,
			map[string]string{"path": "to the sender by aabb", "extra type": "RESPONSE", "features": "bridge: espnow"}},
		{"path that cannot be", 0x22, "c1", ``, map[string]string{"path": "path length at byte 0: reserved path mode (193)"}},
		{"path with nothing more", 0x22, "00" + "ff" + "01020304", ``, map[string]string{"extra type": "nothing more"}},
		{"anonymous query", 0x1e, "01000000" + "03" + "01aa", ``,
			map[string]string{"query": "clock", "path": "answer by aa", "read as": "by a repeater; name another dest_role in the keys"}},
		{"password", 0x1e, "01000000" + text("\u202epw"), `"dest_role":"repeater"`,
			map[string]string{"password": `"\u202epw"`, "sender key": "the sender's public key"}},
	} {
		frame, keys := addressed(t, tt.header, tt.plaintext)
		if tt.keys != "" {
			keys += "," + tt.keys
		}
		r := reporter(t, "{"+keys+"}")
		raw, err := hex.DecodeString(frame)
		if err != nil {
			t.Fatal(err)
		}
		got := meanings(checkBreakdown(t, r, raw))
		for field, want := range tt.want {
			if got[field] != want {
				t.Errorf("%s: %s: got %q, want %q", tt.name, field, got[field], want)
			}
		}
	}
}

func TestBreakdownOfScopes(t *testing.T) {
	t.Parallel()
	const ack = "0c709325938382aaee54" + "0102030405060708" + "09"
	region := decoder.NewRegion("#x\x1b")
	payload := []byte{1, 2, 3, 4}
	for _, tt := range []struct{ name, frame, keys, want string }{
		{"no regions to look among", ack, `{}`, "0x9370: scope"},
		{"another region", ack, `{"regions":["#y"]}`, "0x9370: scope, none of the regions given"},
		{"no scope", "0c0000000000" + "01020304", `{"regions":["#y"]}`, "0x0000: no scope"},
	} {
		if got := meanings(reporter(t, tt.keys).BreakdownHex(tt.frame))["transport code 0"]; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	// The code of a region with a hostile name, found by trying them all.
	r := reporter(t, `{"regions":["#x\u001b"]}`)
	for code := range 1 << 16 {
		raw := append([]byte{0x0c, byte(code), byte(code >> 8), 0, 0, 0}, payload...)
		p, err := decoder.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := p.Scope([]decoder.Region{region}); ok {
			if got := meanings(checkBreakdown(t, r, raw))["transport code 0"]; !strings.HasSuffix(got, `: scope "#x\x1b"`) {
				t.Errorf("%q", got)
			}
			return
		}
	}
	t.Error("no code is that of the region")
}

func TestBreakdownOfWhatIsNotHex(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, why string }{
		{"0dx0", `"x" is not a hex digit, in "0dx0"`},
		{"0d\x1b[2J", `"\x1b" is not a hex digit, in "0d\x1b[2J"`},
		{"0d0", "3 hex digits: a byte has two"},
		{strings.Repeat("00", 100) + "é", `"\xc3" is not a hex digit, in "` + strings.Repeat("0", 40) + `"`},
	} {
		b := reporter(t, `{}`).BreakdownHex(tt.in)
		if len(b) != 1 || b[0].Title != "refused: bad_hex" || meanings(b)["why"] != tt.why {
			t.Errorf("%q: %+v", tt.in, b)
		}
	}
}

// Two nodes with one first byte: each reading is a part.
func TestBreakdownHasEveryReadingOfABox(t *testing.T) {
	t.Parallel()
	private, from, to := twinKeys(t)
	mac, ciphertext := decoder.Seal(sharedSecret(t, private, to), make([]byte, 6))
	raw, _ := hex.DecodeString("0900" + to[:2] + from[:2] + hex.EncodeToString(append(mac[:], ciphertext...)))
	b := checkBreakdown(t, reporter(t, `{"identities":[{"prv":"`+private+`"}],"contacts":["`+to+`"]}`), raw)
	if len(b) != 3 || b[1].Facts[0].Value != to || b[2].Facts[0].Value != from || b[1].Title == b[2].Title {
		t.Errorf("%+v", b)
	}
}
