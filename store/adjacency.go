package store

import (
	"encoding/hex"
	"fmt"
)

// Party is a node or an observer, by its key, or by a path hash that may or may
// not be told apart from those of other nodes.
type Party struct {
	Key      string // lower case; "" when only PathHash is known
	PathHash []byte // first bytes of a public key; nil when Key is known
}

// Adjacency says that one party's radio heard the other's. It becomes a
// neighbour edge when both are known, or are the only node that their path hash
// can mean, and are not the same.
type Adjacency struct{ A, B Party }

// edge is the key of a neighbour edge: its ends, a < b as text.
type edge struct{ a, b string }

// edgeChange is what a batch's records say of one edge.
type edgeChange struct {
	edge
	count  int64
	latest string // received
}

// noteAdjacent takes down who heard whom. It is called once for each row of
// observations, when that is new: a redelivery is no second hearing.
func (l *ledger) noteAdjacent(r *Record) {
	for _, pair := range r.Adjacent {
		e := edge{l.topology.keyOf(&pair.A), l.topology.keyOf(&pair.B)}
		if e.a == "" || e.b == "" || e.a == e.b {
			continue
		}
		if e.a > e.b {
			e.a, e.b = e.b, e.a
		}
		n, ok := l.edges[e]
		if !ok {
			n = &edgeChange{edge: e}
			l.edges[e] = n
			l.dueEdges = append(l.dueEdges, n)
			l.topology.addEdge(e.a, e.b)
		}
		n.count++
		n.latest = max(n.latest, l.text.format(r.ReceivedAt))
	}
}

// keyOf returns the key of a party; "" when that is not known.
func (t *topology) keyOf(p *Party) string {
	if p.Key != "" {
		return p.Key
	}
	if only, _ := t.meaning(hex.EncodeToString(p.PathHash)); only != nil {
		return only.key
	}
	return ""
}

// upsertEdge: a time in the future, from a clock that was wrong, is cut back to
// now; otherwise times only grow.
const upsertEdge = `INSERT INTO neighbor_edges (node_a, node_b, count, last_seen) VALUES (?1, ?2, ?3, ?4)
	ON CONFLICT(node_a, node_b) DO UPDATE SET
		count = COALESCE(count, 0) + ?3,
		last_seen = MAX(MIN(COALESCE(last_seen, ''), ?5), ?4)`

func (l *ledger) flushEdge(e *edgeChange, now string) error {
	if _, err := l.conn.exec(upsertEdge, e.a, e.b, e.count, e.latest, now); err != nil {
		return fmt.Errorf("write neighbour edge: %w", err)
	}
	return nil
}

// check finds a party that is nobody, or two.
func (p *Party) check() error {
	switch {
	case (p.Key == "") == (len(p.PathHash) == 0):
		return fmt.Errorf("%w: a party needs a key or a path hash, not both", ErrBadRecord)
	case hasUpper(p.Key):
		return fmt.Errorf("%w: key %.64q of a party is not in lower case", ErrBadRecord, p.Key)
	}
	return nil
}

func hasUpper(s string) bool {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return true
		}
	}
	return false
}
