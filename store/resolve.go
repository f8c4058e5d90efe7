package store

import (
	"encoding/hex"
	"slices"
	"strings"
)

// resolve tells whom the hops of an observation mean, one party for each hop,
// nil where that is not known. A hop that only one node can mean is that node.
// One that several can mean is the only neighbour among them of whoever passed
// the packet on to it: the sender of an advert, or the hop before, if that one
// is known. Nobody is twice on a path, and the sender is not on it.
//
// The answer is that of this moment and in l.path, which the next call reuses.
func (l *ledger) resolve(o *Observation) []*party {
	l.path = l.path[:0]
	if len(o.Hops) == 0 {
		return nil
	}
	var sender *party
	if o.Sender != nil {
		sender = l.topology.find(keyText(o.Sender))
	}
	used := func(p *party) bool { return p == sender || slices.Contains(l.path, p) }
	from := sender
	for hashes := hex.EncodeToString(o.Hops); hashes != ""; hashes = hashes[2*o.HopSize:] {
		from = l.topology.hop(hashes[:2*o.HopSize], from, used)
		l.path = append(l.path, from)
	}
	return l.path
}

// hop tells whom a path hash means, after from; nil when that is not known.
func (t *topology) hop(hash string, from *party, used func(*party) bool) *party {
	only, several := t.meaning(hash)
	switch {
	case several && from != nil:
		return from.neighbour(hash, used)
	case only == nil || used(only):
		return nil
	}
	return only
}

// meaning returns the only node whose key begins with hash; nil when there is
// none, or several. However many there are, it looks at two.
func (t *topology) meaning(hash string) (only *party, several bool) {
	nodes := t.bucket(hash).nodes.from(hash)
	switch {
	case !nodes.begins(0, hash):
		return nil, false
	case nodes.begins(1, hash):
		return nil, true
	}
	return nodes[0], false
}

// neighbour returns p's only neighbour that hash can mean. It looks no further
// than the second that is not used, and a path can use 64 at most.
func (p *party) neighbour(hash string, used func(*party) bool) (only *party) {
	nodes := p.neighbours.nodes.from(hash)
	for i := 0; nodes.begins(i, hash); i++ {
		switch {
		case used(nodes[i]):
		case only != nil:
			return nil
		default:
			only = nodes[i]
		}
	}
	return only
}

// resolvedText is resolved_path: a JSON array of keys and nulls; nil, for NULL,
// when no hop is known.
func resolvedText(path []*party) any {
	size := len("]")
	known := false
	for _, p := range path {
		size += len(`,null`)
		if p != nil {
			size, known = size+len(p.key), true
		}
	}
	if !known {
		return nil
	}
	var out strings.Builder
	out.Grow(size)
	sep := byte('[')
	for _, p := range path {
		out.WriteByte(sep)
		sep = ','
		if p == nil {
			out.WriteString("null")
			continue
		}
		out.WriteByte('"')
		out.WriteString(p.key)
		out.WriteByte('"')
	}
	out.WriteByte(']')
	return out.String()
}
