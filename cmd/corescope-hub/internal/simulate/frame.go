package simulate

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"time"

	"corescope-hub/decoder"
)

// packet is what a node sends, before the path.
type packet struct {
	from     int
	kind     decoder.PayloadType
	route    decoder.RouteType
	hashSize int // bytes of a path hash
	payload  []byte
}

// frame is the packet as it is on the air.
func (p *packet) frame(path []byte) []byte {
	length := byte(len(path) / p.hashSize)
	if p.kind != decoder.TypeTrace { // its path holds SNRs, one byte each
		length |= byte(p.hashSize-1) << 6
	}
	frame := append([]byte{byte(p.kind)<<2 | byte(p.route), length}, path...)
	return append(frame, p.payload...)
}

// advert is a node's announcement, signed.
func (m *Mesh) advert(node int, at time.Time) packet {
	n := m.Nodes[node]
	info := []byte{byte(n.Role) | 0x80}
	if !n.hidden {
		info[0] |= 0x10
		info = binary.LittleEndian.AppendUint32(info, uint32(int32(math.Round(n.at.lat*1e6))))
		info = binary.LittleEndian.AppendUint32(info, uint32(int32(math.Round(n.at.lon*1e6))))
	}
	info = append(info, n.Name...)
	if len(info) > 32 { // what is longer is cut off before the signature is checked
		info = info[:32]
	}
	stamp := n.stamp(at)
	signature := n.id.Sign(append(append(append([]byte{}, n.public[:]...), stamp...), info...))
	payload := append(append(append(append([]byte{}, n.public[:]...), stamp...), signature[:]...), info...)
	return packet{from: node, kind: decoder.TypeAdvert, route: decoder.RouteFlood, hashSize: 2, payload: payload}
}

// say is a message to a channel.
func (m *Mesh) say(node int, channel decoder.Channel, text string, at time.Time) packet {
	n := m.Nodes[node]
	mac, box := decoder.Seal(channel.Secret, append(append(n.stamp(at), 0), n.Name+": "+text...))
	payload := append(append([]byte{channel.Hash()}, mac[:]...), box...)
	return packet{from: node, kind: decoder.TypeGroupText, route: decoder.RouteFlood, hashSize: 2, payload: payload}
}

// sealed is a packet that only one node can read.
func (m *Mesh) sealed(from, to int, kind decoder.PayloadType, route decoder.RouteType, plain []byte) packet {
	sender, receiver := m.Nodes[from], m.Nodes[to]
	mac, box := sender.id.Seal(receiver.public, plain)
	payload := append([]byte{receiver.public[0], sender.public[0], mac[0], mac[1]}, box...)
	return packet{from: from, kind: kind, route: route, hashSize: 1, payload: payload}
}

// textPlain is the body of a direct message, and the sum that acknowledges it.
func (m *Mesh) textPlain(from int, text string, at time.Time) (plain, ack []byte) {
	n := m.Nodes[from]
	plain = append(append(n.stamp(at), 0), text...)
	sum := sha256.Sum256(append(append([]byte{}, plain...), n.public[:]...))
	return plain, sum[:4]
}

// pathHashes are the hashes of hops, as a path has them.
func (m *Mesh) pathHashes(hops []int, size int) []byte {
	var path []byte
	for _, hop := range hops {
		path = append(path, m.Nodes[hop].public[:size]...)
	}
	return path
}
