package store

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// testKey is a public key, in hex, that begins with prefix.
func testKey(prefix string) string { return prefix + strings.Repeat("0", 64-len(prefix)) }

// meshOf is a topology of nodes and of edges, which are written "a-b"; both are
// told by the beginnings of their keys. Who is only in an edge is no node.
func meshOf(nodes, edges string) *topology {
	t := &topology{}
	for key := range strings.FieldsSeq(nodes) {
		t.addNode(testKey(key))
	}
	for pair := range strings.FieldsSeq(edges) {
		a, b, _ := strings.Cut(pair, "-")
		t.addEdge(testKey(a), testKey(b))
	}
	t.commit()
	return t
}

// pathOf is an observation of hops, which are written in hex; sender may be "".
func pathOf(hops, sender string) *Observation {
	o := &Observation{Hops: parseHex(strings.ReplaceAll(hops, " ", ""))}
	if first, _, _ := strings.Cut(hops, " "); first != "" {
		o.HopSize = len(first) / 2
	}
	if sender != "" {
		o.Sender = parseKey(testKey(sender))
	}
	return o
}

// shown writes a resolved path as its keys without their zeros; "-" is nobody.
func shown(path []*party) string {
	words := make([]string, len(path))
	for i, p := range path {
		if words[i] = "-"; p != nil {
			words[i] = strings.TrimRight(p.key, "0")
		}
	}
	return strings.Join(words, " ")
}

func TestHopsAreToldByWhatIsKnown(t *testing.T) {
	for _, tt := range []struct {
		name         string
		nodes, edges string
		hops, sender string
		want         string
	}{
		{"the only candidate", "a1 b2", "", "a1 b2", "", "a1 b2"},
		{"two and three bytes", "a1b2c3 a1b2c4 b1", "", "a1b2c3 a1b2c5", "", "a1b2c3 -"},
		{"eight bytes", "0102030405060708 0102030405060709", "", "0102030405060708", "", "0102030405060708"},
		{"nobody", "a1", "", "b2 a1 c3", "", "- a1 -"},
		{"no hops", "a1", "", "", "", ""},
		{"several, and nobody before", "a1 a11 b2", "a1-b2", "a1", "", "-"},
		{"several, one of them a neighbour of the hop before", "a1 a11 b2", "a11-b2", "b2 a1", "", "b2 a11"},
		{"several, one of them a neighbour of the sender", "a1 a11 b2", "a11-b2", "a1", "b2", "a11"},
		{"the sender need not be a node", "a1 a11", "a11-b2", "a1", "b2", "a11"},
		{"only the first hop is next to the sender", "a1 a11 b2 c3", "a11-b2", "c3 a1", "b2", "c3 -"},
		{"several neighbours", "a1 a11 b2", "a1-b2 a11-b2", "b2 a1", "", "b2 -"},
		{"no neighbour", "a1 a11 b2 c3", "a1-c3", "b2 a1", "", "b2 -"},
		{"a neighbour that is no node", "a1 a11 b2", "a12-b2 a1-b2", "b2 a1", "", "b2 a1"},
		{"a stranger between breaks the chain", "a1 a11 b2", "a1-b2", "b2 cc a1", "", "b2 - -"},
		{"a chain of neighbours", "a1 a11 b2 b21 c3", "c3-a11 a11-b2 c3-b21", "c3 a1 b2", "", "c3 a11 b2"},
		{"nobody twice", "a1", "", "a1 a1", "", "a1 -"},
		{"not twice among several", "a1 a11 b2 c3", "a1-b2 a1-c3 a11-c3", "b2 a1 c3 a1", "", "b2 a1 c3 a11"},
		{"the sender is not on its path", "a1 b2", "", "a1 b2", "a1", "- b2"},
		{"nor among several", "a1 a11 a12", "a1-a11", "a1", "a1", "a11"},
		{"the sender counts as a candidate", "a1 a11", "", "a1", "a1", "-"},
	} {
		l := &ledger{topology: meshOf(tt.nodes, tt.edges)}
		if got := shown(l.resolve(pathOf(tt.hops, tt.sender))); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestResolvedPathIsKeysAndNulls(t *testing.T) {
	l := &ledger{topology: meshOf("a1 b2", "")}
	for hops, want := range map[string]any{
		"":         nil,
		"c3":       nil,
		"c3 c3":    nil,
		"a1":       `["` + testKey("a1") + `"]`,
		"c3 b2 c3": `[null,"` + testKey("b2") + `",null]`,
		"a1 b2":    `["` + testKey("a1") + `","` + testKey("b2") + `"]`,
	} {
		if got := resolvedText(l.resolve(pathOf(hops, ""))); got != want {
			t.Errorf("%q: got %v, want %v", hops, got, want)
		}
	}
}

// The rule in its simplest form, over lists that are searched from end to end.
func resolveByTheBook(nodes []string, edges map[edge]bool, hops []string, sender string) []string {
	used, anchor := []string{sender}, sender
	path := make([]string, len(hops))
	for i, hop := range hops {
		var able, near []string
		for _, key := range nodes {
			if strings.HasPrefix(key, hop) {
				able = append(able, key)
			}
		}
		for _, key := range able {
			if !slices.Contains(used, key) && (edges[edge{key, anchor}] || edges[edge{anchor, key}]) {
				near = append(near, key)
			}
		}
		switch {
		case len(able) == 1 && !slices.Contains(used, able[0]):
			path[i] = able[0]
		case len(able) > 1 && len(near) == 1:
			path[i] = near[0]
		}
		anchor = path[i]
		used = append(used, path[i])
	}
	return path
}

func TestResolvingAgreesWithTheBook(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		// Few first digits, so that many keys share a beginning.
		key := func() string { return testKey(fmt.Sprintf("%02x%02x%02x", rnd.IntN(4), rnd.IntN(2), rnd.IntN(2))) }
		top, edges := &topology{}, map[edge]bool{}
		var nodes []string
		for range rnd.IntN(14) {
			if k := key(); !slices.Contains(nodes, k) {
				nodes = append(nodes, k)
				top.addNode(k)
			}
		}
		for range rnd.IntN(30) {
			if e := (edge{key(), key()}); e.a != e.b {
				edges[e] = true
				top.addEdge(e.a, e.b)
			}
		}
		l := &ledger{topology: top}
		for range 50 {
			o := &Observation{HopSize: 1 + rnd.IntN(3)}
			var hops []string
			for range rnd.IntN(8) {
				hop := key()[:2*o.HopSize]
				hops = append(hops, hop)
				o.Hops = append(o.Hops, parseHex(hop)...)
			}
			sender := ""
			if rnd.IntN(2) == 0 {
				sender = key()
				o.Sender = parseKey(sender)
			}
			var got []string
			for _, p := range l.resolve(o) {
				if got = append(got, ""); p != nil {
					got[len(got)-1] = p.key
				}
			}
			if want := resolveByTheBook(nodes, edges, hops, sender); !slices.Equal(got, want) {
				t.Fatalf("seed %d: path %q of %q over nodes %q, edges %v:\n got %q\nwant %q", seed, hops, sender, nodes, edges, got, want)
			}
		}
	}
}

func TestRepeatTakesOverTheBetterKnownPath(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"))
	wantRows(t, s.path, "SELECT resolved_path FROM observations", "NULL")
	put(t, s, nodeNamed("1a"), packet(alpha, "01"))
	known := `["` + testKey("1a") + `",null]`
	wantRows(t, s.path, "SELECT resolved_path FROM observations WHERE id = 1", known)
	// One that knows nothing takes nothing away.
	execSQL(t, s.path, "DELETE FROM nodes")
	put(t, s, packet(alpha, "01"))
	wantRows(t, s.path, "SELECT resolved_path FROM observations WHERE id = 1", known)
}

func TestNodeOfTheSameTransactionIsKnown(t *testing.T) {
	s, g := openGated(t)
	putTogether(t, s, g, packet(alpha, "01"), nodeNamed("1a"), packet(bravo, "01"))
	wantRows(t, s.path, "SELECT resolved_path FROM observations WHERE transmission_id = 1", "NULL", `["`+testKey("1a")+`",null]`)
}

func TestPathsMeanNodesThatAreActive(t *testing.T) {
	s := openTest(t)
	execSQL(t, s.path, "INSERT INTO inactive_nodes(public_key) VALUES(?)", testKey("1a"))
	put(t, s, packet(alpha, "01"))
	wantRows(t, s.path, "SELECT resolved_path FROM observations", "NULL")
	put(t, s, nodeNamed("1a"), packet(alpha, "02")) // it comes back
	wantRows(t, s.path, "SELECT resolved_path FROM observations WHERE transmission_id = 3", `["`+testKey("1a")+`",null]`)
}

// nodeNamed is a zero-hop advert of the node whose key begins with prefix.
func nodeNamed(prefix string, edit ...func(*Record)) Record {
	key := parseKey(testKey(prefix))
	return advert("advert"+prefix, append([]func(*Record){via(1), func(r *Record) {
		r.Transmission.From, r.Observation.Sender, r.Advert.PublicKey = key, key, *key
	}}, edit...)...)
}

// goldenRows is what CoreScope wrote of one message.
type goldenRows struct {
	Name         string
	Note         string
	Transmission struct {
		Hash        string
		RouteType   uint8   `json:"route_type"`
		PayloadType uint8   `json:"payload_type"`
		FromPubkey  *string `json:"from_pubkey"`
		RawHex      string  `json:"raw_hex"`
		DecodedJSON string  `json:"decoded_json"`
	}
	Observation struct {
		PathJSON     string  `json:"path_json"`
		ResolvedPath *string `json:"resolved_path"`
	}
	Nodes []struct {
		PublicKey  string `json:"public_key"`
		Name, Role string
	}
}

// record is the record that has these rows for an outcome.
func (g *goldenRows) record() Record {
	raw := parseHex(g.Transmission.RawHex)
	r := packet(alpha, g.Transmission.Hash, func(r *Record) {
		r.Transmission = &Transmission{Hash: g.Transmission.Hash, Raw: raw, RouteType: g.Transmission.RouteType,
			PayloadType: g.Transmission.PayloadType, DecodedJSON: g.Transmission.DecodedJSON}
		r.Observation.Hops, r.Observation.Raw = nil, raw
		for _, hop := range parsePath(g.Observation.PathJSON) {
			r.Observation.HopSize = len(hop) / 2
			r.Observation.Hops = append(r.Observation.Hops, parseHex(hop)...)
		}
	})
	if g.Transmission.FromPubkey != nil {
		r.Transmission.From = parseKey(*g.Transmission.FromPubkey)
		r.Observation.Sender = r.Transmission.From
	}
	for _, n := range g.Nodes {
		r.Advert = &NodeAdvert{PublicKey: *parseKey(n.PublicKey), Name: n.Name, Role: n.Role}
	}
	return r
}

func TestPathsResolveAsCoreScopes(t *testing.T) {
	text, err := os.ReadFile("testdata/resolved.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []goldenRows
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	var records []Record
	var want []string
	for _, c := range cases {
		records = append(records, c.record())
		resolved := "NULL"
		if c.Observation.ResolvedPath != nil {
			resolved = *c.Observation.ResolvedPath
		}
		want = append(want, c.Transmission.Hash+"|"+c.Observation.PathJSON+"|"+resolved)
	}
	const query = "SELECT hash, path_json, resolved_path FROM observations o JOIN transmissions t ON t.id = transmission_id ORDER BY o.id"
	t.Run("one by one", func(t *testing.T) {
		s := openTest(t)
		put(t, s, records...)
		wantRows(t, s.path, query, want...)
	})
	t.Run("together", func(t *testing.T) {
		s, g := openGated(t)
		putTogether(t, s, g, records...)
		wantRows(t, s.path, query, want...)
	})
	t.Run("across restarts", func(t *testing.T) {
		s := openTest(t)
		for _, r := range records {
			put(t, s, r)
			s.Close()
			s = openAt(t, s.path)
		}
		wantRows(t, s.path, query, want...)
	})
}
