package console

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"corescope-hub/store"
)

// Bounds of what path hashes are looked up in.
const (
	namesAge      = 10 * time.Second // until they are read again
	namesMost     = 5000
	maxCandidates = 4 // nodes that one path hash is said to fit
)

// nodeNames knows whom keys and path hashes mean. It reads the nodes again when
// somebody asks and what it has is old.
type nodeNames struct {
	store func() *store.Store

	mu    sync.Mutex
	read  time.Time
	nodes []store.NodeRow // by key
}

// book is the nodes at one time. It does not change.
type book []store.NodeRow

// now returns the nodes. When they cannot be read it returns those from before.
func (n *nodeNames) now(ctx context.Context) book {
	n.mu.Lock()
	defer n.mu.Unlock()
	if time.Since(n.read) > namesAge {
		if nodes, err := n.store().Nodes(ctx, "", time.Time{}, namesMost); err == nil {
			n.nodes, n.read = nodes, time.Now()
		}
	}
	return n.nodes
}

// name is the name of the node with that key, in hex of either case; "" when it
// is not known.
func (b book) name(key string) string {
	key = strings.ToLower(key)
	i, ok := slices.BinarySearchFunc(b, key, func(n store.NodeRow, key string) int { return strings.Compare(n.Key, key) })
	if !ok {
		return ""
	}
	return name(b[i].Name)
}

// Hop is one station of a path.
type Hop struct {
	Hash       string   `json:"hash"`                 // path hash, upper-case hex digits
	Key        string   `json:"key,omitempty"`        // of the node it means, lower-case hex digits; absent when that is not known
	Name       string   `json:"name,omitempty"`       // of that node
	Candidates []string `json:"candidates,omitempty"` // names of nodes that it fits, when there are several; at most 4
}

// hop tells whom a path hash means. key is the node that it was found to mean
// when it was stored, "" for none.
func (b book) hop(hash, key string) Hop {
	h := Hop{Hash: hash, Key: key}
	if key != "" {
		h.Name = b.name(key)
		return h
	}
	prefix := strings.ToLower(hash)
	i, _ := slices.BinarySearchFunc(b, prefix, func(n store.NodeRow, key string) int { return strings.Compare(n.Key, key) })
	for ; i < len(b) && strings.HasPrefix(b[i].Key, prefix) && len(h.Candidates) < maxCandidates; i++ {
		h.Candidates = append(h.Candidates, name(b[i].Name))
		key = b[i].Key
	}
	if len(h.Candidates) == 1 {
		return Hop{Hash: hash, Key: key, Name: h.Candidates[0]}
	}
	return h
}
