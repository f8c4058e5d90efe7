package config

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"corescope-hub/decoder"
)

// publicName is the channel that every MeshCore app has from the start, and
// publicSecret its well-known key.
const (
	publicName   = "Public"
	publicSecret = "8b3387e9c5cdea6ac9e5edbaa115cd72"
)

// rainbowFile is read beside the config file when no other is named.
const rainbowFile = "channel-rainbow.json"

// Channels are the channels to open, in order of preference: channelKeys, then
// hashChannels, then the file of channelKeysPath, then the built-in Public. A
// name that was given before is left out, so the order never depends on chance.
func (c *Config) Channels() ([]decoder.Channel, error) {
	list := channelList{seen: map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(c.ChannelKeys)) {
		secret, err := c.channelSecret(name)
		if err != nil {
			return nil, err
		}
		list.add(name, secret)
	}
	for _, name := range c.HashChannels {
		if name = hashtag(name); name != "" {
			list.add(name, decoder.HashtagChannel(name).Secret)
		}
	}
	if err := c.rainbow(&list); err != nil {
		return nil, err
	}
	secret, err := parseSecret(publicSecret)
	if err != nil {
		return nil, err
	}
	list.add(publicName, secret)
	return list.channels, nil
}

// channelList collects channels, the first of each name.
type channelList struct {
	channels []decoder.Channel
	seen     map[string]bool
}

// add appends a channel unless its name is taken. A spelling of Public other
// than the canonical one never replaces the built-in channel.
func (l *channelList) add(name string, secret []byte) {
	if l.seen[name] || name != publicName && strings.EqualFold(name, publicName) {
		return
	}
	l.seen[name] = true
	l.channels = append(l.channels, decoder.Channel{Name: name, Secret: secret})
}

func (c *Config) channelSecret(name string) ([]byte, error) {
	secret, err := parseSecret(c.ChannelKeys[name].Reveal())
	if err != nil {
		return nil, &Error{Pos: c.origin["channelKeys"], Key: "channelKeys", Value: quote(name), Err: err, Hint: "write 32 or 64 hex digits"}
	}
	return secret, nil
}

// rainbow adds the channels of the file of channelKeysPath. A file that nobody
// named may be missing.
func (c *Config) rainbow(list *channelList) error {
	path, named := c.ChannelKeysPath, c.ChannelKeysPath != ""
	if !named {
		path = filepath.Join(filepath.Dir(c.file), rainbowFile)
	}
	src, err := os.ReadFile(path)
	if !named && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	fail := func(err error, hint string) error {
		return &Error{Pos: c.origin["channelKeysPath"], Key: "channelKeysPath", Value: quote(path), Err: err, Hint: hint}
	}
	if err != nil {
		return fail(cause(err), "check the path and that this user can read it")
	}
	var secrets map[string]string
	if err := json.Unmarshal(src, &secrets); err != nil {
		return fail(errors.New("not a JSON object of texts"), `write { "name": "hex digits" }`)
	}
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		secret, err := parseSecret(secrets[name])
		if err != nil {
			return fail(fmt.Errorf("channel %s: %w", quote(name), err), "write 32 or 64 hex digits, or take the channel out")
		}
		list.add(name, secret)
	}
	return nil
}

// parseSecret never puts the secret into its error.
func parseSecret(text string) ([]byte, error) {
	secret, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return nil, errors.New("the secret is not hex")
	}
	if len(secret) != 16 && len(secret) != 32 {
		return nil, fmt.Errorf("the secret has %d hex digits", 2*len(secret))
	}
	return secret, nil
}

// hashtag is a channel's or region's name with its "#"; "" for an empty name.
func hashtag(name string) string {
	name = strings.TrimSpace(name)
	if name == "" || strings.HasPrefix(name, "#") {
		return name
	}
	return "#" + name
}

// Regions are the names of hashRegions, each once, with their "#".
func (c *Config) Regions() []string {
	var regions []string
	for _, name := range c.HashRegions {
		if name = hashtag(name); name != "" && !slices.Contains(regions, name) {
			regions = append(regions, name)
		}
	}
	return regions
}
