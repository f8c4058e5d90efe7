package decoder_test

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"filippo.io/edwards25519"

	"corescope-hub/decoder"
	"corescope-hub/decoder/decodertest"
)

// testIdentity is a node with its private key in the firmware's form.
type testIdentity struct {
	*decoder.Identity
	expanded [64]byte
	seedForm ed25519.PrivateKey
}

// identity makes the n-th test node.
func identity(t testing.TB, n uint64) testIdentity {
	t.Helper()
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], n)
	expanded := sha512.Sum512(seed[:])
	expanded[0] &= 248
	expanded[31] = expanded[31]&63 | 64
	id, err := decoder.NewIdentity(expanded[:])
	if err != nil {
		t.Fatal(err)
	}
	return testIdentity{id, expanded, ed25519.NewKeyFromSeed(seed[:])}
}

// secretWith is what the node shares with another, computed another way than
// the package does: through the point of the other's key, not its y alone.
func (id testIdentity) secretWith(t testing.TB, public [32]byte) []byte {
	t.Helper()
	point, err := new(edwards25519.Point).SetBytes(public[:])
	if err != nil {
		t.Fatal(err)
	}
	u, err := ecdh.X25519().NewPublicKey(point.BytesMontgomery())
	if err != nil {
		t.Fatal(err)
	}
	private, err := ecdh.X25519().NewPrivateKey(id.expanded[:32])
	if err != nil {
		t.Fatal(err)
	}
	secret, err := private.ECDH(u)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// seal makes the outer layout of a packet between two nodes.
func seal(secret []byte, source, dest [32]byte, plaintext []byte) decoder.Sealed {
	mac, ciphertext := decoder.Seal(secret, plaintext)
	return decoder.Sealed{Dest: dest[0], Source: source[0], MAC: mac, Ciphertext: ciphertext}
}

// twins finds two nodes whose public keys start with the same byte.
func twins(t testing.TB) (a, b testIdentity) {
	t.Helper()
	seen := make(map[byte]testIdentity)
	for n := range uint64(257) {
		id := identity(t, 1000+n)
		first := id.PublicKey()[0]
		if other, ok := seen[first]; ok {
			return other, id
		}
		seen[first] = id
	}
	panic("257 keys without two of one first byte")
}

var plainHello = append([]byte{1, 0, 0, 0, 0}, "hello"...)

func TestIdentityHasThePublicKeyOfItsSeed(t *testing.T) {
	t.Parallel()
	for n := range uint64(20) {
		id := identity(t, n)
		if got, want := id.PublicKey(), [32]byte(id.seedForm[32:]); got != want {
			t.Errorf("node %d: %x, want %x", n, got, want)
		}
	}
}

func TestNewIdentityRefusesWhatIsNotAnExpandedKey(t *testing.T) {
	t.Parallel()
	id := identity(t, 1)
	for _, tt := range []struct {
		name string
		key  []byte
		says string
	}{
		{"nothing", nil, "0 bytes"},
		{"a seed", id.seedForm[:32], "32 bytes"},
		{"seed and public key", id.seedForm, "expanded form"},
		{"one byte more", append(id.expanded[:], 0), "65 bytes"},
	} {
		if _, err := decoder.NewIdentity(tt.key); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestBoxOpensFromEitherEnd(t *testing.T) {
	t.Parallel()
	a, b := identity(t, 1), identity(t, 2)
	text := &decoder.Text{Sealed: seal(a.secretWith(t, b.PublicKey()), a.PublicKey(), b.PublicKey(), plainHello)}
	for _, tt := range []struct {
		name string
		book *decoder.AddressBook
		open bool
	}{
		{"receiver", decoder.NewAddressBook([]*decoder.Identity{b.Identity}, a.PublicKey()), true},
		{"sender", decoder.NewAddressBook([]*decoder.Identity{a.Identity}, b.PublicKey()), true},
		{"both nodes are ours", decoder.NewAddressBook([]*decoder.Identity{a.Identity, b.Identity}), true},
		{"both, also as contacts", decoder.NewAddressBook([]*decoder.Identity{b.Identity, a.Identity}, a.PublicKey(), b.PublicKey()), true},
		{"receiver without contacts", decoder.NewAddressBook([]*decoder.Identity{b.Identity}), false},
		{"contacts only", decoder.NewAddressBook(nil, a.PublicKey(), b.PublicKey()), false},
		{"strangers", decoder.NewAddressBook([]*decoder.Identity{identity(t, 3).Identity}, identity(t, 4).PublicKey()), false},
		{"nobody", nil, false},
	} {
		all, err := tt.book.OpenText(text)
		if !tt.open {
			if !errors.Is(err, decoder.ErrNoKey) || all != nil {
				t.Errorf("%s: %v %v", tt.name, all, err)
			}
			continue
		}
		if err != nil || len(all) != 1 {
			t.Errorf("%s: %d openings, %v", tt.name, len(all), err)
			continue
		}
		if m := all[0]; m.Source != a.PublicKey() || m.Dest != b.PublicKey() || string(m.Text) != "hello" {
			t.Errorf("%s: %x to %x: %q", tt.name, m.Source, m.Dest, m.Text)
		}
	}
}

func TestEveryNodeOfACollidingHashIsTried(t *testing.T) {
	t.Parallel()
	wrong, right := twins(t)
	me := identity(t, 1)
	text := &decoder.Text{Sealed: seal(me.secretWith(t, right.PublicKey()), right.PublicKey(), me.PublicKey(), plainHello)}
	books := map[string]*decoder.AddressBook{
		"contacts": decoder.NewAddressBook([]*decoder.Identity{me.Identity}, wrong.PublicKey(), right.PublicKey()),
		"own":      decoder.NewAddressBook([]*decoder.Identity{wrong.Identity, right.Identity}, me.PublicKey()),
	}
	for name, book := range books {
		all, err := book.OpenText(text)
		if err != nil || len(all) != 1 || all[0].Source != right.PublicKey() {
			t.Errorf("%s: %v %v", name, all, err)
		}
	}
}

// Nothing on the wire says which of two nodes of one first byte has sent.
func TestBothDirectionsAreGivenWhenTheHashesAreEqual(t *testing.T) {
	t.Parallel()
	a, b := twins(t)
	text := &decoder.Text{Sealed: seal(a.secretWith(t, b.PublicKey()), a.PublicKey(), b.PublicKey(), plainHello)}
	all, err := decoder.NewAddressBook([]*decoder.Identity{b.Identity}, a.PublicKey()).OpenText(text)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d openings, %v", len(all), err)
	}
	if all[0].Source != a.PublicKey() || all[0].Dest != b.PublicKey() {
		t.Error("the one in which we receive is not the first")
	}
	if all[1].Source != b.PublicKey() || all[1].Dest != a.PublicKey() {
		t.Error("the other direction is missing")
	}
	first, _ := all[0].ExpectedAck()
	second, _ := all[1].ExpectedAck()
	if first == second {
		t.Error("the ACK does not depend on who has sent")
	}
}

func TestBoxThatVerifiesWithoutWholeBlocksIsNotOpened(t *testing.T) {
	t.Parallel()
	a, b := identity(t, 1), identity(t, 2)
	secret := a.secretWith(t, b.PublicKey())
	s := seal(secret, a.PublicKey(), b.PublicKey(), plainHello)
	s.Ciphertext = append(s.Ciphertext, 0)
	s.MAC = decodertest.MAC(secret, s.Ciphertext)
	book := decoder.NewAddressBook([]*decoder.Identity{b.Identity}, a.PublicKey())
	if all, err := book.OpenText(&decoder.Text{Sealed: s}); !errors.Is(err, decoder.ErrNotBlockMultiple) || all != nil {
		t.Errorf("%v %v", all, err)
	}
}

// The firmware takes any 32 bytes for a public key and never asks whether the
// secret it gets is zero.
func TestPeersOfLowOrderShareTheZeroSecret(t *testing.T) {
	t.Parallel()
	me := identity(t, 1)
	y := func(low, rest, high byte) (key [32]byte) {
		for i := range key {
			key[i] = rest
		}
		key[0], key[31] = low, high
		return key
	}
	for name, peer := range map[string][32]byte{
		"y = 1":               y(1, 0, 0),
		"y = 0":               y(0, 0, 0),
		"y = p - 1":           y(0xEC, 0xFF, 0x7F),
		"y = 1, sign bit":     y(1, 0, 0x80),
		"y = p + 1, too long": y(0xEE, 0xFF, 0x7F),
	} {
		text := &decoder.Text{Sealed: seal(make([]byte, 32), peer, me.PublicKey(), plainHello)}
		all, err := decoder.NewAddressBook([]*decoder.Identity{me.Identity}, peer).OpenText(text)
		if err != nil || len(all) != 1 || string(all[0].Text) != "hello" {
			t.Errorf("%s: %v %v", name, all, err)
		}
	}
}

func TestSignBitOfAPublicKeyDoesNotCount(t *testing.T) {
	t.Parallel()
	me, peer := identity(t, 1), identity(t, 2)
	mirrored := peer.PublicKey()
	mirrored[31] ^= 0x80
	text := &decoder.Text{Sealed: seal(me.secretWith(t, peer.PublicKey()), mirrored, me.PublicKey(), plainHello)}
	all, err := decoder.NewAddressBook([]*decoder.Identity{me.Identity}, mirrored).OpenText(text)
	if err != nil || len(all) != 1 {
		t.Errorf("%v %v", all, err)
	}
}

func TestKeysOffTheCurveAreTried(t *testing.T) {
	t.Parallel()
	me := identity(t, 1)
	for n := range byte(40) { // about half of these are on the curve
		peer := [32]byte{n}
		text := &decoder.Text{Sealed: seal(make([]byte, 32), peer, me.PublicKey(), plainHello)}
		_, err := decoder.NewAddressBook([]*decoder.Identity{me.Identity}, peer).OpenText(text)
		if zero := n <= 1; (err == nil) != zero {
			t.Errorf("y = %d: %v", n, err)
		}
	}
}

func TestAnonymousRequestOpensFromEitherEnd(t *testing.T) {
	t.Parallel()
	client, server := identity(t, 1), identity(t, 2)
	mac, ciphertext := decoder.Seal(client.secretWith(t, server.PublicKey()), append([]byte{1, 0, 0, 0}, "pw"...))
	a := &decoder.AnonRequest{Dest: server.PublicKey()[0], SenderKey: client.PublicKey(), MAC: mac, Ciphertext: ciphertext}
	for _, tt := range []struct {
		name string
		book *decoder.AddressBook
		open bool
	}{
		{"receiver knows nobody", decoder.NewAddressBook([]*decoder.Identity{server.Identity}), true},
		{"sender", decoder.NewAddressBook([]*decoder.Identity{client.Identity}, server.PublicKey()), true},
		{"both", decoder.NewAddressBook([]*decoder.Identity{client.Identity, server.Identity}), true},
		{"sender does not know the receiver", decoder.NewAddressBook([]*decoder.Identity{client.Identity}), false},
		{"stranger", decoder.NewAddressBook([]*decoder.Identity{identity(t, 3).Identity}, server.PublicKey()), false},
		{"nobody", nil, false},
	} {
		all, err := tt.book.OpenAnon(a)
		if (err == nil) != tt.open || tt.open && len(all) != 1 {
			t.Errorf("%s: %v %v", tt.name, all, err)
			continue
		}
		if !tt.open {
			continue
		}
		login, ok := all[0].Read(decoder.RoleRepeater).(*decoder.AnonLogin)
		if !ok || string(login.Password) != "pw" || all[0].Dest != server.PublicKey() || all[0].Source != client.PublicKey() {
			t.Errorf("%s: %+v", tt.name, all[0])
		}
	}
}
