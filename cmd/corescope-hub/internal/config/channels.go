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

// rainbowFile is read beside the config file when no other is named.
const rainbowFile = "channel-rainbow.json"

// Channels are the channels to open, in order of preference: channelKeys, then
// hashChannels, then the file of channelKeysPath, then the built-in Public. A
// name that was given before is left out, so the order never depends on chance.
//
// What cannot be used is left out and told as a warning: CoreScope's ingestor
// runs without it. Names that begin with "_" are comments.
func (c *Config) Channels() (channels []decoder.Channel, warnings []string) {
	list := channelList{seen: map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(c.ChannelKeys)) {
		list.addKey(name, c.ChannelKeys[name].Reveal(), "channelKeys")
	}
	for _, name := range c.HashChannels {
		if name = hashtag(name); name != "" {
			list.add(name, decoder.HashtagChannel(name).Secret)
		}
	}
	c.rainbow(&list)
	public := decoder.PublicChannel()
	list.add(public.Name, public.Secret)
	return list.channels, list.told()
}

// channelList collects channels, the first of each name.
type channelList struct {
	channels []decoder.Channel
	seen     map[string]bool
	warnings []string
	bad      int // keys left out
}

// mostBadKeys is how many keys get a warning of their own: a file of other
// secrets can have thousands.
const mostBadKeys = 5

// addKey adds a channel whose secret is given as text by a setting or a file.
func (l *channelList) addKey(name, text, origin string) {
	if strings.HasPrefix(name, "_") {
		return
	}
	secret, err := parseSecret(text)
	if err != nil {
		if l.bad++; l.bad <= mostBadKeys {
			l.warnings = append(l.warnings, fmt.Sprintf("%s: channel %s is left out: %v; write 32 or 64 hex digits", origin, quote(name), err))
		}
		return
	}
	l.add(name, secret)
}

// told is the warnings, with a last one for the keys that were too many to name.
func (l *channelList) told() []string {
	if more := l.bad - mostBadKeys; more > 0 {
		return append(l.warnings, fmt.Sprintf("channels: %d more are left out for such reasons", more))
	}
	return l.warnings
}

// add appends a channel unless its name is taken. A spelling of Public other
// than the canonical one never replaces the built-in channel.
func (l *channelList) add(name string, secret []byte) {
	public := decoder.PublicChannel().Name
	if l.seen[name] || name != public && strings.EqualFold(name, public) {
		return
	}
	l.seen[name] = true
	l.channels = append(l.channels, decoder.Channel{Name: name, Secret: secret})
}

// rainbow adds the channels of the file of channelKeysPath. A file that nobody
// named may be missing.
func (c *Config) rainbow(list *channelList) {
	path, named := c.ChannelKeysPath, c.ChannelKeysPath != ""
	if !named {
		path = filepath.Join(filepath.Dir(c.file), rainbowFile)
	}
	src, err := os.ReadFile(path)
	if !named && errors.Is(err, fs.ErrNotExist) {
		return
	}
	unused := func(why, remedy string) {
		list.warnings = append(list.warnings, fmt.Sprintf("channelKeysPath %s: %s: its channels are not opened; %s", quote(path), why, remedy))
	}
	if err != nil {
		unused(cause(err).Error(), "check the path and that this user can read it")
		return
	}
	var secrets map[string]string
	if err := json.Unmarshal(src, &secrets); err != nil {
		unused("not a JSON object of texts", `write { "name": "hex digits" }`)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		list.addKey(name, secrets[name], path)
	}
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
