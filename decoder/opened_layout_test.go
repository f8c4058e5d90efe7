package decoder_test

import (
	"encoding/hex"
	"reflect"
	"testing"

	"corescope-hub/decoder"
)

func openResponse(t testing.TB, plaintext []byte) decoder.ResponseMessage {
	t.Helper()
	s, book := sealedFor(t, plaintext)
	all, err := book.OpenResponse(&decoder.Response{Sealed: s})
	if err != nil || len(all) != 1 {
		t.Fatalf("%x: %v %v", plaintext, all, err)
	}
	return all[0]
}

// layoutAs opens a packet with that plaintext and lays the plaintext out.
func layoutAs(t *testing.T, kind decoder.PayloadType, hint decoder.Hint, role decoder.Role, plaintext []byte) []decoder.Field {
	t.Helper()
	switch kind {
	case decoder.TypeText:
		m := openText(t, plaintext)
		return m.Layout()
	case decoder.TypeRequest:
		m := openRequest(t, plaintext)
		return m.Layout()
	case decoder.TypeResponse:
		m := openResponse(t, plaintext)
		return m.Layout(hint)
	case decoder.TypePath:
		m := openPath(t, plaintext)
		return m.Layout(hint)
	case decoder.TypeAnonRequest:
		m := openAnon(t, plaintext)
		return m.Layout(role)
	}
	c := decoder.HashtagChannel("x")
	g := groupSealed(c, plaintext)
	if kind == decoder.TypeGroupText {
		m, _ := keyring(t, c).OpenText(&decoder.GroupText{GroupSealed: g})
		return m.Layout()
	}
	m, _ := keyring(t, c).OpenData(&decoder.GroupData{GroupSealed: g})
	return m.Layout()
}

func TestLayoutOfPlaintextsNamesTheFields(t *testing.T) {
	t.Parallel()
	hello := hex.EncodeToString([]byte("hello"))
	answers := func(k decoder.ResponseKind) decoder.Hint { return decoder.Hint{Kind: k} }
	for _, tt := range []struct {
		name      string
		kind      decoder.PayloadType
		hint      decoder.Hint
		role      decoder.Role
		plaintext string
		want      string
	}{
		{"group text", decoder.TypeGroupText, decoder.Hint{}, 0, "01000000" + "00" + hello, "timestamp 0+4; flags 4+1; text 5+11"},
		{"group data", decoder.TypeGroupData, decoder.Hint{}, 0, "1001" + "02" + "aabb",
			"data type 0+2; data length 2+1; data 3+2; unread 5+11"},
		{"group data longer than it is", decoder.TypeGroupData, decoder.Hint{}, 0, "1001" + "20" + "aabb",
			"data type 0+2; data length 2+1; unread 3+13"},
		{"text", decoder.TypeText, decoder.Hint{}, 0, "01000000" + "00" + hello, "timestamp 0+4; flags 4+1; text 5+11"},
		{"signed text", decoder.TypeText, decoder.Hint{}, 0, "01000000" + "08" + "aabbccdd" + hello,
			"timestamp 0+4; flags 4+1; author 5+4; text 9+7"},
		{"request", decoder.TypeRequest, decoder.Hint{}, 0, "01000000" + "06" + "00" + "0a" + "0100" + "02" + "04",
			"timestamp 0+4; type 4+1; version 5+1; count 6+1; offset 7+2; order 9+1; prefix size 10+1; unread 11+5"},
		{"response to nobody knows what", decoder.TypeResponse, decoder.Hint{}, 0, "01000000" + "aa", "tag 0+4; body 4+12"},
		{"telemetry", decoder.TypeResponse, answers(decoder.ResponseTelemetry), 0, "01000000" + "01" + "74" + "014a" + "00",
			"tag 0+4; channel 4+1; type 5+1; voltage 6+2; channel 8+1; unread 9+7"},
		{"telemetry of a type to come", decoder.TypeResponse, answers(decoder.ResponseTelemetry), 0, "01000000" + "0163aabb",
			"tag 0+4; channel 4+1; type 5+1; unread 6+10"},
		{"old login", decoder.TypeResponse, answers(decoder.ResponseLogin), 0, "01000000" + "4f4b", "tag 0+4; legacy OK 4+2; unread 6+10"},
		{"access list", decoder.TypeResponse, answers(decoder.ResponseAccessList), 0, "01000000" + "aaaaaaaaaaaa03",
			"tag 0+4; key prefix 4+6; permissions 10+1; unread 11+5"},
		{"series", decoder.TypeResponse, answers(decoder.ResponseSeries), 0, "01000000" + "02000000" + "01" + "74" + "014a" + "014b" + "014c",
			"tag 0+4; clock 4+4; channel 8+1; type 9+1; minimum 10+2; maximum 12+2; average 14+2"},
		{"path with an ack", decoder.TypePath, decoder.Hint{}, 0, "01aa" + "03" + "11223344" + "05",
			"path length 0+1; path 1+1; extra type 2+1; acknowledgement 3+4; extra 7+9"},
		{"path with a response", decoder.TypePath, answers(decoder.ResponseAnonClock), 0, "00" + "01" + "01000000" + "02000000" + "03",
			"path length 0+1; extra type 1+1; tag 2+4; clock 6+4; features 10+1; unread 11+5"},
		{"path with nothing", decoder.TypePath, decoder.Hint{}, 0, "00" + "ff" + "01020304",
			"path length 0+1; extra type 1+1; extra 2+14"},
		{"path that cannot be", decoder.TypePath, decoder.Hint{}, 0, "c1" + "aabb", "path length 0+1; unread 1+15"},
		{"password", decoder.TypeAnonRequest, decoder.Hint{}, decoder.RoleRepeater, "01000000" + hello, "timestamp 0+4; password 4+12"},
		{"password for a room", decoder.TypeAnonRequest, decoder.Hint{}, decoder.RoleRoom, "01000000" + "02000000" + hello,
			"timestamp 0+4; sync since 4+4; password 8+8"},
		{"query", decoder.TypeAnonRequest, decoder.Hint{}, decoder.RoleRepeater, "01000000" + "01" + "41" + "aabb",
			"timestamp 0+4; query 4+1; path length 5+1; path 6+2; unread 8+8"},
	} {
		fields := layoutAs(t, tt.kind, tt.hint, tt.role, unhex(t, tt.plaintext))
		if got := layout(fields); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestLayoutGivesWhatTheBytesSay(t *testing.T) {
	t.Parallel()
	const lpp = "01" + "67" + "ff38" + "02" + "88" + "01e240" + "fe1dc0" + "0003e8" // -20.0 degrees; a position
	const series = "01" + "67" + "ff38" + "0014" + "0000"
	for _, tt := range []struct {
		name   string
		fields []decoder.Field
		want   map[string]any
	}{
		{"advert", frameFields(t, advertFrame("f1"+"40420f00"+"c0bdf0ff"+"0102"+"0304"+"4100ff")), map[string]any{
			"header": uint8(0x11), "timestamp": uint32(0xf0000001), "latitude": int32(1e6), "longitude": int32(-1e6),
			"feature 1": uint16(0x0201), "name": []byte("A"), "public key": nil}},
		{"discovery", frameFields(t, "2e009431b16d358b"), map[string]any{"SNR": int8(0x31), "tag": uint32(0x8b356db1)}},
		{"status", layoutAs(t, decoder.TypeResponse, decoder.Hint{Kind: decoder.ResponseRepeater}, 0, unhex(t, "01000000"+status)),
			map[string]any{"battery": uint16(4012), "noise floor": int16(-117), "last SNR": int16(-22), "uptime": uint32(4)}},
		{"telemetry", layoutAs(t, decoder.TypeResponse, decoder.Hint{Kind: decoder.ResponseTelemetry}, 0, unhex(t, "01000000"+lpp)),
			map[string]any{"temperature": decoder.Measurement{Channel: 1, Sensor: 103, Data: []byte{0xff, 0x38}},
				"gps": decoder.Measurement{Channel: 2, Sensor: 136, Data: unhex(t, "01e240"+"fe1dc0"+"0003e8")}}},
		{"series", layoutAs(t, decoder.TypeResponse, decoder.Hint{Kind: decoder.ResponseSeries}, 0, unhex(t, "01000000"+"02000000"+series)),
			map[string]any{"clock": uint32(2), "minimum": float64(-20), "maximum": float64(2), "average": float64(0)}},
		{"text", layoutAs(t, decoder.TypeText, decoder.Hint{}, 0, plainHello), map[string]any{"text": []byte("hello")}},
		{"password", layoutAs(t, decoder.TypeAnonRequest, decoder.Hint{}, decoder.RoleRoom, unhex(t, "01000000"+"02000000"+"6162")),
			map[string]any{"sync since": uint32(2), "password": []byte("ab")}},
	} {
		got := make(map[string]any)
		for _, f := range tt.fields {
			got[f.Name] = f.Value
		}
		for field, want := range tt.want {
			if value, ok := got[field]; !ok || !reflect.DeepEqual(value, want) {
				t.Errorf("%s: %s is %#v, want %#v", tt.name, field, value, want)
			}
		}
	}
}

func frameFields(t *testing.T, frame string) []decoder.Field {
	t.Helper()
	fields, err := decoder.Layout(unhex(t, frame))
	if err != nil {
		t.Fatal(err)
	}
	return fields
}
