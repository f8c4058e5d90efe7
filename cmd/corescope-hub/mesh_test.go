package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"corescope-hub/decoder"
	"corescope-hub/decoder/decodertest"
	"corescope-hub/ingest"
	"corescope-hub/store"
)

// meshNode is a node of an invented mesh around Inverness.
type meshNode struct {
	name     string
	role     decoder.Role
	lat, lon float64 // both 0: it does not tell
	observes bool
	links    []int // nodes that hear it
	key      ed25519.PrivateKey
}

func (n *meshNode) public() []byte { return n.key.Public().(ed25519.PublicKey) }
func (n *meshNode) id() string     { return strings.ToUpper(hex.EncodeToString(n.public())) }

// mesh publishes what the observers of an invented mesh hear, with real frames:
// adverts are signed, channel messages sealed.
type mesh struct {
	nodes   []*meshNode
	rand    *rand.Rand
	clients map[int]mqtt.Client
	tokens  []mqtt.Token
	past    *ingest.Ingester // takes what was heard in the past; nil: observers publish
}

func newMesh() *mesh {
	m := &mesh{rand: rand.New(rand.NewPCG(1, 2)), clients: map[int]mqtt.Client{}, nodes: []*meshNode{
		{name: "Kiln Yard", role: decoder.RoleRepeater, lat: 57.447, lon: -4.192, observes: true},
		{name: "Craig Hill", role: decoder.RoleRepeater, lat: 57.462, lon: -4.248, observes: true},
		{name: "North Ridge", role: decoder.RoleRepeater, lat: 57.523, lon: -4.282, observes: true},
		{name: "Harbour Light", role: decoder.RoleRepeater, lat: 57.497, lon: -4.146, observes: true},
		{name: "Ferry Point", role: decoder.RoleRepeater, lat: 57.506, lon: -4.068, observes: true},
		{name: "School Roof", role: decoder.RoleRoom, lat: 57.471, lon: -4.207, observes: true},
		{name: "Mill Loft", role: decoder.RoleRepeater, lat: 57.541, lon: -4.345, observes: true},
		{name: "Barn Window", role: decoder.RoleChat, lat: 57.392, lon: -4.331, observes: true},
		{name: "Signal Tower", role: decoder.RoleRepeater, lat: 57.560, lon: -4.211},
		{name: "Beacon Rock", role: decoder.RoleRepeater, lat: 57.555, lon: -4.092},
		{name: "Glen Mouth", role: decoder.RoleRepeater, lat: 57.409, lon: -4.232},
		{name: "Old Quarry", role: decoder.RoleRepeater, lat: 57.402, lon: -4.128},
		{name: "Mast Wood", role: decoder.RoleRepeater, lat: 57.432, lon: -4.301},
		{name: "Town Square", role: decoder.RoleRoom, lat: 57.478, lon: -4.224},
		{name: "Weir Gauge", role: decoder.RoleSensor, lat: 57.417, lon: -4.278},
		{name: "Ailsa", role: decoder.RoleChat, lat: 57.488, lon: -4.187},
		{name: "Morag", role: decoder.RoleChat},
		{name: "boat-lark", role: decoder.RoleChat, lat: 57.529, lon: -4.038},
		{name: "Tam", role: decoder.RoleChat, lat: 57.508, lon: -4.311},
		{name: "relay-bot", role: decoder.RoleChat, lat: 57.452, lon: -4.214},
	}}
	for i, n := range m.nodes {
		seed := sha256.Sum256([]byte(n.name))
		n.key = ed25519.NewKeyFromSeed(seed[:])
		for k, other := range m.nodes {
			if near := m.distance(i, k); i != k && (near < 6.5 || n.lat == 0 && k < 3 || other.lat == 0 && i < 3) {
				n.links = append(n.links, k)
			}
		}
	}
	return m
}

// distance in kilometres.
func (m *mesh) distance(a, b int) float64 {
	p, q := m.nodes[a], m.nodes[b]
	return math.Hypot((p.lat-q.lat)*111.3, (p.lon-q.lon)*111.3*math.Cos(p.lat*math.Pi/180))
}

// paths finds the repeaters between a node and all others, by the fewest hops.
func (m *mesh) paths(from int) map[int][]int {
	found := map[int][]int{from: nil}
	for edge := []int{from}; len(edge) > 0; {
		var next []int
		for _, at := range edge {
			if at != from && m.nodes[at].role != decoder.RoleRepeater {
				continue
			}
			path := found[at]
			if at != from {
				path = append(append([]int{}, path...), at)
			}
			for _, to := range m.nodes[at].links {
				if _, known := found[to]; !known {
					found[to] = path
					next = append(next, to)
				}
			}
		}
		edge = next
	}
	return found
}

// connect logs every observer in.
func (m *mesh) connect(t *testing.T, broker string) {
	t.Helper()
	for i, n := range m.nodes {
		if !n.observes {
			continue
		}
		m.past = nil
		c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(broker).SetClientID("mesh-" + n.id()[:8]).SetOrderMatters(false))
		done(t, c.Connect())
		t.Cleanup(func() { c.Disconnect(0) })
		m.clients[i] = c
		noise := -116 + 2*i
		if i == 7 {
			noise += 18
		}
		m.status(i, time.Now(), noise, 3700+40*i)
	}
	m.settle(t)
}

// settle waits until all that was published is stored.
func (m *mesh) settle(t *testing.T) {
	t.Helper()
	for _, token := range m.tokens {
		done(t, token)
	}
	m.tokens = nil
}

// status tells what an observer says of itself.
func (m *mesh) status(node int, at time.Time, noise, battery int) {
	n := m.nodes[node]
	body, _ := json.Marshal(map[string]any{
		"status": "online", "origin": n.name, "origin_id": n.id(), "timestamp": at.UTC().Format(time.RFC3339), "model": "Heltec V3", "firmware_version": "v1.17.1",
		"client_version": []string{"meshcoretomqtt 1.3", "firmware", "packet-capture 2.4"}[node%3], "radio": "869.618,62.5,8,8",
		"stats": map[string]int{"battery_mv": battery, "noise_floor": noise, "uptime_secs": 86400},
	})
	m.publish(node, "status", body, at)
}

func (m *mesh) publish(node int, kind string, body []byte, at time.Time) {
	topic := "meshcore/INV/" + m.nodes[node].id() + "/" + kind
	if m.past != nil {
		m.past.Ingest(context.Background(), ingest.Message{Source: "past", Topic: topic, Payload: body, QoS: 1, Received: at}, nil)
		return
	}
	m.tokens = append(m.tokens, m.clients[node].Publish(topic, 1, false, body))
	if len(m.tokens) > 400 { // in flight at once, of all
		for _, token := range m.tokens[:200] {
			token.Wait()
		}
		m.tokens = m.tokens[200:]
	}
}

// send floods one packet through the mesh; each observer in reach may hear it.
func (m *mesh) send(from int, kind decoder.PayloadType, payload []byte, at time.Time, hashSize int) {
	paths := m.paths(from)
	for i, n := range m.nodes {
		path, reached := paths[i]
		if !n.observes || i == from || !reached || len(path) > 4 || m.rand.IntN(10) > 7-2*len(path)+4 {
			continue
		}
		if i == 7 && time.Since(at) < 2*time.Hour { // Barn Window has fallen silent
			continue
		}
		frame := []byte{byte(kind)<<2 | byte(decoder.RouteFlood), byte(hashSize-1)<<6 | byte(len(path))}
		last := from
		for _, hop := range path {
			frame, last = append(frame, m.nodes[hop].public()[:hashSize]...), hop
		}
		snr := 14.5 - 2.2*m.distance(last, i) + 2*m.rand.NormFloat64()
		if m.nodes[last].lat == 0 {
			snr = 5 + 3*m.rand.NormFloat64()
		}
		snr = math.Round(4*min(max(snr, -12), 14)) / 4
		heard := at.Add(time.Duration(len(path)) * time.Second)
		body, _ := json.Marshal(map[string]any{
			"origin": n.name, "origin_id": n.id(), "timestamp": heard.UTC().Format(time.RFC3339), "type": "PACKET", "direction": "rx",
			"raw": hex.EncodeToString(append(frame, payload...)), "SNR": fmt.Sprint(snr), "RSSI": fmt.Sprint(int(-100 + 2*snr)), "score": fmt.Sprint(int(500 + 35*snr)),
		})
		m.publish(i, "packets", body, heard)
	}
}

func (m *mesh) advert(node int, at time.Time) {
	n := m.nodes[node]
	app := []byte{byte(n.role) | 0x80}
	if n.lat != 0 {
		app[0] |= 0x10
		app = binary.LittleEndian.AppendUint32(app, uint32(int32(n.lat*1e6)))
		app = binary.LittleEndian.AppendUint32(app, uint32(int32(n.lon*1e6)))
	}
	app = append(app, n.name...)
	stamp := binary.LittleEndian.AppendUint32(nil, uint32(at.Unix()))
	signature := ed25519.Sign(n.key, append(append(append([]byte{}, n.public()...), stamp...), app...))
	m.send(node, decoder.TypeAdvert, append(append(append(append([]byte{}, n.public()...), stamp...), signature...), app...), at, 2)
}

// say sends a message to a channel; "" is the public one.
func (m *mesh) say(node int, channel, text string, at time.Time) {
	secret, _ := hex.DecodeString("8b3387e9c5cdea6ac9e5edbaa115cd72")
	c := decoder.Channel{Name: "Public", Secret: secret}
	if channel != "" {
		c = decoder.HashtagChannel(channel)
	}
	plain := append(binary.LittleEndian.AppendUint32(nil, uint32(at.Unix())), 0)
	mac, sealed := decodertest.Seal(c.Secret, append(plain, m.nodes[node].name+": "+text...))
	m.send(node, decoder.TypeGroupText, append(append([]byte{c.Hash()}, mac[:]...), sealed...), at, 2)
}

// random is bytes that nobody can read.
func (m *mesh) random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(m.rand.Uint32())
	}
	return b
}

var meshTexts = []struct{ channel, text string }{
	{"", "ferry is running again, about two hours late"}, {"#boats", "anchored off the point, wind dropping"}, {"#weather", "6 C, wet, gusting 30 on the ridge"},
	{"", "hall is open until nine, soup on"}, {"", "anyone near the old pier with a lamp?"}, {"#bot", "path KILN–RIDGE–TOWER, 3 hops, 5.5 dB"}, {"#boats", "two lights showing at the harbour mouth"}, {"#weather", "pressure 991 and falling"},
}

// anything sends one packet of some kind, as often as each is in a real mesh.
func (m *mesh) anything(at time.Time) {
	from := m.rand.IntN(len(m.nodes))
	ends := m.random(2)
	switch n := m.rand.IntN(100); {
	case n < 18:
		m.advert(from, at)
	case n < 50:
		s := meshTexts[m.rand.IntN(len(meshTexts))]
		m.say(15+m.rand.IntN(5), s.channel, s.text, at)
	case n < 65:
		m.send(from, decoder.TypeText, append(ends, m.random(2+16*(2+m.rand.IntN(3)))...), at, 1)
	case n < 72:
		m.send(from, decoder.TypeRequest, append(ends, m.random(18)...), at, 1)
	case n < 78:
		m.send(from, decoder.TypeResponse, append(ends, m.random(34)...), at, 1)
	case n < 88:
		m.send(from, decoder.TypeAck, m.random(4), at, 1)
	case n < 94:
		m.send(from, decoder.TypePath, append(ends, m.random(34)...), at, 1)
	case n < 97:
		m.send(from, decoder.TypeGroupText, append([]byte{0x6e}, m.random(34)...), at, 1)
	default:
		m.send(from, decoder.TypeControl, append([]byte{0x80, 0x04}, m.random(4)...), at, 1)
	}
}

// history makes a database of the days before now.
func (m *mesh) history(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "mesh.db")
	opts := store.DefaultOptions()
	opts.CommitInterval = 0
	s, err := store.Open(t.Context(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	secret, _ := hex.DecodeString("8b3387e9c5cdea6ac9e5edbaa115cd72")
	keys, err := decoder.NewKeyring(decoder.Channel{Name: "Public", Secret: secret}, decoder.HashtagChannel("#boats"), decoder.HashtagChannel("#weather"), decoder.HashtagChannel("#bot"))
	if err != nil {
		t.Fatal(err)
	}
	m.past = ingest.New(s, keys, ingest.DefaultOptions())
	m.live(time.Now())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// live is a month of the mesh, ever busier until now.
func (m *mesh) live(now time.Time) {
	for day := 29; day > 0; day-- {
		for range 6 {
			m.anything(now.AddDate(0, 0, -day).Add(time.Duration(m.rand.IntN(3600)) * time.Second))
		}
	}
	for node, n := range m.nodes {
		for i := 96; n.observes && i >= 0; i-- {
			noise := -116 + 2*node + m.rand.IntN(2)
			if node == 7 && i < 10 {
				noise += 18
			}
			m.status(node, now.Add(-time.Duration(i)*15*time.Minute), noise, 3600+70*node+int(40*math.Sin(float64(i)/15)))
		}
	}
	for i := range m.nodes {
		for back := 24; back >= 0; back -= 3 {
			m.advert(i, now.Add(-time.Duration(back)*time.Hour-time.Duration(m.rand.IntN(1800))*time.Second))
		}
	}
	for s := 6 * 3600; s > 3600; s -= 40 + m.rand.IntN(60) {
		m.anything(now.Add(-time.Duration(s) * time.Second))
	}
	for s := 3600; s > 0; s -= 3 + m.rand.IntN(8) {
		m.anything(now.Add(-time.Duration(s) * time.Second))
	}
}
