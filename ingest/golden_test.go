package ingest

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"corescope-hub/store"
)

// TestGolden runs every case that ends in a record; what takes a database
// (identity, merging, counting) is left to the tests that have one.
func TestGolden(t *testing.T) {
	t.Parallel()
	for profile, cases := range goldenCases(t) {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			hub := newGoldenHub(t, profile)
			for _, c := range cases {
				for _, before := range c.Setup {
					hub.ingest(t, before.Topic, before.Payload)
				}
				rec, verdict := hub.ingest(t, c.Topic, c.Payload)
				t.Run(c.Name, func(t *testing.T) { hub.check(t, c, rec, verdict) })
			}
		})
	}
}

// goldenHub is an ingester with the options of a profile, and the little of a
// database that the rows of a case depend on.
type goldenHub struct {
	rec      *recorder
	in       *Ingester
	first    map[string]*store.Transmission // by hash: the first of a content is the row
	observed map[string]bool
}

func newGoldenHub(t *testing.T, profile string) *goldenHub {
	t.Helper()
	var config struct {
		ChannelKeys        map[string]string
		HashChannels       []string
		HashRegions        []string
		ObserverBlacklist  []string
		ObserverWhitelist  []string `json:"observerIATAWhitelist"`
		ValidateSignatures *bool
		Sources            []struct{ IATAFilter []string } `json:"mqttSources"`
		Geo                struct {
			Polygon  [][2]float64
			BufferKm float64
		} `json:"geo_filter"`
		ForeignAdverts   struct{ Mode string }
		ClientRxCoverage struct{ Enabled bool }
	}
	readJSON(t, "testdata/profiles/"+profile+".json", &config)
	geo := GeoFilter{BufferKm: config.Geo.BufferKm, Drop: config.ForeignAdverts.Mode == "drop"}
	for _, corner := range config.Geo.Polygon {
		geo.Polygon = append(geo.Polygon, Position{Lat: corner[0], Lon: corner[1]})
	}
	rec := new(recorder)
	in := New(rec, goldenKeys(t, config.ChannelKeys, config.HashChannels), Options{
		IATAFilter:         config.Sources[0].IATAFilter,
		IATAWhitelist:      config.ObserverWhitelist,
		ObserverBlacklist:  config.ObserverBlacklist,
		Regions:            config.HashRegions,
		ValidateSignatures: config.ValidateSignatures == nil || *config.ValidateSignatures,
		Geo:                geo,
		ClientReceptions:   config.ClientRxCoverage.Enabled,
	})
	return &goldenHub{rec: rec, in: in, first: make(map[string]*store.Transmission), observed: make(map[string]bool)}
}

func (h *goldenHub) ingest(t *testing.T, topic string, payload []byte) (*store.Record, Verdict) {
	t.Helper()
	h.rec.records = nil
	verdict := deliver(t, h.in, Message{
		Source: "golden", Topic: topic, Payload: payload,
		Received: time.Date(2026, 11, 24, 19, 18, 46, 0, time.UTC),
	})
	if len(h.rec.records) == 0 {
		return nil, verdict
	}
	return &h.rec.records[0], verdict
}

func (h *goldenHub) check(t *testing.T, c golden, rec *store.Record, verdict Verdict) {
	switch c.Deviation {
	case "V":
		checkVersionRefused(t, rec, verdict)
		return
	case "FILTER":
		if verdict.Outcome != Stored || rec.Transmission == nil {
			t.Errorf("verdict %+v, want it stored", verdict)
		}
		return
	case "":
	default:
		if !checksDeviation[c.Deviation] {
			t.Fatalf("no check for deviation %q", c.Deviation)
		}
	}
	known := h.remember(rec)
	if stored := rec != nil && rec.Transmission != nil && !known; stored != c.Stored {
		t.Fatalf("stored %v (verdict %+v), want %v", stored, verdict, c.Stored)
	}
	if c.Transmission != nil {
		checkTransmission(t, c, h.first[rec.Transmission.Hash])
		checkObservation(t, c, rec)
		checkAdjacent(t, c, rec)
	}
	h.checkReception(t, c, rec)
	if rec != nil && rec.Reception == nil {
		checkNode(t, c, rec.Advert)
		checkObserver(t, c, rec)
	}
	checkDropped(t, c, rec)
}

// checksDeviation names the deviations that the checks below know of.
var checksDeviation = map[string]bool{
	"HEX": true, "SCORE": true, "OBSIDX": true, "BLANK": true, "APPDATA": true, "METRICS": true, "PRESENCE": true,
}

// remember says whether the observation is known, and learns it.
func (h *goldenHub) remember(rec *store.Record) bool {
	if rec == nil || rec.Transmission == nil {
		return false
	}
	tx := rec.Transmission
	if h.first[tx.Hash] == nil {
		h.first[tx.Hash] = tx
	}
	identity := fmt.Sprint(tx.Hash, rec.Observer.ID, pathJSONOf(rec.Observation))
	known := h.observed[identity]
	h.observed[identity] = true
	return known && rec.Observer.ID != ""
}

func pathJSONOf(o *store.Observation) string {
	hops := []string{}
	for b := o.Hops; len(b) > 0; b = b[o.HopSize:] {
		hops = append(hops, upper(b[:o.HopSize]))
	}
	s, _ := json.Marshal(hops)
	return string(s)
}

func upper(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

func checkVersionRefused(t *testing.T, rec *store.Record, verdict Verdict) {
	t.Helper()
	if verdict.Outcome != Worthless || verdict.Reason != ReasonBadVersion {
		t.Errorf("verdict %+v, want bad_version", verdict)
	}
	if rec == nil || rec.Drop == nil || rec.Transmission != nil || rec.Observer.ID != alpha || rec.Observer.Name != "Obs Alpha" {
		t.Fatalf("record %+v, want a drop of the observer", rec)
	}
	version := int(unhex(t, rec.Drop.RawHex)[0] >> 6)
	if want := fmt.Sprintf("unsupported version %d", version); rec.Drop.Reason != want {
		t.Errorf("reason %q, want %q", rec.Drop.Reason, want)
	}
}

func checkTransmission(t *testing.T, c golden, got *store.Transmission) {
	t.Helper()
	want := *c.Transmission
	switch c.Deviation {
	case "HEX":
		if c.Name == "hex-with-spaces" {
			want.Hash = "2b2c7a31f3b7158b" // SHA-256 of 02 A1B2C3D433F60718293A4B5C6D7E8F901122
		}
	case "APPDATA":
		form := new(struct{ Error, PubKey string })
		if err := json.Unmarshal([]byte(got.DecodedJSON), form); err != nil || form.Error == "" || form.PubKey == "" {
			t.Errorf("decoded_json %s, want an error and the key", got.DecodedJSON)
		}
		want.DecodedJSON = got.DecodedJSON
	}
	if strings.HasPrefix(c.Name, "companion-") {
		want.Hash = got.Hash // has the time of arrival in it
	}
	have := goldenTransmission{
		RawHex: upper(got.Raw), Hash: got.Hash, RouteType: got.RouteType, PayloadType: got.PayloadType,
		PayloadVersion: got.PayloadVersion, DecodedJSON: got.DecodedJSON,
	}
	want.RawHex = normalHex(want.RawHex)
	wantFrom, wantChannel, wantScope := text(want.FromPubkey), text(want.ChannelHash), text(want.ScopeName)
	want.FromPubkey, want.ChannelHash, want.ScopeName = nil, nil, nil
	if have != want {
		t.Errorf("transmission\n got %+v\nwant %+v", have, want)
	}
	var from *string
	if got.From != nil {
		from = ptr(hex.EncodeToString(got.From[:]))
	}
	if text(from) != wantFrom || text(got.ScopeName) != wantScope || cmp.Or(got.ChannelHash, "NULL") != wantChannel {
		t.Errorf("from %v, scope %v, channel %q, want %v, %v, %v", text(from), text(got.ScopeName), got.ChannelHash, wantFrom, wantScope, wantChannel)
	}
}

// text tells NULL from the empty text.
func text(s *string) string {
	if s == nil {
		return "NULL"
	}
	return *s
}

func checkObservation(t *testing.T, c golden, rec *store.Record) {
	t.Helper()
	want, got := *c.Observation, rec.Observation
	if c.Deviation == "SCORE" {
		want.Score = ptr(1.0)
	}
	if c.Name == "hex-with-spaces" {
		want.PathJSON = `["AB"]`
	}
	if text(got.Direction) != text(want.Direction) || pathJSONOf(got) != want.PathJSON {
		t.Errorf("direction %s, path %s, want %s, %s", text(got.Direction), pathJSONOf(got), text(want.Direction), want.PathJSON)
	}
	var score *float64
	if got.Score != nil {
		score = ptr(float64(*got.Score))
	}
	if !equal(got.SNR, want.SNR) || !equal(got.RSSI, want.RSSI) || !equal(score, want.Score) {
		t.Errorf("SNR %v, RSSI %v, score %v, want %v, %v, %v", deref(got.SNR), deref(got.RSSI), deref(score), deref(want.SNR), deref(want.RSSI), deref(want.Score))
	}
	if raw := cmp.Or(upper(got.Raw), "NULL"); raw != normalHex(text(want.RawHex)) {
		t.Errorf("raw %s, want %s", raw, text(want.RawHex))
	}
}

// normalHex is hex as the hub stores it: a record holds bytes, and some
// observers, and so some cases, write them in lower case.
func normalHex(s string) string { return strings.ToUpper(strings.ReplaceAll(s, " ", "")) }

func equal[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
