package store

import (
	"database/sql/driver"
	"fmt"
	"slices"
)

// topology is what the writer knows by heart of the mesh, so that a path hash
// is told in a few memory reads: the keys in nodes, and who is joined to whom in
// neighbor_edges. It follows both tables row by row and holds nothing else, so
// they bound it.
//
// Keys that are not 64 lower-case hex digits are in the tables and not here: no
// path hash means them.
type topology struct {
	byFirstByte [256]parties
	changes     []change // of the open transaction
	seen        []*party // whose lastSeen is of the open transaction
}

// change is one row that came or went: of nodes when b is "", else of
// neighbor_edges.
type change struct {
	a, b string
	gone bool
}

const (
	selectNodeKeys = `SELECT public_key FROM nodes ORDER BY public_key`
	selectEdges    = `SELECT node_a, node_b FROM neighbor_edges ORDER BY node_a, node_b`
)

// loadTopology reads both tables. In the order of their keys every party is the
// last of the lists it is put in, which costs no moving, and each party of edges
// is searched for once.
func loadTopology(conn *writeConn) (*topology, error) {
	t := &topology{}
	var row [2]driver.Value
	err := conn.each(row[:1], func() {
		if key := columnText(row[0]); isLowerKey(key) {
			t.setNode(key, true)
		}
	}, selectNodeKeys)
	if err != nil {
		return nil, fmt.Errorf("read nodes: %w", err)
	}
	known := make(map[string]*party)
	get := func(key string) *party {
		p, ok := known[key]
		if !ok {
			p = t.get(key)
			known[key] = p
		}
		return p
	}
	err = conn.each(row[:], func() {
		if a, b := columnText(row[0]), columnText(row[1]); isJoint(a, b) {
			get(a).join(get(b))
		}
	}, selectEdges)
	if err != nil {
		return nil, fmt.Errorf("read neighbour edges: %w", err)
	}
	return t, nil
}

func columnText(v driver.Value) string {
	s, _ := v.(string)
	return s
}

func (t *topology) hasNode(key string) bool {
	p := t.find(key)
	return p != nil && p.isNode
}

func (t *topology) addNode(key string)    { t.note(change{a: key}) }
func (t *topology) removeNode(key string) { t.note(change{a: key, gone: true}) }
func (t *topology) addEdge(a, b string)   { t.note(change{a: a, b: b}) }

// removeEdge takes the ends in the order of the table's columns.
func (t *topology) removeEdge(a, b string) { t.note(change{a: a, b: b, gone: true}) }

func (t *topology) note(c change) {
	if t.apply(c) {
		t.changes = append(t.changes, c)
	}
}

// undo takes back the changes of the open transaction from the mark-th on.
func (t *topology) undo(mark int) {
	for _, c := range slices.Backward(t.changes[mark:]) {
		c.gone = !c.gone
		t.apply(c)
	}
	t.changes = t.changes[:mark]
	for _, p := range t.seen {
		p.lastSeen = ""
	}
	t.seen = t.seen[:0]
}

// commit makes the changes of the transaction final.
func (t *topology) commit() {
	clear(t.changes)
	t.changes = t.changes[:0]
	clear(t.seen)
	t.seen = t.seen[:0]
}

// saw learns that the row of p is as late as at.
func (t *topology) saw(p *party, at string) {
	p.lastSeen = at
	t.seen = append(t.seen, p)
}

// apply reports whether c changed anything.
func (t *topology) apply(c change) (changed bool) {
	switch {
	case c.b == "":
		return isLowerKey(c.a) && t.setNode(c.a, !c.gone)
	case !isJoint(c.a, c.b):
		return false
	case c.gone:
		return t.part(c.a, c.b)
	}
	return t.get(c.a).join(t.get(c.b))
}

// isJoint reports whether a and b are the ends of an edge that can tell a path.
func isJoint(a, b string) bool { return a != b && isLowerKey(a) && isLowerKey(b) }

func (t *topology) setNode(key string, isNode bool) (changed bool) {
	p := t.find(key)
	switch {
	case p == nil && isNode:
		t.bucket(key).add(&party{key: key, isNode: true})
		return true
	case p == nil || p.isNode == isNode:
		return false
	}
	t.turn(p)
	if !isNode {
		p.lastSeen = ""
		t.dropIdle(p)
	}
	return true
}

// turn makes a node of p, or takes that back, wherever p is listed.
func (t *topology) turn(p *party) {
	listed := []*parties{t.bucket(p.key)}
	for _, n := range slices.Concat(p.neighbours.nodes, p.neighbours.others) {
		listed = append(listed, &n.neighbours)
	}
	for _, in := range listed {
		in.remove(p)
	}
	p.isNode = !p.isNode
	for _, in := range listed {
		in.add(p)
	}
}

func (t *topology) part(a, b string) (changed bool) {
	x, y := t.find(a), t.find(b)
	if x == nil || y == nil || !x.neighbours.remove(y) {
		return false
	}
	y.neighbours.remove(x)
	t.dropIdle(x)
	t.dropIdle(y)
	return true
}

// find returns the party with a key; nil when there is none.
func (t *topology) find(key string) *party { return t.bucket(key).find(key) }

// get is find, and makes the party when there is none.
func (t *topology) get(key string) *party {
	p := t.find(key)
	if p == nil {
		p = &party{key: key}
		t.bucket(key).add(p)
	}
	return p
}

// dropIdle forgets a party that neither table names any more.
func (t *topology) dropIdle(p *party) {
	if !p.isNode && p.neighbours.len() == 0 {
		t.bucket(p.key).remove(p)
	}
}

// bucket holds the parties that share the first byte of key, which has at least
// one in lower-case hex digits.
func (t *topology) bucket(key string) *parties {
	return &t.byFirstByte[hexValue(key[0])<<4|hexValue(key[1])]
}

func hexValue(digit byte) byte {
	if digit >= 'a' {
		return digit - 'a' + 10
	}
	return digit - '0'
}

// isLowerKey reports whether text is a public key as nodes are keyed.
func isLowerKey(text string) bool {
	return len(text) == 64 && isLowerHex(text)
}
