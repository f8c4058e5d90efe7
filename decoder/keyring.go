package decoder

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// ErrNoKey means that no secret we hold opens a box.
var ErrNoKey = errors.New("no key fits")

// Channel is a group conversation and its secret.
type Channel struct {
	Name   string
	Secret []byte // 16 or 32 bytes
}

// String is the name: a secret does not print itself.
func (c Channel) String() string { return c.Name }

// GoString is the name, like String.
func (c Channel) GoString() string { return c.Name }

// LogValue is the name, like String.
func (c Channel) LogValue() slog.Value { return slog.StringValue(c.Name) }

// Hash is the channel hash, the byte by which a packet names its channel: the
// first of SHA-256 over the secret. A 32-byte secret whose second half is zero
// is a 16-byte one. Source: firmware BaseChatMesh.cpp, setChannel.
func (c Channel) Hash() uint8 {
	key := c.Secret
	if len(key) == 32 && len(bytes.Trim(key[16:], "\x00")) == 0 {
		key = key[:16]
	}
	return sha256.Sum256(key)[0]
}

// PublicChannel is the channel that every app has from the start. Everybody has
// its key. Source: firmware companion_radio/MyMesh.cpp, PUBLIC_GROUP_PSK.
func PublicChannel() Channel {
	return Channel{Name: "Public", Secret: []byte{
		0x8b, 0x33, 0x87, 0xe9, 0xc5, 0xcd, 0xea, 0x6a, 0xc9, 0xe5, 0xed, 0xba, 0xa1, 0x15, 0xcd, 0x72,
	}}
}

// HashtagChannel is the channel that apps derive from its name: the secret is
// the first 16 bytes of SHA-256 of "#name". The name may come with or without
// its '#', and has it in the channel.
func HashtagChannel(name string) Channel {
	name = "#" + strings.TrimPrefix(name, "#")
	sum := sha256.Sum256([]byte(name))
	return Channel{Name: name, Secret: sum[:16]}
}

// Keyring holds the secrets that an operator gave us. It is safe for
// concurrent use: nothing changes after NewKeyring. A nil Keyring is empty.
type Keyring struct {
	byHash [256][]Channel
}

// NewKeyring takes channels in order of preference: of those with one channel
// hash the first whose MAC verifies wins. A secret that is not 16 or 32 bytes
// long is an error.
func NewKeyring(channels ...Channel) (*Keyring, error) {
	k := new(Keyring)
	for _, c := range channels {
		if n := len(c.Secret); n != 16 && n != 32 {
			return nil, fmt.Errorf("channel %q: secret is %d bytes long, must be 16 or 32", c.Name, n)
		}
		c.Secret = bytes.Clone(c.Secret)
		k.byHash[c.Hash()] = append(k.byHash[c.Hash()], c)
	}
	return k, nil
}

// Open opens g with the first channel that its channel hash names and whose MAC
// verifies. The error is ErrNoKey, or ErrNotBlockMultiple when a MAC verified
// and there is still nothing to decrypt. The plaintext has its zero padding.
func (k *Keyring) Open(g *GroupSealed) (channel string, plaintext []byte, err error) {
	if k == nil {
		return "", nil, ErrNoKey
	}
	for _, c := range k.byHash[g.ChannelHash] {
		plaintext, err := openBox(c.Secret, g.MAC, g.Ciphertext)
		if errors.Is(err, errMAC) {
			continue
		}
		return c.Name, plaintext, err
	}
	return "", nil, ErrNoKey
}
