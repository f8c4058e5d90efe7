package report

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"corescope-hub/decoder"
)

// Keys is what a reader knows beyond the frame. Every field may be left out.
type Keys struct {
	// Channels by name and secret, 16 or 32 bytes in hex. Of those that fit the
	// first wins; all come before Hashtags.
	Channels []Channel `json:"channels"`
	// Hashtags are channels whose secret is made from their name.
	Hashtags []string `json:"hashtags"`
	// Regions are names to find the scope of transport codes among.
	Regions []string `json:"regions"`
	// Identities are nodes whose private key we have.
	Identities []Identity `json:"identities"`
	// Contacts are the public keys of the nodes that these talk to, in hex.
	Contacts []string `json:"contacts"`
	// ResponseKind says what the responses answer.
	ResponseKind string `json:"response_kind"`
	// NeighboursPrefixLen is how many key bytes a list of neighbours was asked
	// to show of each.
	NeighboursPrefixLen int `json:"neighbours_prefix_len"`
	// DestRole says what receives the anonymous requests: "room", "repeater" or
	// "sensor".
	DestRole string `json:"dest_role"`
}

// Identity is a node's key pair in hex.
type Identity struct {
	Private Secret `json:"prv"` // 64 bytes, expanded: scalar and nonce prefix
	Public  string `json:"pub"` // 32 bytes
}

// Channel is a group conversation.
type Channel struct {
	Name   string `json:"name"`
	Secret Secret `json:"secret"`
}

// Secret is a key in hex that does not print itself.
type Secret string

// String hides the secret.
func (Secret) String() string { return "[redacted]" }

// GoString hides the secret.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// ParseKeys reads one JSON object. A member that Keys does not have is an error.
func ParseKeys(b []byte) (Keys, error) {
	var k Keys
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&k); err != nil {
		return Keys{}, fmt.Errorf("read keys: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return Keys{}, fmt.Errorf("read keys: more than one JSON object, the second at byte %d", dec.InputOffset())
	}
	return k, nil
}

// New makes a Reporter that reads with k. The error names the key that is wrong,
// and never shows a secret.
func New(k Keys) (*Reporter, error) {
	var r Reporter
	var err error
	if r.channels, err = k.keyring(); err != nil {
		return nil, err
	}
	if r.nodes, err = k.addressBook(); err != nil {
		return nil, err
	}
	if r.hint, err = k.hint(); err != nil {
		return nil, err
	}
	if r.destRole, err = k.receiver(); err != nil {
		return nil, err
	}
	for _, name := range k.Regions {
		r.regions = append(r.regions, decoder.NewRegion(name))
	}
	return &r, nil
}

func (k Keys) keyring() (*decoder.Keyring, error) {
	channels := make([]decoder.Channel, 0, len(k.Channels)+len(k.Hashtags))
	for _, c := range k.Channels {
		secret, err := hex.DecodeString(string(c.Secret))
		if err != nil {
			return nil, fmt.Errorf("channel %q: secret is not hex", c.Name)
		}
		channels = append(channels, decoder.Channel{Name: c.Name, Secret: secret})
	}
	for _, name := range k.Hashtags {
		channels = append(channels, decoder.HashtagChannel(name))
	}
	return decoder.NewKeyring(channels...)
}

func (k Keys) addressBook() (*decoder.AddressBook, error) {
	var own []*decoder.Identity
	for i, key := range k.Identities {
		id, err := key.open()
		if err != nil {
			return nil, fmt.Errorf("identity %d: %w", i+1, err)
		}
		own = append(own, id)
	}
	var contacts [][32]byte
	for i, text := range k.Contacts {
		public, err := publicKey(text)
		if err != nil {
			return nil, fmt.Errorf("contact %d: %w", i+1, err)
		}
		contacts = append(contacts, public)
	}
	return decoder.NewAddressBook(own, contacts...), nil
}

func (i Identity) open() (*decoder.Identity, error) {
	private, err := hex.DecodeString(string(i.Private))
	if err != nil {
		return nil, errors.New("prv is not hex")
	}
	id, err := decoder.NewIdentity(private)
	if err != nil || i.Public == "" {
		return id, err
	}
	public, err := publicKey(i.Public)
	if err != nil {
		return nil, err
	}
	if own := id.PublicKey(); own != public {
		return nil, fmt.Errorf("pub is %s, but the public key of prv is %x", i.Public, own)
	}
	return id, nil
}

func publicKey(text string) (key [32]byte, err error) {
	b, err := hex.DecodeString(text)
	if err != nil {
		return key, fmt.Errorf("public key %.80q is not hex", text)
	}
	if len(b) != len(key) {
		return key, fmt.Errorf("public key %.80q is %d bytes long, must be %d", text, len(b), len(key))
	}
	return [32]byte(b), nil
}

func (k Keys) hint() (decoder.Hint, error) {
	h := decoder.Hint{Kind: decoder.ResponseKind(k.ResponseKind), PrefixSize: k.NeighboursPrefixLen}
	if k.ResponseKind != "" && !h.Valid() {
		return h, fmt.Errorf("response_kind %.80q is not one of %v", k.ResponseKind, decoder.ResponseKinds())
	}
	if h.PrefixSize < 0 || h.PrefixSize > 32 {
		return h, fmt.Errorf("neighbours_prefix_len is %d, must be 0 to 32", h.PrefixSize)
	}
	return h, nil
}

func (k Keys) receiver() (decoder.Role, error) {
	for _, role := range []decoder.Role{decoder.RoleRoom, decoder.RoleRepeater, decoder.RoleSensor} {
		if k.DestRole == role.String() {
			return role, nil
		}
	}
	if k.DestRole != "" {
		return 0, fmt.Errorf("dest_role %.80q is not room, repeater or sensor", k.DestRole)
	}
	return decoder.RoleNone, nil
}
