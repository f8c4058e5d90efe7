package simulate

import (
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strings"
	"time"

	"corescope-hub/decoder"
)

// Node is a node of an invented mesh.
type Node struct {
	Name     string
	Role     decoder.Role
	Observes bool // an observer publishes what it hears

	at     position      // where it is
	hidden bool          // its adverts do not say where
	clock  time.Duration // how far its clock is ahead
	unset  bool          // its clock was never set
	id     *decoder.Identity
	public [32]byte

	model, firmware, client string
}

func newNode(o Options, p place) *Node {
	n := &Node{Name: p.name, Role: p.role, hidden: p.hidden}
	// Places are around Inverness; the mesh is moved to where it shall be.
	n.at.lat = o.Latitude + p.at.lat - middleLatitude
	n.at.lon = o.Longitude + (p.at.lon-middleLongitude)*math.Cos(middleLatitude*math.Pi/180)/math.Cos(o.Latitude*math.Pi/180)

	expanded := n.takeKey(o.Seed)
	b := int(expanded[63]) // anything that is the node's own
	n.model = []string{"Heltec V3", "RAK4631", "Seeed XIAO nRF52840", "LilyGo T3S3", "Station G2"}[b%5]
	n.firmware = []string{"v1.17.1", "v1.17.1", "v1.16.0", "v1.15.2"}[b%4]
	n.client = []string{"meshcoretomqtt 1.3", "firmware", "packet-capture 2.4"}[b%3]
	n.clock = time.Duration(b%5-2) * time.Second
	n.unset = p.unset
	return n
}

// takeKey makes the node's key of the mesh's seed and the node's name, in the
// expanded form. Keys that begin with 00 or FF are reserved, and no device takes
// one. Source: firmware companion_radio/MyMesh.cpp, begin.
func (n *Node) takeKey(seed uint64) (expanded [64]byte) {
	text := append(binary.LittleEndian.AppendUint64(nil, seed), n.Name...)
	for expanded = sha512.Sum512(text); ; expanded = sha512.Sum512(expanded[:]) {
		id, err := decoder.NewIdentity(expanded[:])
		if err != nil {
			continue // the hash is that of another form of key: not in this world
		}
		n.id, n.public = id, id.PublicKey()
		if n.public[0] != 0x00 && n.public[0] != 0xFF {
			return expanded
		}
	}
}

// PublicKey is the node's key, in upper-case hex as in topics.
func (n *Node) PublicKey() string { return strings.ToUpper(hex.EncodeToString(n.public[:])) }

// relays says whether the node repeats packets.
func (n *Node) relays() bool { return n.Role == decoder.RoleRepeater }

// unsetClock is what the firmware's clock begins with after a power cut.
// Source: firmware ArduinoHelpers.h, VolatileRTCClock.
var unsetClock = time.Date(2024, 5, 15, 20, 50, 0, 0, time.UTC)

// stamp is a moment by the node's clock, as it is on the air.
func (n *Node) stamp(at time.Time) []byte {
	if n.unset {
		at = unsetClock.Add(at.Sub(at.Truncate(30 * 24 * time.Hour)))
	}
	return binary.LittleEndian.AppendUint32(nil, uint32(at.Add(n.clock).Unix()))
}
