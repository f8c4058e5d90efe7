package decoder

import (
	"crypto/sha512"

	"filippo.io/edwards25519"
)

// Sign signs as the node does: standard Ed25519, begun from the expanded key,
// since the seed is not known. Source: firmware lib/ed25519/sign.c.
func (id *Identity) Sign(message []byte) [64]byte {
	nonce := wide(id.prefix[:], message)
	r := new(edwards25519.Point).ScalarBaseMult(nonce).Bytes()
	s := edwards25519.NewScalar().MultiplyAdd(wide(r, id.public[:], message), id.scalar, nonce)
	var signature [64]byte
	copy(signature[:32], r)
	copy(signature[32:], s.Bytes())
	return signature
}

// wide is SHA-512 over parts as a scalar.
func wide(parts ...[]byte) *edwards25519.Scalar {
	h := sha512.New()
	for _, p := range parts {
		h.Write(p)
	}
	s, err := edwards25519.NewScalar().SetUniformBytes(h.Sum(nil))
	if err != nil {
		panic(err) // only for another length than 64 bytes
	}
	return s
}
