package report

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"

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
	// Contacts are public keys of the nodes that these talk to, in hex.
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
	Private string `json:"prv"` // 64 bytes, expanded: scalar and nonce prefix
	Public  string `json:"pub"` // 32 bytes
}

// Channel is a group conversation.
type Channel struct {
	Name   string `json:"name"`
	Secret string `json:"secret"`
}

// ParseKeys reads one JSON object. A member that Keys does not have is an error.
func ParseKeys(b []byte) (Keys, error) {
	var k Keys
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&k); err != nil {
		return Keys{}, fmt.Errorf("read keys: %w", err)
	}
	return k, nil
}

// New makes a Reporter that reads with k. The error names the key that is wrong.
func New(k Keys) (*Reporter, error) {
	var r Reporter
	var err error
	if r.channels, err = k.keyring(); err != nil {
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
		secret, err := hex.DecodeString(c.Secret)
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
