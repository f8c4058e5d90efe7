package simulate

import (
	"slices"
	"sort"
	"time"

	"corescope-hub/decoder"
)

// mostHops is as far as an invented flood goes.
const mostHops = 6

// modulation is the radio setting of the mesh.
var modulation = decoder.Modulation{SpreadingFactor: 8, BandwidthHz: 62_500, CodingRate: 8, PreambleSymbols: decoder.PreambleSymbols(8)}

// airtime is how long a frame takes to send.
func airtime(frame []byte) time.Duration {
	d, err := modulation.Airtime(len(frame))
	if err != nil {
		panic(err) // only for frames that no radio sends
	}
	return d
}

// reception is one observer hearing one transmission.
type reception struct {
	observer int
	at       time.Time
	snr      float64 // dB
	frame    []byte
}

// send lets a packet run its course; hops are the way of a direct one.
func (m *Mesh) send(p packet, hops []int, at time.Time) []reception {
	switch {
	case p.route == decoder.RouteFlood:
		return m.flood(p, at)
	case p.kind == decoder.TypeTrace:
		return m.follow(p, hops, at)
	}
	return m.direct(p, hops, at)
}

// turn is a node sending the packet on.
type turn struct {
	node int
	hops []int // before and with it; empty for where the packet comes from
	at   time.Time
}

// flood passes a packet on from repeater to repeater, once from each that hears
// it, first come first.
func (m *Mesh) flood(p packet, at time.Time) (heard []reception) {
	seen := map[int]bool{p.from: true}
	for turns := []turn{{node: p.from, at: at}}; len(turns) > 0; {
		t := turns[0]
		turns = turns[1:]
		frame := p.frame(m.pathHashes(t.hops, p.hashSize))
		arrives := t.at.Add(airtime(frame))
		for _, l := range m.links[t.node] {
			snr, ok := m.heard(l)
			if !ok || l.to == p.from {
				continue
			}
			if m.Nodes[l.to].Observes {
				heard = append(heard, reception{l.to, arrives, snr, frame})
			}
			if m.Nodes[l.to].relays() && !seen[l.to] && len(t.hops) < mostHops {
				seen[l.to] = true
				wait := time.Duration(200+m.rand.IntN(1800)) * time.Millisecond
				next := turn{l.to, append(slices.Clone(t.hops), l.to), arrives.Add(wait)}
				i := sort.Search(len(turns), func(i int) bool { return turns[i].at.After(next.at) })
				turns = slices.Insert(turns, i, next)
			}
		}
	}
	return heard
}

// direct passes a packet along a way that its sender knows: the path is what is
// still to go.
func (m *Mesh) direct(p packet, hops []int, at time.Time) (heard []reception) {
	sender := p.from
	for i := 0; i <= len(hops); i++ {
		frame := p.frame(m.pathHashes(hops[i:], p.hashSize))
		at = at.Add(airtime(frame))
		heard = append(heard, m.listen(sender, p.from, frame, at)...)
		if i < len(hops) {
			sender = hops[i]
			at = at.Add(time.Duration(50+m.rand.IntN(150)) * time.Millisecond)
		}
	}
	return heard
}

// follow passes a trace along its way: each hop adds with which SNR it heard it.
func (m *Mesh) follow(p packet, hops []int, at time.Time) (heard []reception) {
	sender := p.from
	var snrs []byte
	for i := 0; i <= len(hops); i++ {
		frame := (&packet{kind: p.kind, route: p.route, hashSize: 1, payload: p.payload}).frame(snrs)
		at = at.Add(airtime(frame))
		heard = append(heard, m.listen(sender, p.from, frame, at)...)
		if i < len(hops) {
			snr, _ := m.heard(m.linkBetween(sender, hops[i]))
			snrs = append(snrs, byte(int8(max(snr, -20)*4)))
			sender = hops[i]
		}
	}
	return heard
}

func (m *Mesh) linkBetween(from, to int) link {
	i := slices.IndexFunc(m.links[from], func(l link) bool { return l.to == to })
	if i < 0 {
		return link{to, leastSNR}
	}
	return m.links[from][i]
}

// listen is who of the observers hears one transmission.
func (m *Mesh) listen(sender, origin int, frame []byte, at time.Time) (heard []reception) {
	for _, l := range m.links[sender] {
		if !m.Nodes[l.to].Observes || l.to == origin {
			continue
		}
		if snr, ok := m.heard(l); ok {
			heard = append(heard, reception{l.to, at, snr, frame})
		}
	}
	return heard
}
