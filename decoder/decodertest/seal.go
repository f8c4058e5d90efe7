package decodertest

import (
	"crypto/aes"
	"crypto/hmac"
	"crypto/sha256"
)

// Seal makes a box as a sender does: plaintext padded with zeros to whole blocks
// and encrypted with AES-128 under the first half of secret, and two bytes of
// HMAC-SHA256 under all of it.
func Seal(secret, plaintext []byte) (mac [2]byte, ciphertext []byte) {
	block, err := aes.NewCipher(secret[:16])
	if err != nil {
		panic(err) // only for another length than 16
	}
	ciphertext = make([]byte, (len(plaintext)+15)/16*16)
	copy(ciphertext, plaintext)
	for b := ciphertext; len(b) > 0; b = b[16:] {
		block.Encrypt(b[:16], b[:16])
	}
	return MAC(secret, ciphertext), ciphertext
}

// MAC authenticates a ciphertext, whole blocks or not.
func MAC(secret, ciphertext []byte) [2]byte {
	h := hmac.New(sha256.New, secret)
	h.Write(ciphertext)
	return [2]byte(h.Sum(nil)[:2])
}
