package decoder

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"

	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
)

// IdentitySize is the length of an exported private key, in bytes.
// Source: firmware MeshCore.h, PRV_KEY_SIZE.
const IdentitySize = 64

// errSeedForm tells an operator which of the two common 64-byte forms he has.
var errSeedForm = errors.New("identity key is a seed and its public key; " +
	"give the expanded form that the firmware exports (scalar and nonce prefix)")

// Identity is a node whose private key we hold.
type Identity struct {
	public  [32]byte
	private *ecdh.PrivateKey
	scalar  *edwards25519.Scalar
	prefix  [32]byte // of nonces
}

// NewIdentity takes a private key as the firmware exports it: the 64 bytes of an
// expanded Ed25519 key, the scalar and the nonce prefix. The key of 64 bytes
// that most Ed25519 libraries use, seed and public key, is refused.
func NewIdentity(expanded []byte) (*Identity, error) {
	if len(expanded) != IdentitySize {
		return nil, fmt.Errorf("identity key is %d bytes long, must be %d", len(expanded), IdentitySize)
	}
	if bytes.Equal(ed25519.NewKeyFromSeed(expanded[:32])[32:], expanded[32:]) {
		return nil, errSeedForm
	}
	scalar, err := edwards25519.NewScalar().SetBytesWithClamping(expanded[:32])
	if err != nil {
		return nil, fmt.Errorf("read identity key: %w", err)
	}
	private, err := ecdh.X25519().NewPrivateKey(expanded[:32])
	if err != nil {
		return nil, fmt.Errorf("read identity key: %w", err)
	}
	id := &Identity{private: private, scalar: scalar, prefix: [32]byte(expanded[32:])}
	copy(id.public[:], new(edwards25519.Point).ScalarBaseMult(scalar).Bytes())
	return id, nil
}

// PublicKey is the key that the node shows in its adverts.
func (id *Identity) PublicKey() [32]byte { return id.public }

// String is the start of the public key: a private key does not print itself.
func (id *Identity) String() string { return fmt.Sprintf("node %x", id.public[:4]) }

// GoString is the same as String.
func (id *Identity) GoString() string { return id.String() }

// LogValue is the same as String.
func (id *Identity) LogValue() slog.Value { return slog.StringValue(id.String()) }

// secret is what the node shares with p: the plain u-coordinate of X25519, no
// key derivation. crypto/ecdh clamps the scalar as the firmware does, but
// refuses a peer of low order, for which the result is zero. The firmware has no
// such check and uses the zeros, so a frame sealed with them is one that nodes
// read, and so do we: an observer has nothing of its own to protect here.
// Source: firmware lib/ed25519/key_exchange.c.
func (id *Identity) secret(p peer) []byte {
	if s, err := id.private.ECDH(p.montgomery); err == nil {
		return s
	}
	return make([]byte, 32)
}

// peer is a node whose public key we know.
type peer struct {
	public     [32]byte
	montgomery *ecdh.PublicKey
}

// newPeer maps the Edwards y of a public key to the Montgomery u = (1+y)/(1-y).
// Like the firmware it does not ask whether y is on the curve, and takes the
// inverse of zero for zero. Source: firmware lib/ed25519/key_exchange.c.
func newPeer(public [32]byte) peer {
	one := new(field.Element).One()
	y, _ := new(field.Element).SetBytes(public[:]) // fails for other lengths only
	u := new(field.Element).Subtract(one, y)
	u.Multiply(y.Add(one, y), u.Invert(u))
	montgomery, _ := ecdh.X25519().NewPublicKey(u.Bytes()) // fails for other lengths only
	return peer{public: public, montgomery: montgomery}
}
