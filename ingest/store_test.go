package ingest

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"corescope-hub/store"
)

// TestGoldenRowsInTheDatabase takes the golden packets through the ingester
// into a real database, and reads back what each of them became.
func TestGoldenRowsInTheDatabase(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	hub := newGoldenHub(t, "default")
	in := New(st, hub.in.keys, Options{Regions: []string{"#us-wa", "de"}, ValidateSignatures: true})
	var last int64
	for _, c := range goldenCases(t)["default"] {
		for _, before := range c.Setup {
			settled(t, in, Message{Topic: before.Topic, Payload: before.Payload})
		}
		if c.Deviation == "OBSIDX" { // its setup is what is stored; the case repeats it
			last = st.LastObservation() - int64(len(c.Setup))
		}
		verdict := settled(t, in, Message{Topic: c.Topic, Payload: c.Payload})
		rows, err := st.ObservationsAfter(t.Context(), last, 10)
		if err != nil {
			t.Fatal(err)
		}
		last = st.LastObservation()
		if !c.Stored || c.Deviation == "V" {
			if len(rows) != 0 {
				t.Errorf("%s: stored %+v, want nothing (%+v)", c.Name, rows, verdict)
			}
			continue
		}
		if len(rows) != 1 {
			t.Errorf("%s: %d rows, want 1 (%+v)", c.Name, len(rows), verdict)
			continue
		}
		checkRow(t, c, rows[0])
	}
}

func openStore(t *testing.T) *store.Store {
	t.Helper()
	opts := store.DefaultOptions()
	opts.CommitInterval = 0
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "meshcore.db"), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

// settled ingests m and waits for its verdict.
func settled(t *testing.T, in *Ingester, m Message) Verdict {
	t.Helper()
	m.Received = time.Date(2026, 11, 24, 19, 18, 46, 0, time.UTC)
	done := make(chan Verdict, 1)
	in.Ingest(t.Context(), m, func(v Verdict) { done <- v })
	select {
	case v := <-done:
		return v
	case <-t.Context().Done():
		t.Fatal("no verdict")
		return Verdict{}
	}
}

func checkRow(t *testing.T, c golden, got store.ObservationRow) {
	t.Helper()
	want := c.Transmission
	if c.Deviation != "HEX" && !strings.HasPrefix(c.Name, "companion-") && got.Hash != want.Hash {
		t.Errorf("%s: hash %s, want %s", c.Name, got.Hash, want.Hash)
	}
	if c.Deviation != "APPDATA" && got.DecodedJSON != want.DecodedJSON {
		t.Errorf("%s: decoded_json\n got %s\nwant %s", c.Name, got.DecodedJSON, want.DecodedJSON)
	}
	if cmp.Or(got.ChannelHash, "NULL") != text(want.ChannelHash) || text(got.ScopeName) != text(want.ScopeName) {
		t.Errorf("%s: channel %q, scope %s", c.Name, got.ChannelHash, text(got.ScopeName))
	}
	if path := `["` + strings.Join(got.Path, `","`) + `"]`; c.Deviation != "HEX" && len(got.Path) > 0 && path != c.Observation.PathJSON {
		t.Errorf("%s: path %s, want %s", c.Name, path, c.Observation.PathJSON)
	}
	if named := slices.Index(strings.Split(c.Topic, "/"), got.ObserverID) == 2; named == strings.HasPrefix(c.Name, "companion-") {
		t.Errorf("%s: observer %q of topic %s", c.Name, got.ObserverID, c.Topic)
	}
	if !equal(got.SNR, c.Observation.SNR) || !equal(got.RSSI, c.Observation.RSSI) {
		t.Errorf("%s: SNR %v, RSSI %v", c.Name, deref(got.SNR), deref(got.RSSI))
	}
}

func TestRedeliveryIsADuplicate(t *testing.T) {
	t.Parallel()
	in := New(openStore(t), nil, DefaultOptions())
	for i, duplicate := range []bool{false, true} {
		if got := settled(t, in, packet(textHex)); got != (Verdict{Outcome: Stored, Duplicate: duplicate}) {
			t.Errorf("delivery %d: %+v", i, got)
		}
	}
}

func TestAClosedStoreIsNotSafe(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	in := New(st, nil, DefaultOptions())
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if got := settled(t, in, packet(textHex)); got.Outcome != NotSafe || got.Err == nil {
		t.Errorf("verdict %+v", got)
	}
}
