package decoder

import (
	"crypto/aes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
)

// ErrNotBlockMultiple means that a box verified but its ciphertext is not one or
// more whole AES blocks. No sender makes that, and the firmware would read past the
// payload; there is no plaintext to give.
var ErrNotBlockMultiple = errors.New("ciphertext is not a multiple of 16 bytes")

// errMAC means that the secret is not the one a box was sealed with.
var errMAC = errors.New("MAC does not match")

// Seal makes a box as a sender does: plaintext padded with zeros to whole blocks
// and encrypted with the first 16 bytes of secret, and its MAC. A shorter secret
// panics. Source: firmware Utils.cpp, encryptThenMAC.
func Seal(secret, plaintext []byte) (mac [2]byte, ciphertext []byte) {
	block, err := aes.NewCipher(secret[:16])
	if err != nil {
		panic(err) // only for another length than 16
	}
	ciphertext = make([]byte, (len(plaintext)+aes.BlockSize-1)/aes.BlockSize*aes.BlockSize)
	copy(ciphertext, plaintext)
	for b := ciphertext; len(b) > 0; b = b[aes.BlockSize:] {
		block.Encrypt(b[:aes.BlockSize], b[:aes.BlockSize])
	}
	h := hmac.New(sha256.New, secret)
	h.Write(ciphertext)
	copy(mac[:], h.Sum(nil))
	return mac, ciphertext
}

// Seal makes a box for the node whose public key is contact.
func (id *Identity) Seal(contact [32]byte, plaintext []byte) (mac [2]byte, ciphertext []byte) {
	return Seal(id.secret(newPeer(contact)), plaintext)
}

// openBox verifies and decrypts a box: AES-128 in ECB mode with the first 16
// bytes of the secret, HMAC-SHA256 of the ciphertext with all its bytes, cut to
// 2. The plaintext keeps its zero padding: its true length is not on the wire.
// Source: firmware Utils.cpp, MACThenDecrypt.
func openBox(secret []byte, mac [2]byte, ciphertext []byte) ([]byte, error) {
	h := hmac.New(sha256.New, secret)
	h.Write(ciphertext)
	var sum [sha256.Size]byte
	if !hmac.Equal(h.Sum(sum[:0])[:len(mac)], mac[:]) {
		return nil, errMAC
	}
	if len(ciphertext) == 0 || len(ciphertext)%aes.BlockSize != 0 {
		return nil, ErrNotBlockMultiple
	}
	block, err := aes.NewCipher(secret[:16])
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(ciphertext))
	for i := 0; i < len(plain); i += aes.BlockSize {
		block.Decrypt(plain[i:i+aes.BlockSize], ciphertext[i:i+aes.BlockSize])
	}
	return plain, nil
}
