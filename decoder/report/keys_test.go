package report_test

import (
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"corescope-hub/decoder/report"
)

// expanded is a private key in the firmware's form and its public key, in hex.
func expanded(n byte) (private, public string) {
	seed := make([]byte, 32)
	seed[0] = n
	key := sha512.Sum512(seed)
	key[0] &= 248
	key[31] = key[31]&63 | 64
	return hex.EncodeToString(key[:]), hex.EncodeToString(ed25519.NewKeyFromSeed(seed)[32:])
}

func TestWrongKeysAreNamedAndNotShown(t *testing.T) {
	t.Parallel()
	private, public := expanded(1)
	_, other := expanded(2)
	for _, tt := range []struct{ name, keys, says string }{
		{"unknown member", `{"chanels":[]}`, "chanels"},
		{"unknown member of a channel", `{"channels":[{"key":"00"}]}`, "key"},
		{"not JSON", `{`, "read keys"},
		{"two objects", `{} {}`, "more than one"},
		{"text behind", `{} x`, "more than one"},
		{"channel secret size", `{"channels":[{"name":"c","secret":"00ff"}]}`, `channel "c"`},
		{"channel secret", `{"channels":[{"name":"c","secret":"5ecre7zz"}]}`, `channel "c"`},
		{"identity not hex", `{"identities":[{"prv":"5ecre7zz"}]}`, "identity 1"},
		{"identity size", `{"identities":[{"prv":"00ff"}]}`, "identity 1: identity key is 2 bytes"},
		{"identity of another public key", `{"identities":[{"prv":"` + private + `","pub":"` + other + `"}]}`, public},
		{"public key not hex", `{"identities":[{"prv":"` + private + `","pub":"zz"}]}`, `"zz" is not hex`},
		{"contact size", `{"contacts":["` + public + `","00ff"]}`, "contact 2"},
		{"contact not hex", `{"contacts":["` + strings.Repeat("z", 500) + `"]}`, "contact 1"},
		{"response kind", `{"response_kind":"weather"}`, "anon_clock"},
		{"prefix too long", `{"neighbours_prefix_len":33}`, "33"},
		{"prefix negative", `{"neighbours_prefix_len":-1}`, "-1"},
		{"role", `{"dest_role":"chat"}`, "room, repeater or sensor"},
	} {
		k, err := report.ParseKeys([]byte(tt.keys))
		if err == nil {
			_, err = report.New(k)
		}
		switch {
		case err == nil:
			t.Errorf("%s: no error", tt.name)
		case !strings.Contains(err.Error(), tt.says):
			t.Errorf("%s: %v", tt.name, err)
		case strings.Contains(err.Error(), "5ecre7"), strings.Contains(err.Error(), private[:16]):
			t.Errorf("%s shows a secret: %v", tt.name, err)
		case len(err.Error()) > 300:
			t.Errorf("%s: error of %d bytes", tt.name, len(err.Error()))
		}
	}
}

func TestParsedSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	private, _ := expanded(1)
	k, err := report.ParseKeys([]byte(`{"channels":[{"name":"c","secret":"5ecre7"}],"identities":[{"prv":"` + private + `"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprintf("%v %+v %#v", k, k, k)
	if strings.Contains(shown, "5ecre7") || strings.Contains(shown, private[:16]) {
		t.Error(shown)
	}
}

func TestPublicKeyOfAnIdentityMayBeLeftOut(t *testing.T) {
	t.Parallel()
	private, public := expanded(1)
	for _, keys := range []string{
		`{"identities":[{"prv":"` + private + `"}]}`,
		`{"identities":[{"prv":"` + private + `","pub":"` + strings.ToUpper(public) + `"}]}`,
	} {
		reporter(t, keys)
	}
}
