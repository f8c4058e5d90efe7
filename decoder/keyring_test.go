package decoder_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"corescope-hub/decoder"
	"corescope-hub/decoder/decodertest"
)

func keyring(t testing.TB, channels ...decoder.Channel) *decoder.Keyring {
	t.Helper()
	k, err := decoder.NewKeyring(channels...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// groupSealed seals plaintext for a channel.
func groupSealed(c decoder.Channel, plaintext []byte) decoder.GroupSealed {
	mac, ciphertext := decoder.Seal(c.Secret, plaintext)
	return decoder.GroupSealed{ChannelHash: c.Hash(), MAC: mac, Ciphertext: ciphertext}
}

func groupText(c decoder.Channel, flags byte, text string) *decoder.GroupText {
	return &decoder.GroupText{GroupSealed: groupSealed(c, append([]byte{1, 0, 0, 0xF0, flags}, text...))}
}

// collision finds another channel with the channel hash of c.
func collision(t testing.TB, c decoder.Channel) decoder.Channel {
	t.Helper()
	for i := range 100_000 {
		if d := decoder.HashtagChannel(fmt.Sprint("twin", i)); d.Hash() == c.Hash() {
			return d
		}
	}
	t.Fatal("no channel with the same hash")
	return decoder.Channel{}
}

func TestKeyringOpensSecretsOfBothSizes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, secret string }{
		{"16 bytes", "8b3387e9c5cdea6ac9e5edbaa115cd72"},
		{"32 bytes", "a1b2c3d4e5f60718293a4b5c6d7e8f90112233445566778899aabbccddeeff01"},
		{"32 bytes, second half zero", "a1b2c3d4e5f60718293a4b5c6d7e8f90" + strings.Repeat("00", 16)},
	} {
		c := decoder.Channel{Name: tt.name, Secret: unhex(t, tt.secret)}
		m, ok := keyring(t, c).OpenText(groupText(c, 2, "Ann: hi"))
		if !ok || m.Channel != tt.name || m.Timestamp != 0xF0000001 || m.Attempt() != 2 || string(m.Text) != "Ann: hi" {
			t.Errorf("%s: %+v %v", tt.name, m, ok)
		}
	}
}

func TestSecretWithZeroSecondHalfIsThe16ByteChannel(t *testing.T) {
	t.Parallel()
	half := unhex(t, "a1b2c3d4e5f60718293a4b5c6d7e8f90")
	short := decoder.Channel{Secret: half}
	long := decoder.Channel{Secret: append(bytes.Clone(half), make([]byte, 16)...)}
	if short.Hash() != long.Hash() {
		t.Error("channel hashes differ")
	}
	if _, ok := keyring(t, long).OpenText(groupText(short, 0, "x")); !ok {
		t.Error("the long form does not open what the short form sealed")
	}
	other := decoder.Channel{Secret: append(bytes.Clone(half), append(make([]byte, 15), 1)...)}
	if other.Hash() == short.Hash() {
		t.Error("the last byte of 32 does not count")
	}
}

func TestKeyringChoosesByChannelHashInOrder(t *testing.T) {
	t.Parallel()
	mine := decoder.HashtagChannel("bergen")
	twin := collision(t, mine)
	g := groupText(mine, 0, "x")
	if m, ok := keyring(t, twin, mine).OpenText(g); !ok || m.Channel != "#bergen" {
		t.Errorf("behind its twin: %+v %v", m, ok)
	}
	first, second := mine, mine
	first.Name, second.Name = "first", "second"
	for range 20 { // an order that is not fixed would show
		if m, _ := keyring(t, first, second).OpenText(g); m.Channel != "first" {
			t.Fatalf("opened as %q", m.Channel)
		}
	}
	g.ChannelHash++
	if _, ok := keyring(t, mine).OpenText(g); ok {
		t.Error("opened in spite of another channel hash")
	}
}

func TestKeyringTellsWhyItDoesNotOpen(t *testing.T) {
	t.Parallel()
	c := decoder.HashtagChannel("bergen")
	sealed := func(change func(*decoder.GroupSealed)) *decoder.GroupSealed {
		g := groupSealed(c, []byte("12345 some text longer than a block"))
		change(&g)
		return &g
	}
	k := keyring(t, c)
	for _, tt := range []struct {
		name string
		g    *decoder.GroupSealed
		want error
	}{
		{"fits", sealed(func(*decoder.GroupSealed) {}), nil},
		{"first byte of MAC", sealed(func(g *decoder.GroupSealed) { g.MAC[0] ^= 1 }), decoder.ErrNoKey},
		{"second byte of MAC", sealed(func(g *decoder.GroupSealed) { g.MAC[1] ^= 1 }), decoder.ErrNoKey},
		{"ciphertext", sealed(func(g *decoder.GroupSealed) { g.Ciphertext[3] ^= 1 }), decoder.ErrNoKey},
		{"not whole blocks", sealed(func(g *decoder.GroupSealed) {
			g.Ciphertext = g.Ciphertext[:20]
			g.MAC = decodertest.MAC(c.Secret, g.Ciphertext)
		}), decoder.ErrNotBlockMultiple},
		{"empty", sealed(func(g *decoder.GroupSealed) {
			g.Ciphertext = nil
			g.MAC = decodertest.MAC(c.Secret, nil)
		}), decoder.ErrNotBlockMultiple},
		{"not whole blocks and no key", sealed(func(g *decoder.GroupSealed) { g.Ciphertext = g.Ciphertext[:20] }), decoder.ErrNoKey},
	} {
		name, plaintext, err := k.Open(tt.g)
		if !errors.Is(err, tt.want) || (err == nil) != (plaintext != nil) {
			t.Errorf("%s: %q %x %v", tt.name, name, plaintext, err)
		}
		if _, ok := k.OpenText(&decoder.GroupText{GroupSealed: *tt.g}); ok != (tt.want == nil) {
			t.Errorf("%s: OpenText says %v", tt.name, ok)
		}
		if _, ok := k.OpenData(&decoder.GroupData{GroupSealed: *tt.g}); ok != (tt.want == nil) {
			t.Errorf("%s: OpenData says %v", tt.name, ok)
		}
	}
}

func TestNilKeyringIsEmpty(t *testing.T) {
	t.Parallel()
	var k *decoder.Keyring
	if _, ok := k.OpenText(groupText(decoder.HashtagChannel("x"), 0, "y")); ok {
		t.Error("opened without keys")
	}
}

func TestNewKeyringRefusesOtherSecretSizes(t *testing.T) {
	t.Parallel()
	for n := range 40 {
		_, err := decoder.NewKeyring(decoder.Channel{Name: "odd", Secret: make([]byte, n)})
		if (err == nil) != (n == 16 || n == 32) {
			t.Errorf("%d bytes: %v", n, err)
		}
		if err != nil && !strings.Contains(err.Error(), `"odd"`) {
			t.Errorf("%d bytes: %v does not name the channel", n, err)
		}
	}
}

func TestKeyringKeepsItsOwnCopyOfSecrets(t *testing.T) {
	t.Parallel()
	c := decoder.HashtagChannel("bergen")
	g := groupText(c, 0, "x")
	k := keyring(t, c)
	clear(c.Secret)
	if _, ok := k.OpenText(g); !ok {
		t.Error("the caller's slice is the keyring's")
	}
}

func TestKeyringIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	c := decoder.HashtagChannel("bergen")
	k, g := keyring(t, c), groupText(c, 0, "x")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, ok := k.OpenText(g); !ok {
				t.Error("did not open")
			}
		})
	}
	wg.Wait()
}

func TestHashtagChannelTakesItsNameWithOrWithoutHash(t *testing.T) {
	t.Parallel()
	a, b := decoder.HashtagChannel("bot"), decoder.HashtagChannel("#bot")
	if a.Name != "#bot" || b.Name != "#bot" || !bytes.Equal(a.Secret, b.Secret) || len(a.Secret) != 16 {
		t.Errorf("%v %x, %v %x", a.Name, a.Secret, b.Name, b.Secret)
	}
	if a.Hash() != 0xca {
		t.Errorf("hash of #bot is %x", a.Hash())
	}
	if c := decoder.HashtagChannel("##bot"); bytes.Equal(c.Secret, a.Secret) {
		t.Error("##bot is #bot")
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	c := decoder.Channel{Name: "quiet", Secret: []byte("sixteen letters!")}
	id := identity(t, 1)
	secret := hex.EncodeToString(c.Secret)
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "channel", c, "identity", id)
	for _, shown := range []string{
		fmt.Sprintf("%v %+v %s %#v", c, c, c, c),
		fmt.Sprintf("%v %+v %s %#v", id.Identity, id.Identity, id.Identity, id.Identity),
		logged.String(),
	} {
		for _, hidden := range []string{"sixteen", secret, "115 105 120", hex.EncodeToString(id.expanded[:8]), "c2l4"} {
			if strings.Contains(shown, hidden) {
				t.Errorf("%q is in %q", hidden, shown)
			}
		}
	}
}

func TestGroupTextSplitsAtItsFirstColonAndSpace(t *testing.T) {
	t.Parallel()
	c := decoder.HashtagChannel("x")
	for _, tt := range []struct {
		text, sender, message string
		ok                    bool
	}{
		{"Ann: hi", "Ann", "hi", true},
		{"Ann: ", "Ann", "", true},
		{": hi", "", "hi", true},
		{"a:b: c: d", "a:b", "c: d", true},
		{"[x] y: z", "[x] y", "z", true},
		{strings.Repeat("n", 60) + ": m", strings.Repeat("n", 60), "m", true},
		{"no sender", "", "no sender", false},
		{"Ann:hi", "", "Ann:hi", false},
		{"", "", "", false},
		{"Ann: a\x00: b", "Ann", "a", true},
		{"\xff\xfe: \x01", "\xff\xfe", "\x01", true},
	} {
		m, ok := keyring(t, c).OpenText(groupText(c, 0, tt.text))
		if !ok {
			t.Fatalf("%q does not open", tt.text)
		}
		sender, message, ok := m.Split()
		if string(sender) != tt.sender || string(message) != tt.message || ok != tt.ok {
			t.Errorf("%q: %q, %q, %v", tt.text, sender, message, ok)
		}
	}
}

func TestGroupTextOfAnotherTypeIsWarnedOf(t *testing.T) {
	t.Parallel()
	c := decoder.HashtagChannel("x")
	for flags := range byte(12) {
		m, ok := keyring(t, c).OpenText(groupText(c, flags, "a"))
		if !ok || (len(m.Warnings()) == 0) != (flags < 4) {
			t.Errorf("flags %d: %v %v", flags, ok, m.Warnings())
		}
	}
}

func TestGroupDataIsCutToItsLength(t *testing.T) {
	t.Parallel()
	c := decoder.HashtagChannel("x")
	for _, tt := range []struct {
		plaintext string
		length    int
		data      []byte
	}{
		{"1001" + "00", 0, []byte{}},
		{"1001" + "03" + "aabbccdd", 3, []byte{0xaa, 0xbb, 0xcc}},
		{"1001" + "0d", 13, make([]byte, 13)}, // into the padding, which cannot be told from data
		{"1001" + "0e", 14, nil},
		{"1001" + "ff", 255, nil},
	} {
		g := &decoder.GroupData{GroupSealed: groupSealed(c, unhex(t, tt.plaintext))}
		d, ok := keyring(t, c).OpenData(g)
		if !ok || d.Channel != "#x" || d.DataType != 0x0110 || d.Length != tt.length ||
			!bytes.Equal(d.Data, tt.data) || (d.Data == nil) != (tt.data == nil) {
			t.Errorf("%s: %+v %v", tt.plaintext, d, ok)
		}
	}
}
