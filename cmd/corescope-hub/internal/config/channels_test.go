package config

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// listed is channels as NAME=HEX, in order.
func listed(t *testing.T, c *Config) []string {
	t.Helper()
	channels, _ := c.Channels()
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

func TestKeysThatCannotBeUsedAreLeftOutWithAWarning(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text, want string
		channels   []string
	}{
		"not JSON":  {`[1]`, `channelKeysPath QUOTED: not a JSON object of texts: its channels are not opened; write { "name": "hex digits" }`, []string{public}},
		"a secret":  {`{"r": "zz", "s": "` + keyA + `"}`, `PATH: channel "r" is left out: the secret is not hex; write 32 or 64 hex digits`, []string{"s=" + keyA, public}},
		"a comment": {`{"_comment": "zz"}`, "", []string{public}},
	} {
		path := write(t, "keys.json", tc.text)
		c, err := Load(write(t, "c.json", "{}"), []string{"CHANNEL_KEYS_PATH=" + path})
		if err != nil {
			t.Fatal(err)
		}
		want := strings.NewReplacer("QUOTED", quote(path), "PATH", path).Replace(tc.want)
		if got := strings.Join(c.Warnings(), "\n"); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
		if got := listed(t, c); !slices.Equal(got, tc.channels) {
			t.Errorf("%s: got %v, want %v", name, got, tc.channels)
		}
	}
	c, err := Load(write(t, "c.json", `{"channelKeysPath": "/nowhere/k.json"}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Warnings(); len(got) != 1 || !strings.HasPrefix(got[0], `channelKeysPath "/nowhere/k.json": no such file or directory: its channels are not opened; check the path`) {
		t.Errorf("missing: %q", got)
	}
}

func TestAFileOfOtherSecretsIsAFewLines(t *testing.T) {
	t.Parallel()
	c := Default()
	c.ChannelKeys = map[string]Secret{}
	for i := range 1000 {
		c.ChannelKeys[strconv.Itoa(i)] = "a password"
	}
	got := c.Warnings()
	if len(got) != mostBadKeys+1 || !strings.HasPrefix(got[mostBadKeys], "channels: 995 more are left out") {
		t.Errorf("%d warnings, the last is %q", len(got), got[len(got)-1])
	}
}
