package config

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listed is channels as NAME=HEX, in order.
func listed(t *testing.T, c *Config) []string {
	t.Helper()
	channels, err := c.Channels()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, ch := range channels {
		out = append(out, ch.Name+"="+hex.EncodeToString(ch.Secret))
	}
	return out
}

const (
	keyA   = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	keyB   = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	public = "Public=8b3387e9c5cdea6ac9e5edbaa115cd72"
	test   = "#test=9cd8fcf22a47333b591d96a2b848b73f" // first half of SHA-256 of "#test"
)

func TestChannelsInOrderOfPreference(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		keys    map[string]Secret
		hashed  []string
		rainbow string
		want    []string
	}{
		"only the built-in one": {want: []string{public}},
		"all kinds": {
			keys: map[string]Secret{"Zed": keyB, "Club": Secret(strings.ToUpper(keyA) + keyA)}, hashed: []string{" test ", ""}, rainbow: `{"r2": "` + keyA + `", "r1": "` + keyB + `"}`,
			want: []string{"Club=" + keyA + keyA, "Zed=" + keyB, test, "r1=" + keyB, "r2=" + keyA, public},
		},
		"an explicit key hides the one derived from the name": {
			keys: map[string]Secret{"#test": keyA}, hashed: []string{"test"}, rainbow: `{"#test": "` + keyB + `"}`,
			want: []string{"#test=" + keyA, public},
		},
		"a derived key hides the file's": {
			hashed: []string{"#test", "test"}, rainbow: `{"#test": "` + keyB + `"}`,
			want: []string{test, public},
		},
		"only its canonical spelling replaces Public": {
			keys: map[string]Secret{"public": keyA, "PUBLIC": keyB},
			want: []string{public},
		},
		"Public replaced": {
			keys: map[string]Secret{"Public": keyA},
			want: []string{"Public=" + keyA},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := Default()
			c.ChannelKeys, c.HashChannels = tc.keys, tc.hashed
			if tc.rainbow != "" {
				c.ChannelKeysPath = write(t, "keys.json", tc.rainbow)
			}
			if got := listed(t, c); !slices.Equal(got, tc.want) {
				t.Errorf("got  %v\nwant %v", got, tc.want)
			}
		})
	}
}

func TestRainbowFileBesideTheConfigIsReadIfThereIsOne(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "c.json")
	for name, text := range map[string]string{"c.json": "{}", "channel-rainbow.json": `{"r": "` + keyA + `"}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := listed(t, c), []string{"r=" + keyA, public}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestBadKeyFileIsAnError(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, want string }{
		"not JSON": {`[1]`, `not a JSON object of texts: write { "name": "hex digits" }`},
		"a secret": {`{"r": "zz"}`, `channel "r": the secret is not hex: write 32 or 64 hex digits, or take the channel out`},
	} {
		path := write(t, "keys.json", tc.text)
		_, err := Load(write(t, "c.json", "{}"), []string{"CHANNEL_KEYS_PATH=" + path})
		want := `CHANNEL_KEYS_PATH: channelKeysPath "` + path + `": ` + tc.want
		if err == nil || err.Error() != want {
			t.Errorf("%s:\ngot  %v\nwant %s", name, err, want)
		}
	}
	_, err := Load(write(t, "c.json", `{"channelKeysPath": "/nowhere/k.json"}`), nil)
	if err == nil || !strings.Contains(err.Error(), `channelKeysPath "/nowhere/k.json": no such file or directory`) {
		t.Errorf("missing: %v", err)
	}
}
