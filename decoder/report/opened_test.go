package report_test

import (
	"crypto/ecdh"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"filippo.io/edwards25519"

	"corescope-hub/decoder"
	"corescope-hub/decoder/decodertest"
	"corescope-hub/decoder/report"
)

func sharedSecret(t testing.TB, private, public string) []byte {
	t.Helper()
	key, _ := hex.DecodeString(private)
	point, _ := hex.DecodeString(public)
	p, err := new(edwards25519.Point).SetBytes(point)
	if err != nil {
		t.Fatal(err)
	}
	a, err := ecdh.X25519().NewPrivateKey(key[:32])
	if err != nil {
		t.Fatal(err)
	}
	b, err := ecdh.X25519().NewPublicKey(p.BytesMontgomery())
	if err != nil {
		t.Fatal(err)
	}
	secret, err := a.ECDH(b)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// addressed makes a frame from node 1 to node 2; header says of which type. An
// ANON_REQ shows the whole key of node 1.
func addressed(t testing.TB, header byte, plaintext string) (frame, keys string) {
	t.Helper()
	private, from := expanded(1)
	prv2, to := expanded(2)
	body, err := hex.DecodeString(plaintext)
	if err != nil {
		t.Fatal(err)
	}
	mac, ciphertext := decoder.Seal(sharedSecret(t, private, to), body)
	source := from[:2]
	if header>>2 == 7 {
		source = from
	}
	return fmt.Sprintf("%02x00%s%s%x%x", header, to[:2], source, mac, ciphertext),
		`"identities":[{"prv":"` + prv2 + `"}],"contacts":["` + from + `"]`
}

func TestOpenedPacketsAreReportedByTheirKeys(t *testing.T) {
	t.Parallel()
	text := func(s string) string { return hex.EncodeToString([]byte(s)) }
	for _, tt := range []struct {
		name      string
		header    byte
		plaintext string
		keys      string
		want      string
	}{
		{"response without a hint", 0x06, "01000000" + "0800", ``, `{"payload":{"decrypted":{"tag":1}}}`},
		{"espnow bridge", 0x06, "01000000" + "02000000" + "03", `"response_kind":"anon_clock"`,
			`{"payload":{"decrypted":{"response":{"clock":2,"features":3,"bridge":true,"bridge_type":"espnow","disabled":false}}}}`},
		{"bridge of a kind to come", 0x06, "01000000" + "02000000" + "02", `"response_kind":"anon_clock"`,
			`{"payload":{"decrypted":{"response":{"bridge":true,"bridge_type":"unknown"}}}}`},
		{"no bridge", 0x06, "01000000" + "02000000" + "00", `"response_kind":"anon_clock"`,
			`{"payload":{"decrypted":{"response":{"bridge":false,"bridge_type":null,"disabled":false}}}}`},
		{"old login", 0x06, "01000000" + "4f4b", `"response_kind":"login"`,
			`{"payload":{"decrypted":{"response":{"kind":"login","ok":true,"legacy":true}}}}`},
		{"refused login", 0x06, "01000000" + "07", `"response_kind":"login"`,
			`{"payload":{"decrypted":{"response":{"result":7,"ok":false}}}}`},
		{"telemetry of a type to come", 0x06, "01000000" + "016601" + "0163aabb", `"response_kind":"telemetry"`,
			`{"payload":{"decrypted":{"response":{"records":[{"channel":1,"type":102,"name":"presence","value":1}],"body_error":"unknown_lpp_type"}}}}`},
		{"polyline", 0x06, "01000000" + "01f00801aabbccaabbcc", `"response_kind":"telemetry"`,
			`{"payload":{"decrypted":{"response":{"records":[{"name":"polyline","data_hex":"0801aabbccaabbcc"}]}}}}`},
		{"status cut short", 0x06, "01000000" + "0800", `"response_kind":"room_stats"`,
			`{"payload":{"decrypted":{"response":{"kind":"room_stats","body_error":"truncated","body_hex":"080000000000000000000000"}}}}`},
		{"neighbours, size of keys not known", 0x06, "01000000" + "1100" + "0100" + "aabb", `"response_kind":"neighbours"`,
			`{"payload":{"decrypted":{"response":{"total":17,"count":1,"entries_hex":"aabb000000000000"}}}}`},
		{"regions that are not text", 0x06, "01000000" + "02000000" + "612cff2c62", `"response_kind":"anon_regions"`,
			`{"payload":{"decrypted":{"response":{"regions":["a",null,"b"]}}}}`},
		{"no regions", 0x06, "01000000" + "02000000", `"response_kind":"anon_regions"`,
			`{"payload":{"decrypted":{"response":{"regions":[]}}}}`},
		{"owner not told", 0x06, "01000000" + text("v1\nMe"), `"response_kind":"owner_info"`,
			`{"payload":{"decrypted":{"response":{"firmware":"v1","node_name":"Me","owner":null}}}}`},
		{"empty access list", 0x06, "01000000", `"response_kind":"access_list"`,
			`{"payload":{"decrypted":{"response":{"entries":[]}}}}`},
		{"keep-alive by flood", 0x01, "01000000" + "02" + "02000000", ``,
			`{"payload":{"decrypted":{"req_name":"keep_alive","sync_since":2}},"warnings":["keep_alive_not_direct"]}`},
		{"request of a type to come", 0x02, "01000000" + "42aabb", ``,
			`{"payload":{"decrypted":{"req_name":"unknown","req_type":66,"data_hex":"aabb000000000000000000"}}}`},
		{"text of a type to come", 0x09, "01000000" + "1c" + "616263", ``, `{"warnings":["txt_type_unsupported"]}`},
		{"text that is not text", 0x09, "01000000" + "00" + "61ff", ``,
			`{"payload":{"decrypted":{"text":null,"text_hex":"61ff"}}}`},
		{"anonymous query by flood", 0x1d, "01000000" + "0300", `"dest_role":"repeater"`,
			`{"payload":{"decrypted":{"kind":"clock","reply_path_valid":true}},"warnings":["anon_query_not_direct"]}`},
		{"anonymous query with a bad path", 0x1e, "01000000" + "03c0", ``,
			`{"payload":{"decrypted":{"kind":"clock","reply_path_valid":false,"dest_role_assumed":"repeater"}}}`},
		{"anonymous query of a sensor", 0x1e, "01000000" + "0300", `"dest_role":"sensor"`,
			`{"payload":{"decrypted":{"kind":"unknown","anon_type":3}}}`},
		{"password that is not text", 0x1e, "01000000" + "61ff", ``,
			`{"payload":{"decrypted":{"kind":"login","password":null,"password_hex":"61ff"}}}`},
		{"returned path without what it promises", 0x22, "00" + "c1" + "49a87c68", `"response_kind":"login"`,
			`{"payload":{"decrypted":{"extra_type":1,"tag":1753000009,"response":{"kind":"login","ok":true}}}}`},
	} {
		frame, keys := addressed(t, tt.header, tt.plaintext)
		if tt.keys != "" {
			keys += "," + tt.keys
		}
		expect(t, tt.name, tt.want, reporter(t, "{"+keys+"}").Hex(frame))
	}
}

func TestBoxThatVerifiesWithoutWholeBlocksIsReported(t *testing.T) {
	t.Parallel()
	private, from := expanded(1)
	prv2, to := expanded(2)
	ciphertext := []byte{1, 2, 3}
	mac := decodertest.MAC(sharedSecret(t, private, to), ciphertext)
	frame := fmt.Sprintf("0900%s%s%x%x", to[:2], from[:2], mac, ciphertext)
	expect(t, frame, `{"payload":{"decrypted":null,"decrypt_error":"not_block_multiple"}}`,
		reporter(t, `{"identities":[{"prv":"`+prv2+`"}],"contacts":["`+from+`"]}`).Hex(frame))
}

// Of two nodes with one first byte nothing tells which has sent: both readings
// are reported.
func TestSecondReadingOfABoxIsReported(t *testing.T) {
	t.Parallel()
	private, from, to := twinKeys(t)
	mac, ciphertext := decoder.Seal(sharedSecret(t, private, to), make([]byte, 6))
	frame := fmt.Sprintf("0900%s%s%x%x", to[:2], from[:2], mac, ciphertext)
	r := reporter(t, `{"identities":[{"prv":"`+private+`"}],"contacts":["`+to+`"]}`)
	expect(t, frame, `{"payload":{"decrypted":{"src_pub":"`+to+`"},"also_decrypted":[{"src_pub":"`+from+`"}]}}`, r.Hex(frame))
}

// twinKeys finds two nodes whose public keys start with the same byte.
func twinKeys(t testing.TB) (private, from, to string) {
	t.Helper()
	byFirst := make(map[string]byte)
	for n := range byte(255) {
		_, to := expanded(n)
		if twin, ok := byFirst[to[:2]]; ok {
			private, from := expanded(twin)
			return private, from, to
		}
		byFirst[to[:2]] = n
	}
	t.Fatal("no two keys with one first byte")
	return
}

// A report never says more bytes than the frame has: hostile counts do not grow it.
func TestReportsAreBounded(t *testing.T) {
	t.Parallel()
	frame, keys := addressed(t, 0x06, "01000000"+"ffffffff"+strings.Repeat("11", 150))
	for _, kind := range []string{"neighbours", "access_list", "telemetry", "avg_min_max", "anon_regions"} {
		r := reporter(t, "{"+keys+`,"neighbours_prefix_len":1,"response_kind":"`+kind+`"}`)
		b, err := json.Marshal(r.Hex(frame))
		if err != nil || len(b) > 8192 {
			t.Errorf("%s: %d bytes, %v", kind, len(b), err)
		}
	}
}

var _ json.Marshaler = report.Object(nil)
