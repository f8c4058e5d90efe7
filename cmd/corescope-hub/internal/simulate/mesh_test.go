package simulate

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"corescope-hub/decoder"
)

var start = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func newMesh(t *testing.T, change func(*Options)) *Mesh {
	t.Helper()
	o := DefaultOptions()
	if change != nil {
		change(&o)
	}
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// some messages of a mesh.
func take(m *Mesh, n int) []Message {
	var out []Message
	for msg := range m.Messages(start, 30) {
		if out = append(out, msg); len(out) == n {
			break
		}
	}
	return out
}

// frameIn is the packet of a message; nil for a status.
func frameIn(t *testing.T, m Message) *decoder.Packet {
	t.Helper()
	var body struct{ Raw string }
	if err := json.Unmarshal(m.Payload, &body); err != nil {
		t.Fatal(err)
	}
	if body.Raw == "" {
		return nil
	}
	raw, err := hex.DecodeString(body.Raw)
	if err != nil {
		t.Fatal(err)
	}
	p, err := decoder.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSameSeedPublishesTheSame(t *testing.T) {
	t.Parallel()
	same := func(a, b Message) bool {
		return a.At.Equal(b.At) && a.Topic == b.Topic && bytes.Equal(a.Payload, b.Payload)
	}
	for _, nodes := range []int{20, 60} {
		size := func(o *Options) { o.Nodes = nodes }
		a, b := take(newMesh(t, size), 500), take(newMesh(t, size), 500)
		if !slices.EqualFunc(a, b, same) {
			t.Errorf("%d nodes: two meshes of one seed differ", nodes)
		}
		other := take(newMesh(t, func(o *Options) { o.Nodes, o.Seed = nodes, 2 }), 500)
		if a[0].Topic == other[0].Topic {
			t.Errorf("%d nodes: another seed has the same keys", nodes)
		}
	}
}

// Every kind of packet comes, none has anything that a node would refuse, and
// what is signed or sealed verifies.
func TestFramesAreThoseOfRealNodes(t *testing.T) {
	t.Parallel()
	m := newMesh(t, nil)
	public, err := decoder.NewKeyring(decoder.PublicChannel())
	if err != nil {
		t.Fatal(err)
	}
	var identities []*decoder.Identity
	var contacts [][32]byte
	for _, n := range m.Nodes {
		identities = append(identities, n.id)
		contacts = append(contacts, n.public)
	}
	book := decoder.NewAddressBook(identities, contacts...)
	seen := map[decoder.PayloadType]int{}
	acks, expected, readable := map[[4]byte]bool{}, map[[4]byte]bool{}, 0
	for _, msg := range take(m, 4000) {
		p := frameIn(t, msg)
		if p == nil {
			continue
		}
		seen[p.Type()]++
		if w := p.Warnings(); len(w) > 0 {
			t.Errorf("%s: %v", p.Type(), w)
		}
		switch v := p.Payload.(type) {
		case *decoder.Advert:
			if !v.Verify() {
				t.Error("an advert's signature does not verify")
			}
		case *decoder.GroupText:
			if _, ok := public.OpenText(v); ok {
				readable++
			}
		case *decoder.Text:
			texts, err := book.OpenText(v)
			if err != nil {
				t.Fatal(err)
			}
			sum, _ := texts[0].ExpectedAck()
			expected[sum] = true
		case *decoder.ReturnedPath:
			paths, err := book.OpenPath(v)
			if err != nil {
				t.Fatal(err)
			}
			sum, ok := paths[0].AckSum()
			acks[sum] = ok
		case *decoder.Ack:
			acks[v.Sum] = true
		}
	}
	for _, kind := range []decoder.PayloadType{
		decoder.TypeRequest, decoder.TypeResponse, decoder.TypeText, decoder.TypeAck, decoder.TypeAdvert,
		decoder.TypeGroupText, decoder.TypePath, decoder.TypeTrace, decoder.TypeControl,
	} {
		if seen[kind] == 0 {
			t.Errorf("no %s", kind)
		}
	}
	if readable == 0 {
		t.Error("nobody talks on the channel Public")
	}
	matched := 0
	for sum := range expected {
		if acks[sum] {
			matched++
		}
	}
	if matched == 0 {
		t.Errorf("none of %d messages is acknowledged by one of %d acks", len(expected), len(acks))
	}
}

func TestObserversHearOnePacketOnDifferentPaths(t *testing.T) {
	t.Parallel()
	m := newMesh(t, nil)
	observers, paths := map[int]bool{}, map[string]bool{}
	var hash decoder.Hash
	heard := m.Say(16, decoder.PublicChannel(), "hello", start)
	for _, msg := range heard {
		p := frameIn(t, msg)
		if hash != (decoder.Hash{}) && p.Hash() != hash {
			t.Fatal("it is not one packet")
		}
		hash = p.Hash()
		observers[msg.Observer] = true
		paths[hex.EncodeToString(p.Path.Bytes)] = true
		if msg.At.Before(start) {
			t.Error("heard before it was sent")
		}
	}
	if len(observers) < 3 || len(paths) < 3 {
		t.Errorf("%d observers, %d paths", len(observers), len(paths))
	}
}

func TestMessagesComeInOrderOfTime(t *testing.T) {
	t.Parallel()
	m := newMesh(t, func(o *Options) { o.Nodes, o.Observers = 40, 12 })
	messages := take(m, 3000)
	if !slices.IsSortedFunc(messages, func(a, b Message) int { return a.At.Compare(b.At) }) {
		t.Error("out of order")
	}
	statuses := map[int]int{}
	for _, msg := range messages {
		if msg.Retained {
			statuses[msg.Observer]++
		}
	}
	if len(statuses) != 12 {
		t.Errorf("%d of 12 observers told their status", len(statuses))
	}
}

func TestMeshOfAnySizeHasPeopleAndWaysBetweenThem(t *testing.T) {
	t.Parallel()
	for _, n := range []int{leastNodes, 7, 20, 21, 150} {
		m := newMesh(t, func(o *Options) { o.Nodes, o.Observers = n, min(n, 3) })
		names, observers := map[string]bool{}, 0
		for _, node := range m.Nodes {
			names[node.Name] = true
			if node.Observes {
				observers++
			}
		}
		if len(m.Nodes) != n || len(names) != n || observers != min(n, 3) {
			t.Errorf("%d nodes: got %d with %d names, %d observers", n, len(m.Nodes), len(names), observers)
		}
		if _, _, _, ok := m.pair(decoder.RoleRepeater); !ok {
			t.Errorf("%d nodes: nobody reaches a repeater", n)
		}
	}
}

func TestOptionsThatMakeNoMesh(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Options){
		"too few nodes":      func(o *Options) { o.Nodes = leastNodes - 1 },
		"too many nodes":     func(o *Options) { o.Nodes = mostNodes + 1 },
		"no observer":        func(o *Options) { o.Observers = 0 },
		"too many observers": func(o *Options) { o.Observers = o.Nodes + 1 },
		"a topic as region":  func(o *Options) { o.Region = "a/b" },
		"nowhere":            func(o *Options) { o.Latitude = 91 },
	} {
		o := DefaultOptions()
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestTargetsAreReadWithOrWithoutSchemePortAndLogin(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ address, want, user string }{
		{"localhost", "tcp://localhost:1883", ""},
		{"hub.example:1884", "tcp://hub.example:1884", ""},
		{"mqtts://ann:secret@hub.example", "ssl://hub.example:8883", "ann"},
		{"wss://hub.example/mqtt", "wss://hub.example:443/mqtt", ""},
		{"mqtt://[::1]", "tcp://[::1]:1883", ""},
		{"http://hub.example", "", ""},
		{"mqtt://", "", ""},
	} {
		got, err := ParseTarget(tc.address)
		switch {
		case tc.want == "" && err == nil:
			t.Errorf("%s: taken as %s", tc.address, got)
		case tc.want != "" && (err != nil || got.String() != tc.want || got.Username != tc.user):
			t.Errorf("%s: got %v %q %v, want %s %q", tc.address, got, got.Username, err, tc.want, tc.user)
		}
	}
}

func TestPastEndsNowAndIsDensestInItsLastHour(t *testing.T) {
	t.Parallel()
	now := start.Add(24 * time.Hour)
	var before, lately int
	for msg := range newMesh(t, nil).Past(now, 10) {
		switch {
		case msg.At.Before(start) || msg.At.After(now):
			t.Fatalf("a message of %s is not of the day before %s", msg.At, now)
		case msg.At.Before(now.Add(-time.Hour)):
			before++
		default:
			lately++
		}
	}
	if before < 1000 || lately < before {
		t.Errorf("%d messages of the last hour, %d of the 23 before", lately, before)
	}
}

// However many nodes there are, each hears as many as in a real mesh, and the
// first message comes before the last node has announced itself.
func TestLargeMeshIsAsDenseAsASmallOne(t *testing.T) {
	t.Parallel()
	m := newMesh(t, func(o *Options) { o.Nodes, o.Observers = mostNodes, 50 })
	links := 0
	for i := range m.links {
		if len(m.links[i]) > 40 {
			t.Errorf("node %d hears %d others", i, len(m.links[i]))
		}
		links += len(m.links[i])
	}
	if mean := links / len(m.Nodes); mean < 5 || mean > 15 {
		t.Errorf("a node hears %d others on average", mean)
	}
	if msg := take(m, 1)[0]; msg.At.After(start.Add(introduced / 2)) {
		t.Errorf("the first message is of %s", msg.At.Sub(start))
	}
}
