package report_test

import (
	"encoding/json"
	"strings"
	"testing"

	"corescope-hub/decoder"
	"corescope-hub/decoder/decodertest"
	"corescope-hub/decoder/report"
)

func reporter(t testing.TB, keys string) *report.Reporter {
	t.Helper()
	k, err := report.ParseKeys([]byte(keys))
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.New(k)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func marshal(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func expect(t *testing.T, name, want string, got report.Object) {
	t.Helper()
	for _, line := range decodertest.Diff([]byte(want), []byte(marshal(t, got))) {
		t.Errorf("%s: %s", name, line)
	}
}

func TestMembersKeepTheirOrder(t *testing.T) {
	t.Parallel()
	got := marshal(t, reporter(t, `{}`).Hex("0d0015e9bf2c"))
	want := `{"route_type":1,"route":"FLOOD","payload_type":3,"payload_name":"ACK","version":0,` +
		`"transport_codes":null,"path_len_byte":0,"path_hash_size":1,"hop_count":0,"path":[],` +
		`"payload_len":4,"packet_hash":"5b201b45012896e9","payload":{"ack":"15e9bf2c","ack_u32":750774549,"ack_len":4}}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// groupFrame seals text for the hashtag channel #x.
func groupFrame(text string) []byte {
	c := decoder.HashtagChannel("x")
	mac, ciphertext := decoder.Seal(c.Secret, append(make([]byte, 5), text...))
	return append([]byte{0x15, 0, c.Hash(), mac[0], mac[1]}, ciphertext...)
}

func TestTextFromTheAirIsJSONAndNothingElse(t *testing.T) {
	t.Parallel()
	r := reporter(t, `{"hashtags":["#x"]}`)
	for _, tt := range []struct{ text, in string }{
		{"a: <b>&\"\\", `"text":"a: <b>&\"\\"`},
		{"a: \x1b[2J\r\n", `"text":"a: \u001b[2J\r\n"`},
		{"a: \u2028", `"text":"a: \u2028"`},
		{"a: \xff", `"text":null`},
	} {
		b, err := r.Frame(groupFrame(tt.text)).MarshalJSON()
		if err != nil || !json.Valid(b) || !strings.Contains(string(b), tt.in) {
			t.Errorf("%q: %s %v", tt.text, b, err)
		}
	}
	got := marshal(t, r.Frame(groupFrame("\xff: b")))
	if strings.Contains(got, `"sender"`) || strings.Contains(got, `"message"`) {
		t.Errorf("half of a text that is not one: %s", got)
	}
}

func TestHexOfEitherCase(t *testing.T) {
	t.Parallel()
	r := reporter(t, `{}`)
	if lower, upper := marshal(t, r.Hex("0d0015e9bf2c")), marshal(t, r.Hex("0D0015E9BF2C")); lower != upper {
		t.Errorf("%s\n%s", lower, upper)
	}
	for _, bad := range []string{"0", "0g", "0d 00", "0x0d", "é"} {
		expect(t, bad, `{"error":true,"reason":"bad_hex"}`, r.Hex(bad))
	}
}

func TestWhatTheWireDoesNotTellIsMarked(t *testing.T) {
	t.Parallel()
	expect(t, "legacy path byte", `{"path_maybe_legacy":true,"hop_count":0}`, reporter(t, `{}`).Hex("0d4015e9bf2c"))
	share := "130000000000" + strings.Repeat("00", 100)
	expect(t, "share", `{"share":true,"transport_codes":[0,0]}`, reporter(t, `{}`).Hex(share))
	if _, ok := reporter(t, `{}`).Hex("0c0000000015e9bf2c").Get("region"); ok {
		t.Error("a region without regions to look among")
	}
}

func TestDiscoveryKeyOfOddLengthIsShown(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{0: 0, 7: 7, 8: 8, 20: 20, 32: 32, 40: 32} {
		frame := "2e0092ecb16d358b" + strings.Repeat("ab", n)
		expect(t, frame, `{"payload":{"discover_resp":{"pubkey":"`+strings.Repeat("ab", want)+`"}}}`, reporter(t, `{}`).Hex(frame))
	}
}
