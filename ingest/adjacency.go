package ingest

import (
	"strings"

	"corescope-hub/decoder"
	"corescope-hub/store"
)

// adjacent is what the path of pkt shows of whose radio heard whose: the
// observer that of the last sender, and the first relay that of the node which
// advertised. observer is "" when nobody heard pkt on the air. pairs is appended
// to; there are at most two.
func adjacent(pairs []store.Adjacency, pkt *decoder.Packet, said *meaning, observer string) []store.Adjacency {
	if last, ok := transmitter(pkt); ok && observer != "" {
		pairs = append(pairs, store.Adjacency{A: last, B: store.Party{Key: strings.ToLower(observer)}})
	}
	if said.key != "" && pkt.Route.IsFlood() && pkt.Path.HopCount() > 0 {
		pairs = append(pairs, store.Adjacency{A: store.Party{Key: said.key}, B: store.Party{PathHash: pkt.Path.Hop(0)}})
	}
	return pairs
}

// transmitter is whose radio sent pkt to the one who reports it; false when the
// packet does not show that.
//
// A flooded packet names at the end of its path who relayed it last. The path of
// any other packet is the way still ahead of it, and that of a TRACE is no path.
// Source: firmware Mesh.cpp, routeRecvPacket and onRecvPacket.
//
// Without a path, only an advert says who sent it, and none that is shared.
func transmitter(pkt *decoder.Packet) (store.Party, bool) {
	if pkt.Type() == decoder.TypeTrace {
		return store.Party{}, false
	}
	if hops := pkt.Path.HopCount(); hops > 0 {
		return store.Party{PathHash: pkt.Path.Hop(hops - 1)}, pkt.Route.IsFlood()
	}
	adv, ok := pkt.Payload.(*decoder.Advert)
	if !ok || shared(pkt) {
		return store.Party{}, false
	}
	return node(adv), true
}

// shared says whether pkt, which has no hops, is a contact that a companion
// shares: an advert that it sends again for another node. Both transport codes
// are 0 then. Source: firmware simple_repeater MyMesh.cpp, isShare.
func shared(pkt *decoder.Packet) bool {
	return pkt.TransportCodes != nil && *pkt.TransportCodes == decoder.TransportCodes{}
}

func node(adv *decoder.Advert) store.Party { return store.Party{Key: lower(adv.PublicKey[:])} }
