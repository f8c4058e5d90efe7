package store

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
