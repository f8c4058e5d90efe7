package ingest

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/buger/jsonparser"

	"corescope-hub/decoder"
	"corescope-hub/store"
)

// maxDropHex bounds the hex that is kept of a refused packet, in characters.
// The longest legal frame has 508.
const maxDropHex = 1024

// packetParts are the parts of a packet's record in one allocation.
type packetParts struct {
	store.Record
	transmission store.Transmission
	observation  store.Observation
	adjacent     [2]store.Adjacency
	direction    string
	snr, rssi    float64
}

// packetRecord reads a packet that an observer heard or sent; raw is its hex.
// A refused one becomes a store.Drop, which leaves the observer as it was.
func (in *Ingester) packetRecord(m *Message, t topic, env *envelope, raw []byte) (*store.Record, Reason) {
	parts := &packetParts{Record: store.Record{ReceivedAt: m.Received, Observer: observer(m, t, env)}}
	rec := &parts.Record
	if region := regionName(env.region.text()); region != "" {
		rec.Observer.IATA = region
	}
	claimed := claimedTime(string(env.timestamp.bytes()))
	m.offset = clockOffset(claimed, m.Received)
	frame, pkt, bad := env.packet(raw)
	if bad != nil {
		return drop(rec, raw, bad.text), bad.reason
	}
	said := in.meaning(pkt)
	if said.refused != nil {
		return dropAdvert(rec, raw, said), said.refused.reason
	}
	rec.Advert = said.advert
	parts.transmission = in.transmission(pkt, said, frame)
	parts.heard(env)
	rec.Transmission, rec.Observation = &parts.transmission, &parts.observation
	rec.Observation.Hops, rec.Observation.HopSize = hops(pkt)
	rec.Observation.Travelled = pkt.Route.IsFlood() && pkt.Type() != decoder.TypeTrace
	rec.Observation.Sender = rec.Transmission.From
	rec.Observation.Raw = frame
	if rec.Observer.Heard {
		rec.Observer.NaiveSkew = naiveSkew(claimed, m.Received)
		rec.Adjacent = adjacent(parts.adjacent[:0], pkt, said, hearer(rec))
	}
	return rec, ""
}

// hearer is the observer that heard the packet of rec on the air; "" when it
// sent it.
func hearer(rec *store.Record) string {
	if d := rec.Observation.Direction; d != nil && strings.EqualFold(*d, "tx") {
		return ""
	}
	return rec.Observer.ID
}

// refusal says why a packet is refused, for the counters and for people.
type refusal struct {
	reason Reason
	text   string
}

// packet decodes raw, hex of the frame that e tells of.
func (e *envelope) packet(raw []byte) ([]byte, *decoder.Packet, *refusal) {
	frame, err := parseHex(raw)
	if err != nil {
		return nil, nil, &refusal{ReasonBadHex, "raw is not hex"}
	}
	// meshcoretomqtt pairs a line about a packet that was sent with the bytes it
	// saw last, often another packet's. Of one that was heard the bytes count,
	// whatever len says.
	if n := e.length.whole(); e.says("tx") && n != nil && *n > 0 && *n != int64(len(frame)) {
		return nil, nil, &refusal{ReasonBadLength, fmt.Sprintf("raw has %d bytes, len says %d", len(frame), *n)}
	}
	pkt, err := decoder.Decode(frame)
	if err != nil {
		return nil, nil, refuseFrame(err)
	}
	return frame, pkt, nil
}

// parseHex reads hex in either case, with blanks and line ends anywhere.
func parseHex(digits []byte) ([]byte, error) {
	if bytes.ContainsAny(digits, " \t\r\n") {
		digits = bytes.Join(bytes.Fields(digits), nil)
	}
	frame := make([]byte, hex.DecodedLen(len(digits)))
	n, err := hex.Decode(frame, digits)
	return frame[:n:n], err
}

// transmission is the packet by content.
func (in *Ingester) transmission(pkt *decoder.Packet, said *meaning, frame []byte) store.Transmission {
	return store.Transmission{
		Hash:           said.hash,
		Raw:            frame,
		RouteType:      uint8(pkt.Route),
		PayloadType:    uint8(pkt.Type()),
		PayloadVersion: pkt.Version,
		DecodedJSON:    said.decoded,
		ChannelHash:    said.channel,
		ScopeName:      in.scopeName(pkt),
		From:           said.from,
	}
}

// scopeName is nil for a packet without a scope: no transport codes, or code 0
// is 0; "" when no known region fits its code.
func (in *Ingester) scopeName(pkt *decoder.Packet) *string {
	if pkt.TransportCodes == nil || pkt.TransportCodes[0] == 0 {
		return nil
	}
	var name string
	if region, ok := pkt.Scope(in.regions); ok {
		name = region.Name
	}
	return &name
}

// newRegions makes the regions of the operator's list, each with its '#'.
func newRegions(list []string) []decoder.Region {
	var regions []decoder.Region
	seen := make(map[string]bool)
	for _, name := range list {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		if !strings.HasPrefix(name, "#") {
			name = "#" + name
		}
		if !seen[name] {
			seen[name] = true
			regions = append(regions, decoder.NewRegion(name))
		}
	}
	return regions
}

// heard sets how the observer heard the packet, without its path.
func (p *packetParts) heard(env *envelope) {
	o, ok := &p.observation, false
	if p.direction, ok = env.direction(); ok {
		o.Direction = &p.direction
	}
	if p.snr, ok = first(env.snr, env.snrLower).float(); ok {
		o.SNR = &p.snr
	}
	if p.rssi, ok = first(env.rssi, env.rssiLower).float(); ok {
		o.RSSI = &p.rssi
	}
	o.Score = first(env.score, env.scoreUpper).whole()
}

// direction is "rx" or "tx", as sent; false when no text says it. The first that
// is a text counts, even an empty one.
func (e *envelope) direction() (direction string, said bool) {
	v := e.directionLower
	if v.kind != jsonparser.String {
		v = e.directionUpper
	}
	if v.kind != jsonparser.String {
		return "", false
	}
	if text := v.bytes(); string(text) != "rx" { // which it is all but always
		return clean(string(text), maxDirection), true
	}
	return "rx", true
}

// says says whether the direction is this one, in any case.
func (e *envelope) says(direction string) bool {
	said, _ := e.direction()
	return strings.EqualFold(said, direction)
}

// hops are the path hashes of pkt and their size. A TRACE lists the route in
// its payload, and has SNRs where others have hops; only one without a route
// shows those.
func hops(pkt *decoder.Packet) (hashes []byte, size int) {
	if trace, ok := pkt.Payload.(*decoder.Trace); ok && len(trace.Hashes)+len(trace.Trailing) > 0 {
		return trace.Hashes, trace.HashSize
	}
	return pkt.Path.Bytes, pkt.Path.HashSize()
}

// drop makes rec say that the packet was refused, and why, and nothing else.
func drop(rec *store.Record, raw []byte, reason string) *store.Record {
	rec.Drop = &store.Drop{Reason: reason, RawHex: visible(raw, maxDropHex)}
	return rec
}

// refuseFrame refuses a frame that the firmware's receiver would drop.
func refuseFrame(err error) *refusal {
	var bad *decoder.Error
	if errors.As(err, &bad) && errors.Is(err, decoder.ErrUnsupportedVersion) {
		return &refusal{ReasonBadVersion, fmt.Sprintf("unsupported version %d", bad.Value)}
	}
	return &refusal{ReasonBadFrame, err.Error()}
}

// visible is the visible ASCII of s, at most limit characters.
func visible(s []byte, limit int) string {
	kept := make([]byte, 0, min(len(s), limit))
	for i := 0; i < len(s) && len(kept) < limit; i++ {
		if s[i] >= ' ' && s[i] <= '~' {
			kept = append(kept, s[i])
		}
	}
	return string(kept)
}
