package store

import (
	"testing"
	"time"
)

const allEdges = "SELECT node_a, node_b, count, last_seen FROM neighbor_edges ORDER BY node_a, node_b"

func byKey(prefix string) Party      { return Party{Key: testKey(prefix)} }
func byHash(hash ...byte) Party      { return Party{PathHash: hash} }
func edgeOf(a, b, row string) string { return testKey(a) + "|" + testKey(b) + "|" + row }

func beside(a, b Party) func(*Record) {
	return func(r *Record) { r.Adjacent = append(r.Adjacent, Adjacency{a, b}) }
}

func TestNeighboursBecomeAnEdge(t *testing.T) {
	for name, tt := range map[string]struct {
		nodes []string
		a, b  Party
		want  []string
	}{
		"both known":                     {nil, byKey("a1"), byKey("b2"), []string{edgeOf("a1", "b2", "1|"+noonText)}},
		"in the order of keys":           {nil, byKey("b2"), byKey("a1"), []string{edgeOf("a1", "b2", "1|"+noonText)}},
		"a hash that one node can mean":  {[]string{"b2"}, byKey("a1"), byHash(0xB2), []string{edgeOf("a1", "b2", "1|"+noonText)}},
		"a long hash":                    {[]string{"b201", "b202"}, byHash(0xB2, 2), byKey("c3"), []string{edgeOf("b202", "c3", "1|"+noonText)}},
		"two hashes":                     {[]string{"a1", "b2"}, byHash(0xA1), byHash(0xB2), []string{edgeOf("a1", "b2", "1|"+noonText)}},
		"an observer that has no key":    {nil, byKey("a1"), Party{Key: "gate"}, []string{testKey("a1") + "|gate|1|" + noonText}},
		"a hash that nobody can mean":    {nil, byKey("a1"), byHash(0xB2), nil},
		"a hash that two can mean":       {[]string{"b201", "b202"}, byKey("a1"), byHash(0xB2), nil},
		"a hash that means the other":    {[]string{"b2"}, byKey("b2"), byHash(0xB2), nil},
		"the other and one more":         {[]string{"b201", "b202"}, byKey("b201"), byHash(0xB2), nil},
		"one party":                      {nil, byKey("a1"), byKey("a1"), nil},
		"a hash that means both parties": {[]string{"b2"}, byHash(0xB2), byHash(0xB2), nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := openTest(t)
			for _, n := range tt.nodes {
				put(t, s, nodeNamed(n))
			}
			put(t, s, packet(alpha, "01", beside(tt.a, tt.b)))
			wantRows(t, s.path, allEdges, tt.want...)
		})
	}
}

func TestEdgeCountsObservations(t *testing.T) {
	a, b := byKey("a1"), byKey("b2")
	records := []Record{
		packet(alpha, "01", beside(a, b)),
		packet(bravo, "01", beside(b, a), at(noon.Add(-time.Minute))),
		packet(alpha, "01", beside(a, b), at(noon.Add(time.Minute))), // a redelivery of the first
		packet(alpha, "02", beside(a, b), beside(a, byKey("c3"))),
	}
	want := []string{edgeOf("a1", "b2", "3|"+noonText), edgeOf("a1", "c3", "1|"+noonText)}
	t.Run("one by one", func(t *testing.T) {
		s := openTest(t)
		put(t, s, records...)
		wantRows(t, s.path, allEdges, want...)
	})
	t.Run("together", func(t *testing.T) {
		s, g := openGated(t)
		putTogether(t, s, g, records...)
		wantRows(t, s.path, allEdges, want...)
	})
}

// A node that this very advert makes known may be whom the path hash means.
func TestSenderOfAnAdvertCountsForItsOwnPath(t *testing.T) {
	s := openTest(t)
	put(t, s, nodeNamed("b201"))
	put(t, s, nodeNamed("b202", via(1, 0xB2), beside(byKey("b202"), byHash(0xB2))))
	wantRows(t, s.path, allEdges)
}

func TestEdgesLastSeenGrowsUpToNow(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01", beside(byKey("a1"), byKey("b2"))))
	put(t, s, packet(alpha, "02", beside(byKey("a1"), byKey("b2")), at(noon.Add(-time.Hour))))
	wantRows(t, s.path, "SELECT count, last_seen FROM neighbor_edges", "2|"+noonText)
	execSQL(t, s.path, "UPDATE neighbor_edges SET last_seen = '2039-01-01T00:00:00Z'")
	put(t, s, packet(alpha, "03", beside(byKey("a1"), byKey("b2")), at(noon.Add(-time.Hour))))
	wantRows(t, s.path, "SELECT count, last_seen FROM neighbor_edges", "3|"+noonText)
}

func TestEdgeOfCoreScopeWithoutACountIsCounted(t *testing.T) {
	s := openTest(t)
	execSQL(t, s.path, "INSERT INTO neighbor_edges(node_a, node_b, count) VALUES(?, ?, NULL)", testKey("a1"), testKey("b2"))
	put(t, s, packet(alpha, "01", beside(byKey("a1"), byKey("b2"))))
	wantRows(t, s.path, "SELECT count, typeof(count), last_seen FROM neighbor_edges", "1|integer|"+noonText)
}

// An edge serves to tell the next path in the same transaction.
func TestEdgeTellsTheNextPath(t *testing.T) {
	s, g := openGated(t)
	putTogether(t, s, g, nodeNamed("a1"), nodeNamed("b201"), nodeNamed("b202"),
		packet(alpha, "01", beside(byKey("a1"), byKey("b202"))),
		packet(alpha, "02", via(1, 0xA1, 0xB2)))
	wantRows(t, s.path, "SELECT resolved_path FROM observations ORDER BY id DESC LIMIT 1", `["`+testKey("a1")+`","`+testKey("b202")+`"]`)
}
