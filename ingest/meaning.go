package ingest

import (
	"bytes"
	"encoding/hex"
	"sync"

	"corescope-hub/decoder"
	"corescope-hub/store"
)

// meaning is what the payload of a packet says, whoever heard it and over
// whatever path. An advert is verified, a text opened, once, and
// not for each observer that reports it. It is shared, and never changes.
type meaning struct {
	kind    decoder.PayloadType
	payload []byte // what the rest was read from

	hash    string            // 16 lower-case hex digits
	refused *refusal          // an advert that is not kept
	node    string            // name of the node that a refused advert claims
	advert  *store.NodeAdvert // nil unless an advert with readable appdata
	key     string            // adverts: the node's public key, in lower case
	from    *[32]byte         // adverts
	decoded string            // decoded_json
	channel string            // channel_hash of a GRP_TXT
}

// meaning returns what the payload of pkt says, from memory if it was read
// before.
func (in *Ingester) meaning(pkt *decoder.Packet) *meaning {
	hash := pkt.Hash()
	// What is said of a TRACE depends on its path, too.
	if pkt.Type() == decoder.TypeTrace {
		return in.understand(pkt, hash)
	}
	if known := in.meanings.get(hash); known != nil && known.kind == pkt.Type() && bytes.Equal(known.payload, pkt.RawPayload) {
		return known
	}
	said := in.understand(pkt, hash)
	in.meanings.put(hash, said)
	return said
}

// understand reads the payload of pkt.
func (in *Ingester) understand(pkt *decoder.Packet, hash decoder.Hash) *meaning {
	said := &meaning{kind: pkt.Type(), payload: pkt.RawPayload, hash: hex.EncodeToString(hash[:])}
	if adv, ok := pkt.Payload.(*decoder.Advert); ok {
		key := adv.PublicKey
		said.from, said.key = &key, lower(key[:])
		if said.refused = in.refuseAdvert(adv); said.refused != nil {
			said.node = nodeName(adv)
			return said
		}
		said.advert = in.nodeAdvert(adv)
	}
	form, channel := in.decoded(pkt)
	said.decoded, said.channel = marshal(form), channel
	return said
}

const (
	// meaningShards is into how many parts the memory is divided, so that clients
	// seldom wait for each other.
	meaningShards = 16
	// rememberedMeanings is how many payloads are remembered, at least; at most it
	// is twice as many. Sightings of a packet come within seconds of each other.
	rememberedMeanings = 1024
)

// meanings remembers the meaning of recent payloads by their hash. The zero
// value remembers none yet.
type meanings [meaningShards]struct {
	mu         sync.Mutex
	young, old map[decoder.Hash]*meaning
}

// get returns nil for a hash that is not remembered.
func (m *meanings) get(hash decoder.Hash) *meaning {
	s := &m[hash[0]%meaningShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if said := s.young[hash]; said != nil {
		return said
	}
	return s.old[hash]
}

// put forgets a whole generation at a time.
func (m *meanings) put(hash decoder.Hash, said *meaning) {
	s := &m[hash[0]%meaningShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.young == nil || len(s.young) >= rememberedMeanings/meaningShards {
		s.young, s.old = make(map[decoder.Hash]*meaning, rememberedMeanings/meaningShards), s.young
	}
	s.young[hash] = said
}
