package decoder

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strings"
)

// Region is a named scope of flooding.
type Region struct {
	Name string // as the operator wrote it, with or without '#'
	Key  [16]byte
}

// NewRegion derives the public key of a region: SHA-256 of the name with '#',
// first 16 bytes. A private region ("$name") has a key that no name yields: give
// it in a Region of your own. Source: firmware TransportKeyStore.cpp, getAutoKeyFor.
func NewRegion(name string) Region {
	sum := sha256.Sum256([]byte("#" + strings.TrimPrefix(name, "#")))
	return Region{Name: name, Key: [16]byte(sum[:16])}
}

// Scope returns the first of regions that code 0 of p was made with; false when
// p has no codes, code 0 is 0, or none fits.
func (p *Packet) Scope(regions []Region) (Region, bool) {
	if p.TransportCodes == nil || p.TransportCodes[0] == 0 {
		return Region{}, false
	}
	for _, r := range regions {
		if p.code(r) == p.TransportCodes[0] {
			return r, true
		}
	}
	return Region{}, false
}

// IsShare says whether p is an advert that a companion app shares ("share
// contact"): direct, no hops, both codes 0, which means "send nowhere".
// Repeaters do not take its node for a neighbour (since 1.10).
func (p *Packet) IsShare() bool {
	return p.Route == RouteTransportDirect && p.kind == TypeAdvert && p.Path.HopCount() == 0 &&
		p.TransportCodes != nil && *p.TransportCodes == TransportCodes{}
}

// code is the transport code of p in r: the first 16 bits of HMAC-SHA256 over
// payload type and payload, nudged off the two reserved values.
// Source: firmware TransportKeyStore.cpp, calcTransportCode.
func (p *Packet) code(r Region) uint16 {
	h := hmac.New(sha256.New, r.Key[:])
	h.Write([]byte{byte(p.kind)})
	h.Write(p.RawPayload)
	var sum [sha256.Size]byte
	switch code := binary.LittleEndian.Uint16(h.Sum(sum[:0])); code {
	case 0x0000:
		return 0x0001
	case 0xFFFF:
		return 0xFFFE
	default:
		return code
	}
}
