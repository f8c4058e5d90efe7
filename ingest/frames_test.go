package ingest

import (
	"crypto/aes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"corescope-hub/decoder"
)

// nodeKey is the key that signs adverts in tests.
func nodeKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
}

// advertFrame is a zero-hop FLOOD advert that signs as the firmware does: no
// more than 32 bytes of its appdata.
func advertFrame(appdata []byte) []byte {
	key := nodeKey()
	const timestamp = 1795500000
	message := binary.LittleEndian.AppendUint32([]byte(key.Public().(ed25519.PublicKey)), timestamp)
	signature := ed25519.Sign(key, append(message[:36:36], appdata[:min(len(appdata), 32)]...))
	return append(append(append([]byte{0x11, 0x00}, message...), signature...), appdata...)
}

// appdata is a flags byte and what follows it.
func appdata(flags byte, parts ...[]byte) []byte {
	b := []byte{flags}
	for _, part := range parts {
		b = append(b, part...)
	}
	return b
}

// position is latitude and longitude on the wire, in millionths of a degree.
func position(lat, lon int32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(lat))
	return binary.LittleEndian.AppendUint32(b, uint32(lon))
}

// groupFrame is a zero-hop FLOOD packet of type kind (5 or 6), sealed for the
// hashtag channel "#test".
func groupFrame(t testing.TB, kind decoder.PayloadType, plain []byte) []byte {
	t.Helper()
	channel := decoder.HashtagChannel("#test")
	block, err := aes.NewCipher(channel.Secret)
	if err != nil {
		t.Fatal(err)
	}
	for len(plain)%aes.BlockSize != 0 {
		plain = append(plain, 0)
	}
	sealed := make([]byte, len(plain))
	for i := 0; i < len(plain); i += aes.BlockSize {
		block.Encrypt(sealed[i:], plain[i:])
	}
	mac := hmac.New(sha256.New, append(channel.Secret[:16:16], make([]byte, 16)...))
	mac.Write(sealed)
	frame := []byte{byte(kind)<<2 | 1, 0x00, channel.Hash()}
	return append(append(frame, mac.Sum(nil)[:2]...), sealed...)
}

// groupTextFrame is a GRP_TXT of timestamp 7.
func groupTextFrame(t testing.TB, text string) []byte {
	t.Helper()
	return groupFrame(t, decoder.TypeGroupText, append([]byte{7, 0, 0, 0, 0}, text...))
}
