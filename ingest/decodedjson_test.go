package ingest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"corescope-hub/decoder"
)

// decodedKeys are the keys of decoded_json in CoreScope's order; those of a
// companion's message are sorted instead. Source: CoreScope cmd/ingestor, Payload.
const decodedKeys = `type destHash srcHash mac encryptedData extraHash ackLen ackAttempt ackRand pubKey timestamp timestampISO
	signature signatureValid flags lat lon name feat1 feat2 battery_mv temperature_c channelHash channelHashHex decryptionStatus
	channel dataType dataLen decryptedBlob text sender sender_timestamp ephemeralPubKey pathData snrValues tag authCode traceFlags
	raw error remaining innerType innerTypeName innerAckCrc innerAckLen innerAckAttempt innerAckRand innerPayload ctrlFlags
	ctrlZeroHop ctrlLength ctrlSubtype ctrlFilter ctrlTag ctrlSince ctrlNodeType ctrlSNR ctrlPubKey rawLength firstByteTag`

// checkKeyOrder insists on one object whose keys come in CoreScope's order.
func checkKeyOrder(t *testing.T, decoded string) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(decoded))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		t.Fatalf("decoded_json %q is no object: %v", decoded, err)
	}
	rest := strings.Fields(decodedKeys)
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			t.Fatalf("decoded_json %q: %v", decoded, err)
		}
		for len(rest) > 0 && rest[0] != key {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			t.Fatalf("decoded_json %s: key %q is unknown or out of order", decoded, key)
		}
		var skipped json.RawMessage
		if err := dec.Decode(&skipped); err != nil {
			t.Fatalf("decoded_json %q: %v", decoded, err)
		}
	}
}

// TestDecodedJSON is about what golden.json does not show.
func TestDecodedJSON(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, frame, want string }{
		{"an empty TXT_MSG", "0900", `{"type":"TXT_MSG","error":"too short"}`},
		{"a long ACK counts as 6", "0E0001020304050607", `{"type":"ACK","extraHash":"04030201","ackLen":6,"ackAttempt":5,"ackRand":6}`},
		{"zeros of an ACK are shown", "0E00010203040000", `{"type":"ACK","extraHash":"04030201","ackLen":6,"ackAttempt":0,"ackRand":0}`},
		{"a group text without ciphertext", "150000AABB", `{"type":"GRP_TXT","mac":"aabb","channelHashHex":"00","decryptionStatus":"no_key"}`},
		{"group data with little of it", "190011AABB01020304", `{"type":"GRP_DATA","mac":"aabb","encryptedData":"01020304","channelHash":17,"channelHashHex":"11","decryptionStatus":"no_key"}`},
		{"a group data too short", "190011AA", `{"type":"GRP_DATA","raw":"11aa","error":"too short"}`},
		{"the last part of a MULTIPART", "2A0003", `{"type":"MULTIPART","remaining":0,"innerType":3,"innerTypeName":"ACK"}`},
		{"a request in parts", "2A0000", `{"type":"MULTIPART","remaining":0,"innerType":0,"innerTypeName":"REQ"}`},
		{"a long inner ACK", "2A001301020304000007", `{"type":"MULTIPART","remaining":1,"innerType":3,"innerTypeName":"ACK","innerAckCrc":"04030201","innerAckLen":6,"innerAckAttempt":0,"innerAckRand":0}`},
		{"a TRACE of zeros", "2600000000000000000000", `{"type":"TRACE","traceFlags":0}`},
		{"a TRACE too short", "26000000000000000000", `{"type":"TRACE","raw":"0000000000000000","error":"too short"}`},
		{"a cut DISCOVER_REQ", "2E00800102", `{"type":"CONTROL","raw":"800102","ctrlFlags":"80","ctrlZeroHop":true,"ctrlLength":3,"ctrlSubtype":"DISCOVER_REQ"}`},
		{"a cut DISCOVER_RESP", "2E009001", `{"type":"CONTROL","raw":"9001","ctrlFlags":"90","ctrlZeroHop":true,"ctrlLength":2,"ctrlSubtype":"DISCOVER_RESP","ctrlNodeType":0}`},
		{"a DISCOVER_RESP with the start of a key", "2E009200010000000102030405060708", `{"type":"CONTROL","raw":"9200010000000102030405060708","ctrlFlags":"92","ctrlZeroHop":true,"ctrlLength":14,"ctrlSubtype":"DISCOVER_RESP","ctrlTag":1,"ctrlNodeType":2,"ctrlSNR":0,"ctrlPubKey":"0102030405060708"}`},
		{"an empty RAW_CUSTOM", "3E00", `{"type":"RAW_CUSTOM","rawLength":0}`},
		{"an empty packet of an unassigned type", "3200", `{"type":"UNKNOWN"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec, verdict := ingestOne(t, DefaultOptions(), packet(tt.frame))
			if rec == nil || rec.Transmission == nil {
				t.Fatalf("not stored: %+v", verdict)
			}
			if got := rec.Transmission.DecodedJSON; got != tt.want {
				t.Errorf("decoded_json\n got %s\nwant %s", got, tt.want)
			}
			checkKeyOrder(t, rec.Transmission.DecodedJSON)
		})
	}
}

func TestGroupText(t *testing.T) {
	t.Parallel()
	const open = `"channelHash":217,"channelHashHex":"D9","decryptionStatus":"decrypted","channel":"#test"`
	long := strings.Repeat("n", 50)
	tests := []struct{ name, text, want string }{
		{"sender and message", "Al: hi", `"text":"Al: hi","sender":"Al"`},
		{"a message with a colon of its own", "Al: see: this", `"text":"Al: see: this","sender":"Al"`},
		{"no message", "Al: ", `"sender":"Al"`},
		{"no sender", "hi all", `"text":"hi all"`},
		{"nothing before the colon", ": hi", `"text":": hi"`},
		{"a sender of 50 bytes", long + ": hi", `"text":"` + long + `: hi"`},
		{"a bracket in the sender", "[bot] Al: hi", `"text":"[bot] Al: hi"`},
		{"a colon in the sender", "a:b: hi", `"text":"a:b: hi"`},
		{"two control characters", "a\x01b\x02\t\n", `"text":"a\u0001b\u0002\t\n"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec, _ := ingestOne(t, DefaultOptions(), packet(upper(groupTextFrame(t, tt.text))))
			want := `{"type":"CHAN",` + open + `,` + tt.want + `,"sender_timestamp":7}`
			if got := rec.Transmission; got.DecodedJSON != want || got.ChannelHash != "#test" {
				t.Errorf("channel_hash %q, decoded_json\n got %s\nwant %s", got.ChannelHash, got.DecodedJSON, want)
			}
		})
	}
}

func TestGroupTextThatNobodyTypedStaysClosed(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"three control characters": "a\x01\x02\x03",
		"not UTF-8":                "caf\xe9 time",
		"replacement characters":   "\ufffd\ufffd\ufffd",
	} {
		t.Run(name, func(t *testing.T) {
			rec, _ := ingestOne(t, DefaultOptions(), packet(upper(groupTextFrame(t, text))))
			got := rec.Transmission
			if got.ChannelHash != "enc_D9" || !strings.Contains(got.DecodedJSON, `"type":"GRP_TXT"`) || !strings.Contains(got.DecodedJSON, statusFailed) {
				t.Errorf("channel_hash %q, decoded_json %s", got.ChannelHash, got.DecodedJSON)
			}
		})
	}
}

func TestPublicChannelIsRenamedInTextOnly(t *testing.T) {
	t.Parallel()
	// Both were sealed with the firmware's public channel; from golden.json.
	const text = "150011C3C1354D619BAE9590E4D177DB7EEAF982F5BDCF78005D75157D9535FA90178F785D"
	const data = "1901AA11150B2CDEDD07D5BF2B11537C6E87862FE89F"
	rec, _ := ingestOne(t, DefaultOptions(), packet(text)) // the key's name is "public"
	if got := rec.Transmission; got.ChannelHash != "Public" || !strings.Contains(got.DecodedJSON, `"channel":"Public"`) {
		t.Errorf("text: %q, %s", got.ChannelHash, got.DecodedJSON)
	}
	rec, _ = ingestOne(t, DefaultOptions(), packet(data))
	if got := rec.Transmission; got.ChannelHash != "" || !strings.Contains(got.DecodedJSON, `"channel":"public"`) {
		t.Errorf("data: %q, %s", got.ChannelHash, got.DecodedJSON)
	}
}

func TestGroupData(t *testing.T) {
	t.Parallel()
	const open = `{"type":"GRP_DATA","channelHash":217,"channelHashHex":"D9","decryptionStatus":"decrypted","channel":"#test"`
	tests := []struct {
		name  string
		plain []byte
		want  string
	}{
		{"zeros are shown", []byte{0, 0, 0}, open + `,"dataType":0,"dataLen":0}`},
		{"as much as fits", append([]byte{1, 0, 13}, bytes.Repeat([]byte{0xAB}, 13)...), open + `,"dataType":1,"dataLen":13,"decryptedBlob":"` + strings.Repeat("ab", 13) + `"}`},
		{"one more", []byte{1, 0, 14}, open + `,"dataType":1,"dataLen":14,"error":"inner data_len exceeds buffer"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec, _ := ingestOne(t, DefaultOptions(), packet(upper(groupFrame(t, decoder.TypeGroupData, tt.plain))))
			if got := rec.Transmission.DecodedJSON; got != tt.want {
				t.Errorf("decoded_json\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestNoKeysOpenNothing(t *testing.T) {
	t.Parallel()
	rec := new(recorder)
	in := New(rec, nil, DefaultOptions())
	deliver(t, in, packet(upper(groupTextFrame(t, "Al: hi"))))
	deliver(t, in, packet(upper(groupFrame(t, decoder.TypeGroupData, []byte{0, 0, 0}))))
	for _, r := range rec.records {
		if !strings.Contains(r.Transmission.DecodedJSON, statusFailed) {
			t.Errorf("decoded_json %s", r.Transmission.DecodedJSON)
		}
	}
	if len(rec.records) != 2 {
		t.Errorf("%d records, want 2", len(rec.records))
	}
}
