package ingest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/buger/jsonparser"
)

func TestEnvelopeRefusesAllButOneObject(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 20000) + strings.Repeat("]", 20000)
	tests := []struct{ name, payload string }{
		{"empty", ""},
		{"blank", " \n"},
		{"array", `[1,2,3]`},
		{"text", `"raw"`},
		{"null", `null`},
		{"a token", "eyJhbGciOiJFZDI1NTE5In0.e30.00"},
		{"cut in a name", `{"ra`},
		{"cut in a value", `{"raw":"09`},
		{"cut behind an escape", `{"raw":"09\`},
		{"cut in a nested object", `{"stats":{"battery_mv":1}`},
		{"cut in a number", `{"SNR":-`},
		{"garbage behind", `{"raw":"0900"} x`},
		{"a second object", `{"raw":"0900"}{}`},
		{"a NUL behind", "{\"raw\":\"0900\"}\x00"},
		{"a byte order mark", "\ufeff{}"},
		{"single quotes", `{'raw':'0900'}`},
		{"a name without quotes", `{raw:"0900"}`},
		{"a comma too many", `{"raw":"0900",}`},
		{"a comma missing", `{"raw":"0900" "a":1}`},
		{"a comment", `{"raw":"0900"/**/}`},
		{"not a number", `{"SNR":NaN}`},
		{"a leading zero", `{"SNR":01}`},
		{"a line end in a text", "{\"raw\":\"09\n00\"}"},
		{"an unknown escape", `{"raw":"\x09"}`},
		{"a cut escape", `{"raw":"\u12"}`},
		{"too deep", `{"a":` + deep + `}`},
		{"malformed in a member nobody reads", `{"a":[1,}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, ok := parseEnvelope([]byte(tt.payload)); ok {
				t.Errorf("accepted %.60q", tt.payload)
			}
		})
	}
}

func TestEnvelopeReadsText(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, payload, want string }{
		{"plain", `{"raw":"0900"}`, "0900"},
		{"blanks around", " \r\n\t{ \"raw\" : \"0900\" } ", "0900"},
		{"the last of two counts", `{"raw":"0900","raw":"0A00"}`, "0A00"},
		{"the last of two counts, even if it is no text", `{"raw":"0900","raw":null}`, ""},
		{"an escaped name", `{"\u0072aw":"0900"}`, "0900"},
		{"an escaped value", `{"raw":"09\u0030\n0\/\"\\"}`, "090\n0/\"\\"},
		{"a surrogate pair", `{"raw":"\ud83d\udce1"}`, "📡"},
		{"half a surrogate pair", `{"raw":"a\ud83db"}`, "a\ufffdb"},
		{"bytes that are no UTF-8", "{\"raw\":\"a\xff\xfeb\"}", "a\ufffd\ufffdb"},
		{"names differ by case", `{"RAW":"0900","Raw":"0900"}`, ""},
		{"the same name inside another object", `{"decoded":{"raw":"0900"}}`, ""},
		{"the same name behind another object", `{"decoded":{"raw":"}"},"raw":"0900"}`, "0900"},
		{"behind deep nesting", `{"a":` + strings.Repeat(`[{"b":`, 4000) + `1` + strings.Repeat(`}]`, 4000) + `,"raw":"0900"}`, "0900"},
		{"null", `{"raw":null}`, ""},
		{"a number", `{"raw":900}`, ""},
		{"an empty object", `{}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env, ok := parseEnvelope([]byte(tt.payload))
			if !ok {
				t.Fatalf("refused %q", tt.payload)
			}
			if got := env.raw.text(); got != tt.want {
				t.Errorf("raw of %.200q = %q, want %q", tt.payload, got, tt.want)
			}
		})
	}
}

// FuzzEnvelope holds the envelope to encoding/json: the same payloads are
// objects, and the same members have the same values.
func FuzzEnvelope(f *testing.F) {
	for _, seed := range []string{
		`{"raw":"0900","SNR":"8.5","RSSI":-92,"score":null,"origin":"Hill \ud83d\udce1","direction":"rx"}`,
		`{"status":"online","stats":{"battery_mv":4123,"noise_floor":"-101dBm"},"repeat":true,"radio":"910.525,62.5,7,5\r"}`,
		`{"text":"Bob: hi","channel_idx":3,"sender_timestamp":1795500000}`,
		`{"stats":[1],"stats":{"battery_mv":1},"stats":2}`,
		`{"\u0072aw":"\ud800","raw":"\xff"} `,
		`{"raw":"0900"}x`, `[]`, `{"a":{"b":[{}]},"SNR":1e999}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		env, ok := parseEnvelope(payload)
		var want map[string]json.RawMessage
		isObject := json.Unmarshal(payload, &want) == nil && want != nil
		if ok != isObject {
			t.Fatalf("parseEnvelope(%q) = %v, encoding/json says %v", payload, ok, isObject)
		}
		if !ok {
			return
		}
		for _, name := range []string{"raw", "direction", "Direction", "origin", "region", "timestamp", "SNR", "snr",
			"score", "status", "model", "radio", "repeat", "stats", "text", "channel_idx", "battery_mv", "packets_received"} {
			compareValue(t, name, *env.member([]byte(name)), want[name])
		}
		var stats map[string]json.RawMessage
		if json.Unmarshal(want["stats"], &stats) != nil {
			stats = nil
		}
		for _, name := range []string{"battery_mv", "noise_floor", "packets_recv"} {
			compareValue(t, "stats."+name, *env.stats.member([]byte(name)), stats[name])
		}
	})
}

func compareValue(t *testing.T, name string, got value, want json.RawMessage) {
	t.Helper()
	if (got.kind != jsonparser.NotExist) != (want != nil) {
		t.Errorf("%s: there %v, want %v", name, got.kind != jsonparser.NotExist, want != nil)
	}
	var text *string
	if json.Unmarshal(want, &text) != nil || text == nil {
		text = new(string)
	}
	if got := got.text(); got != *text {
		t.Errorf("%s: text %q, want %q", name, got, *text)
	}
	var number *float64
	if got.kind == jsonparser.Number && json.Unmarshal(want, &number) == nil {
		if got := got.number(); got == nil || *got != *number {
			t.Errorf("%s: number %v, want %v", name, deref(got), *number)
		}
	}
}

// parseEnvelope is parse into a fresh envelope.
func parseEnvelope(payload []byte) (*envelope, bool) {
	env := new(envelope)
	return env, env.parse(payload)
}
