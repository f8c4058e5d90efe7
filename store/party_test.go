package store

import (
	"fmt"
	"testing"
)

// crowded is a mesh in which node 01 has neighbours whose keys all begin with
// aa: nodes, and others.
func crowded(nodes, others int) *topology {
	top := meshOf("01", "")
	for i := range nodes + others {
		key := testKey(fmt.Sprintf("aa%04x", i))
		if i < nodes {
			top.addNode(key)
		}
		top.addEdge(testKey("01"), key)
	}
	top.commit()
	return top
}

// Anybody can invent observers. However many there are, a hash is looked up
// among nodes only, also after one of them has come and gone as a node.
func TestHashIsLookedUpAmongNodesOnly(t *testing.T) {
	top := crowded(3, 1000)
	bucket, from := top.bucket("aa"), top.find(testKey("01"))
	for _, step := range []struct {
		name          string
		do            func()
		nodes, others int
	}{
		{"at first", func() {}, 3, 1000},
		{"an observer that becomes a node", func() { top.addNode(testKey("aa0064")) }, 4, 999},
		{"a node that is retired", func() { top.removeNode(testKey("aa0001")) }, 3, 1000},
		{"both undone", func() { top.undo(0) }, 3, 1000},
	} {
		step.do()
		for name, in := range map[string]*parties{"with the prefix": bucket, "near 01": &from.neighbours} {
			if len(in.nodes) != step.nodes || len(in.others) != step.others {
				t.Errorf("%s: %d nodes and %d others %s, want %d and %d", step.name, len(in.nodes), len(in.others), name, step.nodes, step.others)
			}
		}
	}
}

// Keys, too, are cheap to make.
func TestAmbiguousHopIsDecidedAtTheSecondCandidate(t *testing.T) {
	top := crowded(1000, 0)
	asked := 0
	used := func(*party) bool { asked++; return asked <= 5 } // the first five are on the path already
	if got := top.hop("aa", top.find(testKey("01")), used); got != nil {
		t.Errorf("got %s, want nobody", got.key)
	}
	if asked != 7 {
		t.Errorf("%d candidates were looked at, want 7", asked)
	}
}
