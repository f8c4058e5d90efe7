package ingest

import (
	"cmp"
	"encoding/hex"
	"strings"
	"testing"

	"corescope-hub/store"
)

// checkNode compares what a record says of a node with the node's row. A row
// also holds what earlier adverts said.
func checkNode(t *testing.T, c golden, got *store.NodeAdvert) {
	t.Helper()
	switch {
	case c.Deviation == "APPDATA":
		if got != nil {
			t.Errorf("node %+v from truncated appdata, want none", got)
		}
		return
	case got == nil:
		if len(c.Nodes) > 0 {
			t.Errorf("no node, want %+v", c.Nodes)
		}
		return
	case len(c.Nodes) == 0:
		return // the case repeats a known advert
	}
	want := c.Nodes[0]
	if c.Deviation == "BLANK" {
		want.Name = ""
	}
	if got.Lat == nil && c.Deviation == "BLANK" || c.Name == "advert-role-change" {
		want.Lat, want.Lon = nil, nil // kept from before
	}
	if key := hex.EncodeToString(got.PublicKey[:]); key != want.PublicKey || got.Name != want.Name || got.Role != want.Role {
		t.Errorf("node %s %q %s, want %+v", key, got.Name, got.Role, want)
	}
	if !equal(got.Lat, want.Lat) || !equal(got.Lon, want.Lon) {
		t.Errorf("position %v, %v, want %v, %v", deref(got.Lat), deref(got.Lon), deref(want.Lat), deref(want.Lon))
	}
	if !equal(got.BatteryMV, want.BatteryMV) || !equal(got.TemperatureC, want.TemperatureC) {
		t.Errorf("readings %v, %v, want %v, %v", got.BatteryMV, got.TemperatureC, want.BatteryMV, want.TemperatureC)
	}
	if got.Foreign != (want.Foreign == 1) {
		t.Errorf("foreign %v, want %d", got.Foreign, want.Foreign)
	}
}

// checkObserver compares what a record says of the observer with its row,
// which also holds what earlier messages said.
func checkObserver(t *testing.T, c golden, rec *store.Record) {
	t.Helper()
	if strings.HasPrefix(c.Topic, "meshcore/message/") {
		if rec.Observer.ID != "" {
			t.Errorf("observer %+v of a companion bridge, want none", rec.Observer)
		}
		return
	}
	if heard := c.Deviation != "PRESENCE"; rec.Observer.Heard != heard && rec.Drop == nil {
		t.Errorf("heard %v, want %v", rec.Observer.Heard, heard)
	}
	if naive := strings.HasPrefix(c.Name, "env-ts-naive-") && c.Name != "env-ts-naive-now"; naive != (rec.Observer.NaiveSkew != nil) {
		t.Errorf("naive skew %v, want one: %v", rec.Observer.NaiveSkew, naive)
	}
	if len(c.OtherTables.Observers) == 0 {
		return
	}
	want := c.OtherTables.Observers[0]
	if rec.Observer.ID != want.ID || rec.Observer.IATA != want.IATA || rec.Observer.Name != want.Name {
		t.Errorf("observer %+v, want %+v", rec.Observer, want)
	}
	if s := rec.Status; s != nil {
		checkStatusRow(t, s, want)
		for _, row := range c.OtherTables.Metrics {
			checkMetrics(t, s, row)
		}
	}
}

func checkStatusRow(t *testing.T, s *store.Status, want goldenObserver) {
	t.Helper()
	for _, text := range [][2]string{{s.Model, want.Model}, {s.Firmware, want.Firmware}, {s.ClientVersion, want.ClientVersion}, {s.Radio, want.Radio}} {
		if text[0] != "" && text[0] != text[1] {
			t.Errorf("%q, want %q", text[0], text[1])
		}
	}
	if s.CanRelay != nil && *s.CanRelay != (want.CanRelay == 1) {
		t.Errorf("can relay %v, want %v", *s.CanRelay, want.CanRelay)
	}
	if s.UptimeSecs != nil && !equal(s.UptimeSecs, want.UptimeSecs) {
		t.Errorf("uptime %v, want %v", *s.UptimeSecs, want.UptimeSecs)
	}
}

// checkMetrics compares the gauges with a row that this status alone made.
func checkMetrics(t *testing.T, s *store.Status, row map[string]any) {
	t.Helper()
	for column, got := range map[string]*int64{
		"battery_mv": s.BatteryMV, "tx_air_secs": s.TxAirSecs, "rx_air_secs": s.RxAirSecs,
		"recv_errors": s.RecvErrors, "packets_sent": s.PacketsSent, "packets_recv": s.PacketsRecv,
	} {
		want, is := row[column].(float64)
		if is != (got != nil) || is && float64(*got) != want {
			t.Errorf("%s = %v, want %v", column, got, row[column])
		}
	}
	if want, is := row["noise_floor"].(float64); is != (s.NoiseFloor != nil) || is && *s.NoiseFloor != want {
		t.Errorf("noise floor %v, want %v", deref(s.NoiseFloor), row["noise_floor"])
	}
}

// checkDropped compares refused packets with their row. CoreScope keeps only
// those with a bad signature; the hub keeps every one.
func checkDropped(t *testing.T, c golden, rec *store.Record) {
	t.Helper()
	dropped := rec != nil && rec.Drop != nil
	if dropped && (rec.Transmission != nil || rec.Observation != nil || rec.Advert != nil || rec.Status != nil) {
		t.Errorf("record %+v holds more than the refused packet", rec)
	}
	if len(c.OtherTables.Dropped) == 0 {
		return
	}
	if !dropped {
		t.Fatal("no refused packet")
	}
	want, got := c.OtherTables.Dropped[0], rec.Drop
	var key *string
	if got.NodeKey != nil {
		key = new(string)
		*key = hex.EncodeToString(got.NodeKey[:])
	}
	if got.Reason != want.Reason || got.RawHex != want.RawHex || cmp.Or(got.Hash, "NULL") != text(want.Hash) ||
		text(key) != text(want.NodePubkey) || got.NodeName != text(want.NodeName) {
		t.Errorf("drop %+v, want %+v", got, want)
	}
	if rec.Observer.ID != want.ObserverID || rec.Observer.Name != want.ObserverName {
		t.Errorf("observer %+v, want %+v", rec.Observer, want)
	}
}
