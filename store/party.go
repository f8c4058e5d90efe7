package store

import (
	"slices"
	"strings"
)

// party is a node, or what shares an edge with one.
type party struct {
	key        string // 64 lower-case hex digits
	isNode     bool   // has a row in nodes
	neighbours parties

	relayed  string // when the batch has it pass a packet on; "" when it has not
	lastSeen string // in its row of nodes, or earlier; "" when that is not known
}

func (p *party) join(q *party) (changed bool) {
	return p.neighbours.add(q) && q.neighbours.add(p)
}

// parties keeps nodes, which alone a path hash can mean, apart from the others:
// observers are whatever somebody publishes as, and however many there are, no
// look-up of a hash may pass through them.
type parties struct{ nodes, others partySet }

func (ps *parties) add(p *party) (changed bool)    { return ps.listOf(p).add(p) }
func (ps *parties) remove(p *party) (changed bool) { return ps.listOf(p).remove(p) }

func (ps *parties) listOf(p *party) *partySet {
	if p.isNode {
		return &ps.nodes
	}
	return &ps.others
}

func (ps *parties) find(key string) *party {
	if p := ps.nodes.find(key); p != nil {
		return p
	}
	return ps.others.find(key)
}

func (ps *parties) len() int { return len(ps.nodes) + len(ps.others) }

// partySet is sorted by key.
type partySet []*party

// search returns where key is or would be.
func (s partySet) search(key string) (int, bool) {
	if n := len(s); n == 0 || s[n-1].key < key {
		return n, false
	}
	return slices.BinarySearchFunc(s, key, func(p *party, key string) int { return strings.Compare(p.key, key) })
}

func (s partySet) find(key string) *party {
	if i, ok := s.search(key); ok {
		return s[i]
	}
	return nil
}

func (s *partySet) add(p *party) (changed bool) {
	i, ok := s.search(p.key)
	if !ok {
		*s = slices.Insert(*s, i, p)
	}
	return !ok
}

func (s *partySet) remove(p *party) (changed bool) {
	i, ok := s.search(p.key)
	if ok {
		*s = slices.Delete(*s, i, i+1)
	}
	return ok
}

// from is the part of the set that begins with the keys that begin with prefix.
func (s partySet) from(prefix string) partySet {
	i, _ := s.search(prefix)
	return s[i:]
}

// begins reports whether the i-th key is there and begins with prefix.
func (s partySet) begins(i int, prefix string) bool {
	return i < len(s) && strings.HasPrefix(s[i].key, prefix)
}
