package report_test

import (
	"encoding/hex"
	"encoding/json"
	"testing"

	"corescope-hub/decoder"
	"corescope-hub/decoder/decodertest"
	"corescope-hub/decoder/report"
)

// checkReport asserts that a report is one JSON object, the same each time, and
// that the frame can be taken apart for people too.
func checkReport(t *testing.T, r *report.Reporter, raw []byte) {
	t.Helper()
	b, err := r.Frame(raw).MarshalJSON()
	if err != nil || !json.Valid(b) || b[0] != '{' {
		t.Fatalf("%x: %s %v", raw, b, err)
	}
	if again, _ := r.Frame(raw).MarshalJSON(); string(again) != string(b) {
		t.Fatalf("%x: %s, then %s", raw, b, again)
	}
	checkBreakdown(t, r, raw)
}

// FuzzFrame reports any frame with the keys of the vectors.
func FuzzFrame(f *testing.F) {
	for v := range decodertest.Vectors(f) {
		if raw, err := hex.DecodeString(v.Hex); err == nil {
			f.Add(raw)
		}
	}
	_, keys := addressed(f, 0x06, "")
	r := reporter(f, "{"+keys+`,"hashtags":["#x"],"regions":["europe"],"response_kind":"telemetry"}`)
	f.Fuzz(func(t *testing.T, raw []byte) { checkReport(t, r, raw) })
}

// FuzzOpened seals any plaintext, so that what is inside boxes is reached too.
func FuzzOpened(f *testing.F) {
	private, from := expanded(1)
	prv2, to := expanded(2)
	secret := sharedSecret(f, private, to)
	source, _ := hex.DecodeString(from)
	dest, _ := hex.DecodeString(to)
	channel := decoder.HashtagChannel("x")

	// One reporter for each kind of response and, among them, for each role.
	var readers []*report.Reporter
	roles := []string{"", "room", "repeater", "sensor"}
	for i, kind := range decoder.ResponseKinds() {
		readers = append(readers, reporter(f, `{"hashtags":["#x"],"identities":[{"prv":"`+prv2+`"}],"contacts":["`+from+`"],`+
			`"response_kind":"`+string(kind)+`","neighbours_prefix_len":4,"dest_role":"`+roles[i%len(roles)]+`"}`))
	}

	for v := range decodertest.Vectors(f) {
		var want struct {
			Type    uint8 `json:"payload_type"`
			Payload struct {
				Decrypted struct {
					Plaintext string `json:"plaintext"`
				} `json:"decrypted"`
			} `json:"payload"`
		}
		if err := json.Unmarshal(v.Expect, &want); err != nil {
			f.Fatal(err)
		}
		if plaintext, _ := hex.DecodeString(want.Payload.Decrypted.Plaintext); len(plaintext) > 0 {
			for reader := range readers {
				f.Add(want.Type<<2|2, uint8(reader), plaintext)
			}
		}
	}
	f.Fuzz(func(t *testing.T, header, reader uint8, plaintext []byte) {
		raw := []byte{header & 0x3F} // version 0
		if decoder.RouteType(header & 3).HasTransportCodes() {
			raw = append(raw, 0, 0, 0, 0)
		}
		raw = append(raw, 0) // no path
		key := secret
		switch kind := decoder.PayloadType(header >> 2 & 0x0F); kind {
		case decoder.TypeGroupText, decoder.TypeGroupData:
			key = channel.Secret
			raw = append(raw, channel.Hash())
		case decoder.TypeAnonRequest:
			raw = append(append(raw, dest[0]), source...)
		default:
			raw = append(raw, dest[0], source[0])
		}
		mac, ciphertext := decoder.Seal(key, plaintext)
		raw = append(append(raw, mac[:]...), ciphertext...)
		checkReport(t, readers[int(reader)%len(readers)], raw)
	})
}
