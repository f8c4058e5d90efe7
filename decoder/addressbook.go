package decoder

import "errors"

// AddressBook holds the nodes whose private key we have and those that they
// talk to. It is safe for concurrent use: nothing changes after NewAddressBook.
// A nil AddressBook is empty.
type AddressBook struct {
	own   [256][]*Identity // by first byte of the public key
	peers [256][]peer      // by first byte: the contacts, then our own nodes
}

// NewAddressBook takes our own nodes and the public keys of the others, both in
// order of preference. Our own nodes may also talk to each other.
func NewAddressBook(own []*Identity, contacts ...[32]byte) *AddressBook {
	b := new(AddressBook)
	seen := make(map[[32]byte]bool, len(contacts)+len(own))
	add := func(public [32]byte) {
		if !seen[public] {
			seen[public] = true
			b.peers[public[0]] = append(b.peers[public[0]], newPeer(public))
		}
	}
	for _, public := range contacts {
		add(public)
	}
	for _, id := range own {
		add(id.public)
		b.own[id.public[0]] = append(b.own[id.public[0]], id)
	}
	return b
}

// Opening is one way in which a box between two nodes opens.
//
// A packet names both nodes by one byte only, so several pairs may fit, and the
// MAC that decides has 16 bits. A method that opens returns every pair that
// verifies: those in which we hold the receiver's key first, as the receiver
// would try them. When both nodes start with the same byte, each pair that fits
// does so in both directions and nothing on the wire tells them apart.
type Opening struct {
	Source    [32]byte // public key of the sender
	Dest      [32]byte // public key of the receiver
	Plaintext []byte   // with the zero padding; its true length is not on the wire
}

// open tries every pair of nodes that dest and source may name. The error is
// ErrNoKey, or ErrNotBlockMultiple when a MAC verified.
func (b *AddressBook) open(s *Sealed) ([]Opening, error) {
	if b == nil {
		return nil, ErrNoKey
	}
	var t trial
	for _, id := range b.own[s.Dest] {
		for _, p := range b.peers[s.Source] {
			t.try(id, p, Opening{Source: p.public, Dest: id.public}, s.MAC, s.Ciphertext)
		}
	}
	for _, id := range b.own[s.Source] {
		for _, p := range b.peers[s.Dest] {
			t.try(id, p, Opening{Source: id.public, Dest: p.public}, s.MAC, s.Ciphertext)
		}
	}
	return t.result()
}

// openAnon opens a as its receiver, or as its sender when that is one of ours.
func (b *AddressBook) openAnon(a *AnonRequest) ([]Opening, error) {
	if b == nil {
		return nil, ErrNoKey
	}
	var t trial
	sender := newPeer(a.SenderKey)
	for _, id := range b.own[a.Dest] {
		t.try(id, sender, Opening{Source: a.SenderKey, Dest: id.public}, a.MAC, a.Ciphertext)
	}
	for _, id := range b.own[a.SenderKey[0]] {
		if id.public != a.SenderKey {
			continue
		}
		for _, p := range b.peers[a.Dest] {
			t.try(id, p, Opening{Source: a.SenderKey, Dest: p.public}, a.MAC, a.Ciphertext)
		}
	}
	return t.result()
}

// trial collects the pairs of nodes that open one box.
type trial struct {
	found    []Opening
	unusable error // a MAC verified, but there is nothing to decrypt
}

func (t *trial) try(id *Identity, p peer, o Opening, mac [2]byte, ciphertext []byte) {
	if o.Source == o.Dest || t.has(o) {
		return
	}
	plaintext, err := openBox(id.secret(p), mac, ciphertext)
	switch {
	case err == nil:
		o.Plaintext = plaintext
		t.found = append(t.found, o)
	case !errors.Is(err, errMAC):
		t.unusable = err
	}
}

// has says whether the same pair has opened already, from its other end.
func (t *trial) has(o Opening) bool {
	for _, f := range t.found {
		if f.Source == o.Source && f.Dest == o.Dest {
			return true
		}
	}
	return false
}

func (t *trial) result() ([]Opening, error) {
	switch {
	case len(t.found) > 0:
		return t.found, nil
	case t.unusable != nil:
		return nil, t.unusable
	}
	return nil, ErrNoKey
}

// openAll reads every opening of a box; read gets a cursor over its plaintext.
func openAll[T any](openings []Opening, err error, read func(Opening, *cursor) T) ([]T, error) {
	if err != nil {
		return nil, err
	}
	all := make([]T, len(openings))
	for i, o := range openings {
		all[i] = read(o, &cursor{buf: o.Plaintext})
	}
	return all, nil
}
