package decoder

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"testing"
)

func TestSignatureFromTheExpandedKeyIsThatOfTheSeed(t *testing.T) {
	t.Parallel()
	for i := range byte(20) {
		seed := bytes.Repeat([]byte{i}, ed25519.SeedSize)
		private := ed25519.NewKeyFromSeed(seed)
		expanded := sha512.Sum512(seed)
		expanded[0] &= 248
		expanded[31] = expanded[31]&63 | 64
		id, err := NewIdentity(expanded[:])
		if err != nil {
			t.Fatal(err)
		}
		message := bytes.Repeat([]byte{i}, int(i))
		if got := id.Sign(message); !bytes.Equal(got[:], ed25519.Sign(private, message)) {
			t.Errorf("seed %d: signature %x", i, got)
		}
	}
}
