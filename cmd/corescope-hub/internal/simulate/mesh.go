package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"

	"corescope-hub/decoder"
)

// Options say which mesh to invent.
type Options struct {
	Seed      uint64
	Nodes     int     // leastNodes to mostNodes
	Observers int     // of the nodes
	Region    string  // of the topics: the code of an airport
	Latitude  float64 // of the middle of the mesh, degrees
	Longitude float64
}

// Bounds of a mesh.
const (
	leastNodes = 4
	mostNodes  = 1000
)

// DefaultOptions is a mesh of twenty nodes around Inverness.
func DefaultOptions() Options {
	return Options{Seed: 1, Nodes: len(charted), Observers: 8, Region: "INV", Latitude: middleLatitude, Longitude: middleLongitude}
}

var regionForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,16}$`)

func (o Options) check() error {
	switch {
	case o.Nodes < leastNodes || o.Nodes > mostNodes:
		return fmt.Errorf("%d nodes: write %d to %d", o.Nodes, leastNodes, mostNodes)
	case o.Observers < 1 || o.Observers > o.Nodes:
		return fmt.Errorf("%d observers of %d nodes: write 1 to %d", o.Observers, o.Nodes, o.Nodes)
	case !regionForm.MatchString(o.Region):
		return fmt.Errorf("region %q: write the code of an airport, such as INV", o.Region)
	case !(math.Abs(o.Latitude) <= 80 && math.Abs(o.Longitude) <= 180):
		return fmt.Errorf("position %v,%v: write degrees of latitude, at most 80, and of longitude", o.Latitude, o.Longitude)
	}
	return nil
}

// Mesh is an invented mesh. It is not safe for concurrent use.
type Mesh struct {
	Nodes []*Node // those that relay, then those that people carry

	region string
	rand   *rand.Rand
	links  [][]link // by node: who hears it
	tag    uint32   // of requests and traces
}

// link is a node that hears another.
type link struct {
	to  int
	snr float64 // dB, on average
}

// New invents a mesh.
func New(o Options) (*Mesh, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	m := &Mesh{region: o.Region, rand: rand.New(rand.NewPCG(o.Seed, 0x6d657368))}
	for _, p := range m.places(o.Nodes) {
		m.Nodes = append(m.Nodes, newNode(o, p))
	}
	m.chooseObservers(o.Observers)
	m.link()
	return m, nil
}

// chooseObservers takes the best places first.
func (m *Mesh) chooseObservers(n int) {
	for _, wanted := range []func(*Node) bool{
		func(n *Node) bool { return n.Role == decoder.RoleRepeater || n.Role == decoder.RoleRoom },
		func(n *Node) bool { return true },
	} {
		for _, node := range m.Nodes {
			if n > 0 && !node.Observes && wanted(node) {
				node.Observes = true
				n--
			}
		}
	}
}

// The radio: what reaches how far. Measured meshes with SF8 at 62.5 kHz lose
// packets below -10 dB and clip above about 14 dB.
const (
	nearSNR   = 14.5 // dB, beside the sender
	perKm     = 2.2  // dB lost
	shadow    = 2.0  // dB, of hills and houses, of one link
	leastSNR  = -6.0 // dB on average, of a link that is worth the name
	floorSNR  = -11.0
	mostSNR   = 14.0
	fading    = 2.0  // dB, from packet to packet
	collision = 0.25 // chance that another packet is in the way
)

func (m *Mesh) link() {
	m.links = make([][]link, len(m.Nodes))
	for i := range m.Nodes {
		for k := i + 1; k < len(m.Nodes); k++ {
			snr := nearSNR - perKm*m.distance(i, k) + shadow*m.rand.NormFloat64()
			if snr >= leastSNR {
				m.links[i] = append(m.links[i], link{k, snr})
				m.links[k] = append(m.links[k], link{i, snr})
			}
		}
	}
}

// distance in kilometres.
func (m *Mesh) distance(a, b int) float64 { return distance(m.Nodes[a].at, m.Nodes[b].at) }

func distance(p, q position) float64 {
	return math.Hypot((p.lat-q.lat)*kmPerDegree, (p.lon-q.lon)*kmPerDegree*math.Cos(p.lat*math.Pi/180))
}

const kmPerDegree = 111.3

// heard is the SNR of one packet over a link, in steps of a quarter dB as radios
// tell it; false when it does not arrive.
func (m *Mesh) heard(l link) (float64, bool) {
	snr := l.snr + fading*m.rand.NormFloat64()
	lost := m.rand.Float64() < collision
	return math.Round(4*min(snr, mostSNR)) / 4, !lost && snr > floorSNR
}

// route is the repeaters between two nodes, by the fewest hops; false when there
// is no way.
func (m *Mesh) route(from, to int) ([]int, bool) {
	before := map[int]int{from: -1}
	for edge := []int{from}; len(edge) > 0; {
		var next []int
		for _, at := range edge {
			if at != from && !m.Nodes[at].relays() {
				continue
			}
			for _, l := range m.links[at] {
				if _, known := before[l.to]; !known {
					before[l.to] = at
					next = append(next, l.to)
				}
			}
		}
		edge = next
	}
	at, ok := before[to]
	var hops []int
	for ; ok && at != from && at >= 0; at = before[at] {
		hops = append([]int{at}, hops...)
	}
	return hops, ok && to != from
}

// some picks a node with one of the roles; false when there is none.
func (m *Mesh) some(roles ...decoder.Role) (int, bool) {
	var fit []int
	for i, n := range m.Nodes {
		for _, r := range roles {
			if n.Role == r {
				fit = append(fit, i)
			}
		}
	}
	if len(fit) == 0 {
		return 0, false
	}
	return fit[m.rand.IntN(len(fit))], true
}

// random is bytes that mean nothing.
func (m *Mesh) random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(m.rand.Uint32())
	}
	return b
}
