package broker

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// device is a key pair that mints tokens.
type device struct {
	private ed25519.PrivateKey
	key     string
}

func newDevice(seed byte) device {
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), 32)))
	return device{private, strings.ToUpper(hex.EncodeToString(private.Public().(ed25519.PublicKey)))}
}

func (d device) sign(m []byte) []byte { return ed25519.Sign(d.private, m) }

func (d device) claims() TokenClaims {
	return TokenClaims{PublicKey: d.key, IssuedAt: noon.Unix(), Expires: noon.Add(time.Hour).Unix(), Audience: "hub.example"}
}

func anyAudience() TokenRule {
	r := DefaultTokenRule()
	r.Audiences = []string{"*"}
	return r
}

// raw is a token with any text as header and payload.
func (d device) raw(header, payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(header)) + "." + encode([]byte(payload))
	return signed + "." + hex.EncodeToString(d.sign([]byte(signed)))
}

func TestTokenOfADeviceIsAccepted(t *testing.T) {
	t.Parallel()
	d := newDevice('a')
	rule := anyAudience()
	user, password, err := MintToken(d.claims(), d.sign)
	if err != nil {
		t.Fatal(err)
	}
	if user != "v1_"+d.key {
		t.Errorf("user name %s", user)
	}
	for name, try := range map[string][2]string{
		"as minted":            {user, password},
		"lower case signature": {user, strings.ToLower(password[:0]) + password[:strings.LastIndexByte(password, '.')] + strings.ToLower(password[strings.LastIndexByte(password, '.'):])},
		"lower case key":       {"v1_" + strings.ToLower(d.key), password},
		"another key order": {user, d.raw(`{"typ":"JWT","alg":"Ed25519"}`, fmt.Sprintf(
			`{"exp":%d,"owner":"x","email":"a@b","aud":"hub.example","iat":%d,"publicKey":"%s"}`, noon.Add(time.Hour).Unix(), noon.Unix(), strings.ToLower(d.key)))},
	} {
		key, err := rule.verify(try[0], try[1], noon)
		if err != nil || key != d.key {
			t.Errorf("%s: %q, %v", name, key, err)
		}
	}
}

func TestTokenIsJudged(t *testing.T) {
	t.Parallel()
	d, other := newDevice('a'), newDevice('b')
	change := func(f func(*TokenClaims)) TokenClaims { c := d.claims(); f(&c); return c }
	at := func(offset time.Duration) int64 { return noon.Add(offset).Unix() }
	for name, try := range map[string]struct {
		claims    TokenClaims
		audiences []string
		want      error
	}{
		"good":                   {claims: d.claims()},
		"its audience":           {claims: d.claims(), audiences: []string{"a.example", "HUB.example"}},
		"audience as a URL":      {claims: change(func(c *TokenClaims) { c.Audience = "https://hub.example/mqtt" }), audiences: []string{"hub.example"}},
		"another audience":       {claims: d.claims(), audiences: []string{"a.example"}, want: ErrTokenAudience},
		"no audience":            {claims: change(func(c *TokenClaims) { c.Audience = "" }), audiences: []string{"a.example"}, want: ErrTokenAudience},
		"no expiry":              {claims: change(func(c *TokenClaims) { c.Expires = 0 }), want: ErrTokenNoExpiry},
		"expired":                {claims: change(func(c *TokenClaims) { c.IssuedAt, c.Expires = at(-2*time.Hour), at(-time.Hour) }), want: ErrTokenExpired},
		"expired within skew":    {claims: change(func(c *TokenClaims) { c.IssuedAt, c.Expires = at(-2*time.Hour), at(-time.Minute) })},
		"too long":               {claims: change(func(c *TokenClaims) { c.Expires = at(48 * time.Hour) }), want: ErrTokenLifetime},
		"a day":                  {claims: change(func(c *TokenClaims) { c.Expires = at(24 * time.Hour) })},
		"ahead":                  {claims: change(func(c *TokenClaims) { c.IssuedAt, c.Expires = at(time.Hour), at(2*time.Hour) }), want: ErrTokenClock},
		"ahead within skew":      {claims: change(func(c *TokenClaims) { c.IssuedAt = at(4 * time.Minute) })},
		"clock of the firmware":  {claims: change(func(c *TokenClaims) { c.IssuedAt, c.Expires = 1715770351, 1715773951 }), want: ErrTokenClock},
		"clock at 1970":          {claims: change(func(c *TokenClaims) { c.IssuedAt, c.Expires = 60, 3660 }), want: ErrTokenClock},
		"another device's key":   {claims: change(func(c *TokenClaims) { c.PublicKey = other.key }), want: ErrTokenKey},
		"never, for a long time": {claims: change(func(c *TokenClaims) { c.Expires = 1 << 62 }), want: ErrTokenLifetime},
	} {
		rule := anyAudience()
		if try.audiences != nil {
			rule.Audiences = try.audiences
		}
		_, password, err := MintToken(try.claims, d.sign)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rule.verify("v1_"+d.key, password, noon); !errors.Is(err, try.want) {
			t.Errorf("%s: %v, want %v", name, err, try.want)
		}
	}
}

func TestClaimsMayBeWrittenInOtherWays(t *testing.T) {
	t.Parallel()
	d := newDevice('a')
	rule := DefaultTokenRule()
	rule.Audiences = []string{"hub.example"}
	for name, try := range map[string]struct {
		iat, exp, aud string
		want          error
	}{
		"with fractions":      {"%d.75", "%d.1", `"hub.example"`, nil},
		"several audiences":   {"%d", "%d", `["a.example","hub.example"]`, nil},
		"others only":         {"%d", "%d", `["a.example"]`, ErrTokenAudience},
		"audience with port":  {"%d", "%d", `"wss://hub.example:443/mqtt"`, nil},
		"no audience":         {"%d", "%d", `null`, ErrTokenAudience},
		"audience no text":    {"%d", "%d", `5`, ErrTokenForm},
		"time as text":        {`"%d"`, "%d", `"hub.example"`, ErrTokenForm},
		"no time of issue":    {"0.%d", "%d", `"hub.example"`, ErrTokenForm},
		"end beyond all time": {"%d", "1e300", `"hub.example"`, ErrTokenLifetime},
		"end before all time": {"%d", "-%d", `"hub.example"`, ErrTokenNoExpiry},
	} {
		payload := fmt.Sprintf(`{"publicKey":"`+d.key+`","iat":`+try.iat+`,"exp":`+try.exp+`,"aud":`+try.aud+`}`, noon.Unix(), noon.Add(time.Hour).Unix())
		if strings.HasPrefix(try.exp, "1e300") {
			payload = fmt.Sprintf(`{"publicKey":"`+d.key+`","iat":%d,"exp":1e300,"aud":`+try.aud+`}`, noon.Unix())
		}
		if _, err := rule.verify("v1_"+d.key, d.raw(`{"alg":"Ed25519","typ":"JWT"}`, payload), noon); !errors.Is(err, try.want) {
			t.Errorf("%s: %v, want %v", name, err, try.want)
		}
	}
}

// A Raspberry Pi starts at a moment in the past until it has asked for the time:
// that is nobody's fault but the hub's, and a bad signature stays one.
func TestHubWithoutTheTimeSaysSo(t *testing.T) {
	t.Parallel()
	d, other := newDevice('a'), newDevice('b')
	_, good, _ := MintToken(d.claims(), d.sign)
	_, forged, _ := MintToken(d.claims(), other.sign)
	early := time.Unix(0, 0)
	if _, err := anyAudience().verify("v1_"+d.key, good, early); !errors.Is(err, ErrHubClock) {
		t.Errorf("a good token: %v", err)
	}
	if _, err := anyAudience().verify("v1_"+d.key, forged, early); !errors.Is(err, ErrTokenSignature) {
		t.Errorf("a forged token: %v", err)
	}
}

func TestForgedTokenIsRefused(t *testing.T) {
	t.Parallel()
	d, other := newDevice('a'), newDevice('b')
	_, good, _ := MintToken(d.claims(), d.sign)
	_, forged, _ := MintToken(d.claims(), other.sign)
	dot := strings.LastIndexByte(good, '.')
	user := "v1_" + d.key
	payload := `{"publicKey":"` + d.key + `","iat":1,"exp":2}`
	for name, try := range map[string]struct {
		user, password string
		want           error
	}{
		"another's signature":  {user, forged, ErrTokenSignature},
		"changed payload":      {user, strings.Replace(good, ".", ".AA", 1), ErrTokenSignature},
		"no signature":         {user, good[:dot], ErrTokenForm},
		"short signature":      {user, good[:dot+11], ErrTokenForm},
		"base64 signature":     {user, good[:dot+1] + "c2lnbmF0dXJl", ErrTokenForm},
		"alg none":             {user, d.raw(`{"alg":"none","typ":"JWT"}`, payload), ErrTokenForm},
		"alg EdDSA":            {user, d.raw(`{"alg":"EdDSA","typ":"JWT"}`, payload), ErrTokenForm},
		"payload is no object": {user, d.raw(`{"alg":"Ed25519","typ":"JWT"}`, `[1]`), ErrTokenForm},
		"four parts":           {user, "a." + good, ErrTokenForm},
		"empty":                {user, "", ErrTokenForm},
		"no prefix":            {d.key, good, ErrTokenForm},
		"short key":            {"v1_AA", good, ErrTokenForm},
	} {
		if key, err := anyAudience().verify(try.user, try.password, noon); !errors.Is(err, try.want) {
			t.Errorf("%s: %q, %v, want %v", name, key, err, try.want)
		}
	}
}

func FuzzToken(f *testing.F) {
	d := newDevice('a')
	user, password, _ := MintToken(d.claims(), d.sign)
	f.Add(user, password)
	f.Add(user, d.raw(`{"alg":"Ed25519","typ":"JWT"}`, `{"iat":1e99}`))
	f.Add("v1_", "..")
	f.Fuzz(func(t *testing.T, user, password string) {
		key, err := anyAudience().verify(user, password, noon)
		if err == nil && !strings.EqualFold(user, "v1_"+key) {
			t.Errorf("user %q is let in as %q", user, key)
		}
	})
}
