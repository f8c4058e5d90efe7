package simulate

import (
	"cmp"
	"encoding/binary"
	"iter"
	"slices"
	"sort"
	"time"

	"corescope-hub/decoder"
)

// How often things happen that do not depend on the rate.
const (
	statusEvery = 5 * time.Minute
	introduced  = 20 * time.Second // in which every node announces itself, at the start
)

// Messages are what the observers publish from start on, in the order of time
// and without an end. Packets come perMinute times a minute, a packet being heard
// by several observers or by none.
func (m *Mesh) Messages(start time.Time, perMinute float64) iter.Seq[Message] {
	return func(yield func(Message) bool) {
		t := m.begin(start)
		for at := start; ; {
			at = at.Add(time.Duration(m.rand.ExpFloat64() / perMinute * float64(time.Minute)))
			t.introductions(at)
			t.statuses(at)
			for _, msg := range t.before(at) {
				if !yield(msg) {
					return
				}
			}
			t.add(m.Anything(at)...)
		}
	}
}

// Past is what the observers would have published in the day before now: of its
// last hour as of a mesh with perMinute packets a minute, and of the time before
// that a sample, so that there are not too many.
func (m *Mesh) Past(now time.Time, perMinute float64) iter.Seq[Message] {
	return func(yield func(Message) bool) {
		lastHour := now.Add(-time.Hour)
		for _, part := range []struct {
			from, to time.Time
			rate     float64
		}{{now.Add(-24 * time.Hour), lastHour, perMinute / pastSample}, {lastHour, now, perMinute}} {
			for msg := range m.Messages(part.from, part.rate) {
				if msg.At.After(part.to) {
					break
				}
				if !yield(msg) {
					return
				}
			}
		}
	}
}

// pastSample is how many packets of an earlier hour one stands for.
const pastSample = 60

// traffic is what is still to be published.
type traffic struct {
	mesh    *Mesh
	start   time.Time
	known   int               // nodes that have announced themselves
	pending []Message         // by time
	status  map[int]time.Time // when each observer tells of itself again
}

// begin is the first status of each observer.
func (m *Mesh) begin(start time.Time) *traffic {
	t := &traffic{mesh: m, start: start, status: map[int]time.Time{}}
	for i, n := range m.Nodes {
		if n.Observes {
			t.add(m.Status(i, start))
			t.status[i] = start.Add(time.Duration(m.rand.Int64N(int64(statusEvery))))
		}
	}
	return t
}

// introductions adds the first advert of each node that is due before at.
func (t *traffic) introductions(at time.Time) {
	for n := len(t.mesh.Nodes); t.known < n; t.known++ {
		due := t.start.Add(time.Second + introduced*time.Duration(t.known)/time.Duration(n))
		if !due.Before(at) {
			return
		}
		t.add(t.mesh.Advert(t.known, due)...)
	}
}

func (t *traffic) add(messages ...Message) {
	t.pending = append(t.pending, messages...)
	sort.SliceStable(t.pending, func(i, k int) bool {
		a, b := &t.pending[i], &t.pending[k]
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Observer, b.Observer)) < 0
	})
}

// statuses adds those that are due before at.
func (t *traffic) statuses(at time.Time) {
	for i := range t.mesh.Nodes {
		for due, ok := t.status[i]; ok && due.Before(at); due = t.status[i] {
			t.add(t.mesh.Status(i, due))
			t.status[i] = due.Add(statusEvery)
		}
	}
}

// before takes out what is published before at.
func (t *traffic) before(at time.Time) []Message {
	n, _ := slices.BinarySearchFunc(t.pending, at, func(m Message, at time.Time) int { return m.At.Compare(at) })
	due := slices.Clone(t.pending[:n])
	t.pending = slices.Delete(t.pending, 0, n)
	return due
}

// messages is what observers publish of a packet.
func (m *Mesh) messages(p packet, hops []int, at time.Time) []Message {
	var out []Message
	for _, r := range m.send(p, hops, at) {
		out = append(out, m.message(r))
	}
	return out
}

// Advert announces a node.
func (m *Mesh) Advert(node int, at time.Time) []Message {
	return m.messages(m.advert(node, at), nil, at)
}

// Say sends a message to a channel.
func (m *Mesh) Say(node int, channel decoder.Channel, text string, at time.Time) []Message {
	return m.messages(m.say(node, channel, text, at), nil, at)
}

// Flood sends anything.
func (m *Mesh) Flood(node int, kind decoder.PayloadType, payload []byte, at time.Time) []Message {
	return m.messages(packet{from: node, kind: kind, route: decoder.RouteFlood, hashSize: 1, payload: payload}, nil, at)
}

// Anything sends one thing of some kind, with what answers it, about as often as
// each is in a real mesh.
func (m *Mesh) Anything(at time.Time) []Message {
	switch n := m.rand.IntN(100); {
	case n < 18:
		return m.Advert(m.rand.IntN(len(m.Nodes)), at)
	case n < 48:
		return m.chatter(at)
	case n < 68:
		return m.conversation(at)
	case n < 82:
		return m.question(at)
	case n < 90:
		return m.trace(at)
	case n < 95:
		return m.discovery(at)
	}
	return m.secretive(at)
}

// chatter is somebody talking to a channel.
func (m *Mesh) chatter(at time.Time) []Message {
	who, ok := m.some(decoder.RoleChat)
	if !ok {
		return nil
	}
	s := sayings[m.rand.IntN(len(sayings))]
	channel := decoder.PublicChannel()
	if s.channel != "" {
		channel = decoder.HashtagChannel(s.channel)
	}
	return m.Say(who, channel, s.text, at)
}

// secretive is a channel whose key nobody here has.
func (m *Mesh) secretive(at time.Time) []Message {
	who, ok := m.some(decoder.RoleChat)
	if !ok {
		return nil
	}
	return m.Say(who, decoder.Channel{Secret: []byte("whoever has this")}, "see you at the usual place", at)
}

// pair is two nodes that reach each other, and the way.
func (m *Mesh) pair(to ...decoder.Role) (a, b int, way []int, ok bool) {
	for range 8 {
		from, okFrom := m.some(decoder.RoleChat)
		with, okWith := m.some(to...)
		if !okFrom || !okWith {
			break
		}
		if way, ok := m.route(from, with); ok {
			return from, with, way, true
		}
	}
	return 0, 0, nil, false
}

// conversation is a direct message and its acknowledgement. Whoever does not
// know the way floods; the answer then brings it.
func (m *Mesh) conversation(at time.Time) []Message {
	a, b, way, ok := m.pair(decoder.RoleChat, decoder.RoleRoom)
	if !ok {
		return nil
	}
	plain, ack := m.textPlain(a, sayings[m.rand.IntN(len(sayings))].text, at)
	later := at.Add(time.Duration(2000+m.rand.IntN(3000)) * time.Millisecond)
	back := slices.Clone(way)
	slices.Reverse(back)
	if m.rand.IntN(2) == 0 {
		answer := packet{from: b, kind: decoder.TypeAck, route: decoder.RouteDirect, hashSize: 1, payload: ack}
		return append(m.messages(m.sealed(a, b, decoder.TypeText, decoder.RouteDirect, plain), way, at), m.messages(answer, back, later)...)
	}
	returned := append([]byte{byte(len(way))}, m.pathHashes(way, 1)...)
	returned = append(append(returned, byte(decoder.TypeAck)), ack...)
	return append(m.messages(m.sealed(a, b, decoder.TypeText, decoder.RouteFlood, plain), nil, at),
		m.messages(m.sealed(b, a, decoder.TypePath, decoder.RouteFlood, returned), nil, later)...)
}

// question asks a node for its telemetry.
func (m *Mesh) question(at time.Time) []Message {
	a, b, way, ok := m.pair(decoder.RoleRepeater, decoder.RoleSensor)
	if !ok {
		return nil
	}
	tag := m.Nodes[a].stamp(at)
	request := append(append(append([]byte{}, tag...), byte(decoder.RequestTelemetry), 0, 0, 0, 0), m.random(4)...)
	volts := 380 + m.rand.IntN(40)
	reply := append(append([]byte{}, tag...), 1, 116, byte(volts>>8), byte(volts), 1, 103, 0, byte(60+m.rand.IntN(120)))
	back := slices.Clone(way)
	slices.Reverse(back)
	later := at.Add(time.Duration(2000+m.rand.IntN(2000)) * time.Millisecond)
	return append(m.messages(m.sealed(a, b, decoder.TypeRequest, decoder.RouteDirect, request), way, at),
		m.messages(m.sealed(b, a, decoder.TypeResponse, decoder.RouteDirect, reply), back, later)...)
}

// trace measures the links of a way there and back.
func (m *Mesh) trace(at time.Time) []Message {
	a, b, way, ok := m.pair(decoder.RoleRepeater)
	if !ok {
		return nil
	}
	hops := append(slices.Clone(way), b)
	for i := len(way) - 1; i >= 0; i-- {
		hops = append(hops, way[i])
	}
	m.tag++
	payload := binary.LittleEndian.AppendUint32(nil, m.tag)
	payload = append(append(payload, 0, 0, 0, 0, 0), m.pathHashes(hops, 1)...)
	return m.messages(packet{from: a, kind: decoder.TypeTrace, route: decoder.RouteDirect, hashSize: 1, payload: payload}, hops, at)
}

// discovery asks who is near, and the repeaters that hear it answer.
func (m *Mesh) discovery(at time.Time) []Message {
	a, ok := m.some(decoder.RoleChat)
	if !ok {
		return nil
	}
	m.tag++
	tag := binary.LittleEndian.AppendUint32(nil, m.tag)
	zeroHop := packet{from: a, kind: decoder.TypeControl, route: decoder.RouteDirect, hashSize: 1}
	zeroHop.payload = append([]byte{decoder.ControlDiscoverRequest << 4, 1 << decoder.RoleRepeater}, tag...)
	out := m.messages(zeroHop, nil, at)
	for _, l := range m.links[a] {
		if snr, ok := m.heard(l); ok && m.Nodes[l.to].relays() {
			at = at.Add(time.Duration(300+m.rand.IntN(900)) * time.Millisecond)
			zeroHop.from = l.to
			zeroHop.payload = append([]byte{decoder.ControlDiscoverResponse<<4 | byte(decoder.RoleRepeater), byte(int8(snr * 4))}, tag...)
			zeroHop.payload = append(zeroHop.payload, m.Nodes[l.to].public[:]...)
			out = append(out, m.messages(zeroHop, nil, at)...)
		}
	}
	return out
}
