package broker

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A device token is how an observer proves that it has the key in its topic. It
// is a JSON Web Token in three ways of its own: alg is "Ed25519", the signature
// is hex, and the user name beside it is "v1_" and the key. Source: the device
// token of meshcoretomqtt, which packet-capture, firmware observers, openHop
// and meshcore-ha share.

// tokenUser begins the user name that comes with a token.
const tokenUser = "v1_"

// TokenRule says which device tokens are accepted.
type TokenRule struct {
	Audiences   []string      // names this hub answers to, "*" for any; empty accepts no token
	MaxLifetime time.Duration // from issue to expiry
	Skew        time.Duration // how far a device's clock may be off
}

// DefaultTokenRule has the lifetime that observers ask for by default, and some
// slack; it names no audience yet.
func DefaultTokenRule() TokenRule {
	return TokenRule{MaxLifetime: 24*time.Hour + 5*time.Minute, Skew: 5 * time.Minute}
}

// TokenClaims are the part of a token that the hub reads. Owner and e-mail
// address, which some carry, are nobody's business and are not.
type TokenClaims struct {
	PublicKey string `json:"publicKey"`     // 64 hex digits
	IssuedAt  int64  `json:"iat"`           // Unix seconds
	Expires   int64  `json:"exp,omitempty"` // Unix seconds
	Audience  string `json:"aud,omitempty"`
	Client    string `json:"client,omitempty"`
}

// Why a token is refused. Each is told to the operator; ErrTokenClock means a
// device whose clock was never set, not an intruder.
var (
	ErrTokenForm      = errors.New("not a device token")
	ErrTokenKey       = errors.New("the token is for another key than the user name")
	ErrTokenSignature = errors.New("bad signature")
	ErrTokenNoExpiry  = errors.New("the token never expires")
	ErrTokenLifetime  = errors.New("the token lives longer than is accepted here (hub.broker.auth.token.maxLifetime)")
	ErrTokenAudience  = errors.New("the token is for another broker (hub.broker.auth.token.audiences)")
	ErrTokenExpired   = errors.New("the token is expired")
	ErrTokenClock     = errors.New("the device's clock is not set")
	ErrHubClock       = errors.New("the hub's own clock is not set, so no token can be judged; set it, or wait until it is")
)

// clockSet is a day before which no clock that is set can be: a device without
// the time counts from 1970, or from the date its firmware was given, in May
// 2024.
var clockSet = time.Date(2024, 7, 1, 0, 0, 0, 0, time.UTC)

// verify checks a user name and password that are a device token, at now, and
// returns the key in upper case.
func (r TokenRule) verify(user, password string, now time.Time) (key string, err error) {
	key, ok := strings.CutPrefix(user, tokenUser)
	public, err := hex.DecodeString(key)
	if !ok || err != nil || len(public) != ed25519.PublicKeySize {
		return "", fmt.Errorf("%w: the user name is not v1_ and 64 hex digits", ErrTokenForm)
	}
	claims, err := readToken(password, public)
	if err != nil {
		return "", err
	}
	if !strings.EqualFold(claims.PublicKey, key) {
		return "", ErrTokenKey
	}
	return strings.ToUpper(key), r.judge(claims, now)
}

// readToken takes a token apart and checks the signature over the bytes that
// came: clients order their JSON as they like.
func readToken(token string, public ed25519.PublicKey) (claims receivedClaims, err error) {
	signed, signature, ok := cutLast(token, '.')
	header, payload, two := strings.Cut(signed, ".")
	if !ok || !two || strings.Contains(payload, ".") {
		return claims, fmt.Errorf("%w: it has not three parts", ErrTokenForm)
	}
	var head struct{ Alg, Typ string }
	if err := readPart(header, &head); err != nil {
		return claims, err
	}
	if head.Alg != "Ed25519" || head.Typ != "JWT" {
		return claims, fmt.Errorf("%w: its header is not Ed25519, JWT", ErrTokenForm)
	}
	sum, err := hex.DecodeString(signature)
	if err != nil || len(sum) != ed25519.SignatureSize {
		return claims, fmt.Errorf("%w: its signature is not 128 hex digits", ErrTokenForm)
	}
	if !ed25519.Verify(public, []byte(signed), sum) {
		return claims, ErrTokenSignature
	}
	return claims, readPart(payload, &claims)
}

func cutLast(s string, sep byte) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

func readPart(part string, into any) error {
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
	if err != nil {
		return fmt.Errorf("%w: a part is not base64", ErrTokenForm)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%w: a part is not JSON", ErrTokenForm)
	}
	return nil
}

// receivedClaims are claims as other programs write them: a time may have a
// fraction, and there may be several audiences (RFC 7519, 2 and 4.1.3).
type receivedClaims struct {
	PublicKey string      `json:"publicKey"`
	IssuedAt  unixSeconds `json:"iat"`
	Expires   unixSeconds `json:"exp"`
	Audience  audiences   `json:"aud"`
}

type unixSeconds int64

// UnmarshalJSON takes a number, without its fraction.
func (u *unixSeconds) UnmarshalJSON(b []byte) error {
	var f float64
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	*u = unixSeconds(min(max(f, 0), 1<<53))
	return nil
}

type audiences []string

// UnmarshalJSON takes one text or a list.
func (a *audiences) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = audiences{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(a))
}

// accepts says whether the rule names one of the audiences of a token.
func (r TokenRule) accepts(claimed audiences) bool {
	for _, accepted := range r.Audiences {
		if accepted == "*" || slices.ContainsFunc(claimed, func(c string) bool { return sameHost(accepted, c) }) {
			return true
		}
	}
	return false
}

// judge decides on claims whose signature is good.
func (r TokenRule) judge(c receivedClaims, now time.Time) error {
	issued, expires := time.Unix(int64(c.IssuedAt), 0), time.Unix(int64(c.Expires), 0)
	switch {
	case now.Before(clockSet): // a Raspberry Pi has no battery for its clock
		return ErrHubClock
	case c.Expires == 0:
		return ErrTokenNoExpiry
	case c.IssuedAt == 0:
		return fmt.Errorf("%w: it does not say when it was issued (iat)", ErrTokenForm)
	case issued.Before(clockSet):
		return fmt.Errorf("%w: it says %s", ErrTokenClock, issued.UTC().Format(time.DateTime))
	case expires.Sub(issued) > r.MaxLifetime:
		return fmt.Errorf("%w: %s", ErrTokenLifetime, expires.Sub(issued))
	case !r.accepts(c.Audience):
		return fmt.Errorf("%w: %q", ErrTokenAudience, bounded(strings.Join(c.Audience, " ")))
	case now.After(expires.Add(r.Skew)):
		return fmt.Errorf("%w: %s ago by the hub's clock", ErrTokenExpired, now.Sub(expires).Round(time.Second))
	case issued.After(now.Add(r.Skew)):
		return fmt.Errorf("%w: it is %s ahead of the hub's", ErrTokenClock, issued.Sub(now).Round(time.Second))
	}
	return nil
}

// sameHost compares audiences: host names, in any case, which some clients give
// as a URL or with a port.
func sameHost(accepted, claimed string) bool {
	for _, scheme := range []string{"https://", "wss://", "mqtts://"} {
		claimed = strings.TrimPrefix(claimed, scheme)
	}
	claimed, _, _ = strings.Cut(claimed, "/")
	claimed, _, _ = strings.Cut(claimed, ":")
	return strings.EqualFold(accepted, claimed)
}

// MintToken makes the user name and password of a device. sign signs with the
// private key of claims.PublicKey.
func MintToken(claims TokenClaims, sign func(message []byte) []byte) (user, password string, err error) {
	claims.PublicKey = strings.ToUpper(claims.PublicKey)
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", "", fmt.Errorf("write token: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"Ed25519","typ":"JWT"}`)) + "." + encode(payload)
	return tokenUser + claims.PublicKey, signed + "." + strings.ToUpper(hex.EncodeToString(sign([]byte(signed)))), nil
}
