package ingest

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"corescope-hub/store"
)

// checkReception compares what a roaming client reported with its row. One that
// is known has no row of its own.
func (h *goldenHub) checkReception(t *testing.T, c golden, rec *store.Record) {
	t.Helper()
	if rec == nil || rec.Reception == nil {
		if len(c.OtherTables.Receptions) > 0 {
			t.Errorf("no reception, want %+v", c.OtherTables.Receptions)
		}
		return
	}
	got := *rec.Reception
	identity := fmt.Sprint(got.Client, got.HeardKey, got.HeardAt)
	known := h.observed[identity]
	h.observed[identity] = true
	if known != (len(c.OtherTables.Receptions) == 0) {
		t.Errorf("known %v, want rows %+v", known, c.OtherTables.Receptions)
	}
	if rest := (store.Record{ReceivedAt: rec.ReceivedAt, Reception: rec.Reception}); show(*rec) != show(rest) {
		t.Errorf("record %s holds more than the reception", show(*rec))
	}
	for _, want := range c.OtherTables.Receptions {
		src := map[bool]string{true: "advert", false: "rxlog"}[got.FromAdvert]
		have := goldenReception{
			got.Client, got.HeardKey, got.HeardKeyLen, got.RSSI, got.SNR, got.Lat, got.Lon, got.AccuracyM,
			got.HeardAt.UTC().Format(time.RFC3339), src,
		}
		if show(have) != show(want) {
			t.Errorf("reception\n got %s\nwant %s", show(have), show(want))
		}
	}
	for _, want := range c.OtherTables.ClientObservers {
		if got.Client != want.Pubkey || got.ClientName != want.Name {
			t.Errorf("client %s %q, want %+v", got.Client, got.ClientName, want)
		}
	}
}

// checkAdjacent derives who heard whom from the recorded columns, and the sender
// of an advert.
func checkAdjacent(t *testing.T, c golden, rec *store.Record) {
	t.Helper()
	if c.Deviation == "HEX" { // the path is not recorded
		return
	}
	var sender *string
	if key := rec.Observation.Sender; key != nil {
		sender = ptr(hex.EncodeToString(key[:]))
	}
	if text(sender) != text(c.Transmission.FromPubkey) {
		t.Errorf("sender %s, want %s", text(sender), text(c.Transmission.FromPubkey))
	}
	if got, want := pairs(rec.Adjacent), wantPairs(t, c); !slices.Equal(got, want) {
		t.Errorf("adjacent %q, want %q", got, want)
	}
}

func wantPairs(t *testing.T, c golden) []string {
	t.Helper()
	const trace = 9
	if strings.HasPrefix(c.Topic, "meshcore/message/") || c.Transmission.PayloadType == trace {
		return nil
	}
	var path []string
	if err := json.Unmarshal([]byte(strings.ToLower(c.Observation.PathJSON)), &path); err != nil {
		t.Fatal(err)
	}
	flood := unhex(t, text(c.Observation.RawHex))[0]&3 < 2
	observer := strings.ToLower(strings.Split(c.Topic, "/")[2])
	var want []string
	if flood && len(path) > 0 {
		want = append(want, path[len(path)-1]+" - "+observer)
	}
	if from := c.Transmission.FromPubkey; from != nil && len(path) == 0 {
		want = append(want, *from+" - "+observer)
	} else if from != nil && flood {
		want = append(want, *from+" - "+path[0])
	}
	return want
}

// TestGoldenAdvertsWithForeignOnesDropped runs the cases of the flagging profile
// under the one that drops: what was flagged is refused.
func TestGoldenAdvertsWithForeignOnesDropped(t *testing.T) {
	t.Parallel()
	hub := newGoldenHub(t, "geodrop")
	cases := goldenCases(t)["geoflag"]
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range cases {
		rec, verdict := hub.ingest(t, c.Topic, c.Payload)
		if c.Nodes[0].Foreign == 0 {
			if verdict.Outcome != Stored || rec.Advert == nil || rec.Advert.Foreign {
				t.Errorf("%s: verdict %+v, record %+v", c.Name, verdict, rec)
			}
			continue
		}
		if verdict.Outcome != Worthless || verdict.Reason != ReasonGeo || rec.Transmission != nil || rec.Advert != nil || rec.Adjacent != nil {
			t.Fatalf("%s: verdict %+v, record %+v", c.Name, verdict, rec)
		}
		if d := rec.Drop; d == nil || lower(d.NodeKey[:]) != c.Nodes[0].PublicKey || d.NodeName != c.Nodes[0].Name ||
			d.Hash != c.Transmission.Hash || d.RawHex != c.Transmission.RawHex || d.Reason == "" {
			t.Errorf("%s: drop %+v", c.Name, d)
		}
	}
}
