package decodertest

import (
	"crypto/hmac"
	"crypto/sha256"
)

// MAC authenticates a ciphertext as a sender does, but whole blocks or not:
// decoder.Seal makes no broken boxes.
func MAC(secret, ciphertext []byte) [2]byte {
	h := hmac.New(sha256.New, secret)
	h.Write(ciphertext)
	return [2]byte(h.Sum(nil)[:2])
}
