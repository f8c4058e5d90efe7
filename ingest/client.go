package ingest

import (
	"math"
	"strings"

	"corescope-hub/store"
)

// minHeardHash is the shortest path hash, in bytes, that says which node a
// client heard. One byte stands for too many nodes where a client may be
// anywhere.
const minHeardHash = 2

// clientRecord reads what a roaming client heard, and where it was. It tells of
// radio coverage and of nothing else: the packet is not stored, so one that
// tells nothing is counted and leaves no store.Drop. Nor is an advert's
// signature asked for. Source: CoreScope's client_reception.go.
func clientRecord(m *Message, t topic, env *envelope) (*store.Record, Reason) {
	client := strings.ToLower(t.observer)
	if len(client) < 2 || len(client) > 64 || !isHex(client) {
		return nil, ReasonBadTopic
	}
	lat, lon := env.gps.lat.number(), env.gps.lon.number()
	switch {
	case len(env.raw.bytes()) == 0:
		return nil, ReasonNoRaw
	case !env.says("rx"):
		return nil, ReasonNotHeard
	case lat == nil || lon == nil:
		return nil, ReasonNoPosition
	case math.Abs(*lat) > 90 || math.Abs(*lon) > 180:
		return nil, ReasonBadPosition
	}
	heard, reason := heardNode(env)
	if reason != "" {
		return nil, reason
	}
	rec := &store.ClientReception{
		Client:      client,
		ClientName:  clean(env.origin.text(), maxOrigin),
		HeardKey:    heard.Key,
		HeardKeyLen: len(heard.Key) / 2,
		RSSI:        first(env.rssi, env.rssiLower).truncated(),
		SNR:         first(env.snr, env.snrLower).number(),
		Lat:         *lat,
		Lon:         *lon,
		AccuracyM:   env.gps.accM.number(),
		HeardAt:     heardAt(env.timestamp.text(), m.Received),
		FromAdvert:  heard.PathHash == nil,
	}
	if heard.PathHash != nil {
		rec.HeardKey, rec.HeardKeyLen = lower(heard.PathHash), len(heard.PathHash)
	}
	return &store.Record{ReceivedAt: m.Received, Reception: rec}, ""
}

// heardNode is whose radio the client heard.
func heardNode(env *envelope) (store.Party, Reason) {
	_, pkt, bad := env.packet(env.raw.bytes())
	if bad != nil {
		return store.Party{}, bad.reason
	}
	heard, ok := transmitter(pkt)
	if !ok || heard.PathHash != nil && len(heard.PathHash) < minHeardHash {
		return store.Party{}, ReasonNoHeardKey
	}
	return heard, ""
}
