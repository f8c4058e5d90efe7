package simulate

import (
	"fmt"
	"math"

	"corescope-hub/decoder"
)

// position is a place in degrees.
type position struct{ lat, lon float64 }

// The middle of the charted places: Inverness.
const (
	middleLatitude  = 57.48
	middleLongitude = -4.21
)

// place is where a node stands and what it is.
type place struct {
	name   string
	role   decoder.Role
	at     position
	hidden bool // it does not tell where it is
	unset  bool // nobody ever set its clock
}

// charted are the nodes of a small mesh: those that relay and stand still, then
// those that people carry.
var charted = []place{
	{name: "Kiln Yard", role: decoder.RoleRepeater, at: position{57.447, -4.192}},
	{name: "Craig Hill", role: decoder.RoleRepeater, at: position{57.462, -4.248}},
	{name: "North Ridge", role: decoder.RoleRepeater, at: position{57.523, -4.282}},
	{name: "Harbour Light", role: decoder.RoleRepeater, at: position{57.497, -4.146}},
	{name: "Ferry Point", role: decoder.RoleRepeater, at: position{57.506, -4.068}},
	{name: "School Roof", role: decoder.RoleRoom, at: position{57.471, -4.207}},
	{name: "Mill Loft", role: decoder.RoleRepeater, at: position{57.541, -4.345}},
	{name: "Barn Window", role: decoder.RoleRepeater, at: position{57.402, -4.331}},
	{name: "Signal Tower", role: decoder.RoleRepeater, at: position{57.560, -4.211}},
	{name: "Beacon Rock", role: decoder.RoleRepeater, at: position{57.555, -4.092}},
	{name: "Glen Mouth", role: decoder.RoleRepeater, at: position{57.409, -4.232}},
	{name: "Old Quarry", role: decoder.RoleRepeater, at: position{57.402, -4.128}},
	{name: "Mast Wood", role: decoder.RoleRepeater, at: position{57.432, -4.301}},
	{name: "Town Square", role: decoder.RoleRoom, at: position{57.478, -4.224}},
	{name: "Weir Gauge", role: decoder.RoleSensor, at: position{57.417, -4.278}, unset: true},
	{name: "Ailsa", role: decoder.RoleChat, at: position{57.488, -4.187}},
	{name: "Morag", role: decoder.RoleChat, at: position{57.465, -4.214}, hidden: true},
	{name: "boat-lark", role: decoder.RoleChat, at: position{57.529, -4.038}},
	{name: "Tam", role: decoder.RoleChat, at: position{57.508, -4.311}},
	{name: "relay-bot", role: decoder.RoleChat, at: position{57.452, -4.214}},
}

// carried is how many of the charted places people carry.
const carried = 5

// Words of the names of nodes that nobody charted.
var (
	first  = []string{"Alder", "Birch", "Castle", "Dun", "Eagle", "Fox", "Gorse", "Heron", "Iron", "Juniper", "Kirk", "Larch", "Moss", "Nether", "Otter", "Pine", "Quiet", "Rowan", "Stone", "Thistle", "Upper", "Vale", "West", "Yew"}
	second = []string{"Brae", "Bridge", "Croft", "Dyke", "Edge", "Farm", "Gate", "Head", "Inn", "Knoll", "Lodge", "Mains", "Neuk", "Park", "Rigg", "Shore", "Tarn", "View", "Works"}
	people = []string{"Aileen", "Bryce", "Catriona", "Duncan", "Eilidh", "Fergus", "Greer", "Hamish", "Iona", "Jamie", "Kirsty", "Lachlan", "Mairi", "Niall", "Orla", "Rory", "Senga", "Una"}
)

// places are those of n nodes: the charted ones as far as they go, with a
// quarter of them carried, and then others, each within reach of one before.
func (m *Mesh) places(n int) []place {
	still := len(charted) - carried
	if n <= len(charted) {
		hands := min(max(n/4, 1), carried)
		return append(append([]place{}, charted[:n-hands]...), charted[still:still+hands]...)
	}
	stands, hands := append([]place{}, charted[:still]...), append([]place{}, charted[still:]...)
	for i := range n - len(charted) {
		p := place{at: m.free(stands), hidden: m.rand.IntN(6) == 0}
		if i%4 == 3 {
			p.name, p.role = numbered(people[i/4%len(people)], i/4/len(people)), decoder.RoleChat
			hands = append(hands, p)
			continue
		}
		word := i*7 + i/len(first)
		p.name = numbered(first[i%len(first)]+" "+second[word%len(second)], i/(len(first)*len(second)))
		p.role = [...]decoder.Role{decoder.RoleRepeater, decoder.RoleRepeater, decoder.RoleRepeater, decoder.RoleRoom, decoder.RoleRepeater, decoder.RoleSensor}[i%6]
		stands = append(stands, p)
	}
	return append(stands, hands...)
}

// apart is how far from all others somebody puts a node, in kilometres, if there
// is such a place: a mesh grows at its rim, and nobody hears a hundred others.
const apart = 4

// free is a place within reach of one of the stands and far from all others, or
// the best that was found.
func (m *Mesh) free(stands []place) (best position) {
	const tries = 50
	distant := -1.0
	for range tries {
		p := m.beside(stands[m.rand.IntN(len(stands))].at)
		nearest := math.Inf(1)
		for _, s := range stands {
			nearest = min(nearest, distance(p, s.at))
		}
		if nearest > distant {
			best, distant = p, nearest
		}
		if distant >= apart {
			break
		}
	}
	return best
}

// beside is a place four to seven kilometres away.
func (m *Mesh) beside(p position) position {
	km, angle := 4+3*m.rand.Float64(), 2*math.Pi*m.rand.Float64()
	return position{
		lat: p.lat + km/kmPerDegree*math.Sin(angle),
		lon: p.lon + km/kmPerDegree*math.Cos(angle)/math.Cos(p.lat*math.Pi/180),
	}
}

// numbered tells nodes apart that would have one name.
func numbered(name string, n int) string {
	if n == 0 {
		return name
	}
	return fmt.Sprintf("%s %d", name, n+1)
}
