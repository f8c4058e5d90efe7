package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"corescope-hub/decoder"
)

// expectation is what the hub has to make of a case: what CoreScope made of it,
// less what the hub does better on purpose.
type expectation struct {
	goldenCase
	hears string // id of the observer, where CoreScope stored none
	drops []row  // columns of each dropped packet; nil: as recorded
	check func(t *testing.T, before, after state)
}

// deviate turns a record into what the hub does. CoreScope's own result is a
// fault in a case that names a deviation; what such a fault leaves behind shows
// in later cases too, so those that leave something are undone in every case.
func deviate(t *testing.T, c goldenCase, before state) expectation {
	t.Helper()
	e := expectation{goldenCase: c}
	e.keepNames(before)    // BLANK: a missing name never overwrites one
	e.mergeMetrics(before) // METRICS: fields of one bucket are merged; a row of NULLs is none
	e.upperHex()           // HEX: hex is stored in one form
	switch c.Deviation {
	case "", "BLANK", "METRICS":
	case "V": // the firmware refuses frames of another payload version
		e.refuse()
		raw := e.payload(t)["raw"].(string)
		e.drops = []row{{"reason": fmt.Sprintf("unsupported version %d", firstByte(t, raw)>>6), "raw_hex": raw, "observer_id": e.topicPart(2)}}
	case "OBSIDX": // the observer's row is there before its observation
		e.hears = e.topicPart(2)
		if len(c.Setup) > 0 { // and so the repeat is known to be one
			e.refuse()
		}
	case "SCORE": // the column holds integers
		e.Observation = with(e.Observation, "score", any(math.Round(e.Observation["score"].(float64))))
	case "APPDATA": // half-read appdata is an error and teaches nothing
		e.Transmission = maps.Clone(e.Transmission)
		delete(e.Transmission, "decoded_json")
		e.Nodes = nil
		e.check = checkAppdataError
	case "HEX": // a frame is hashed as the bytes it spells
		e.hashFrame(t)
	case "PRESENCE": // a last will is no sign of life
		e.check = checkNotHeard(e.topicPart(2))
	case "FILTER": // regions have no case; the companion bridge has no region
		e.Stored, e.Transmission = true, nil
		if !e.companion() {
			e.OtherTables = with(e.OtherTables, "observers", []row{{"id": e.topicPart(2), "iata": strings.ToUpper(e.topicPart(1))}})
		}
	default:
		t.Fatalf("%s: nobody says what the hub does instead of deviation %s", c.Name, c.Deviation)
	}
	return e
}

// refuse expects no new row of a packet.
func (e *expectation) refuse() {
	e.Stored, e.Transmission, e.Observation, e.Nodes = false, nil, nil, nil
}

// observer is the id of the observer that the observation belongs to, or nil.
func (e *expectation) observer(byRow map[float64]string) any {
	if e.hears != "" {
		return e.hears
	}
	if idx, ok := e.Observation["observer_idx"].(float64); ok {
		return byRow[idx]
	}
	return nil
}

// topicPart is one level of the topic: 1 is the region, 2 the observer.
func (e *expectation) topicPart(i int) string { return strings.Split(e.Topic, "/")[i] }

func (e *expectation) payload(t *testing.T) map[string]any {
	t.Helper()
	var p map[string]any
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// checkDrops compares new rows of dropped_packets. Where CoreScope refuses a
// packet without a trace, the hub may leave one.
func (e *expectation) checkDrops(t *testing.T, got []row) {
	t.Helper()
	want := e.drops
	if want == nil {
		want = e.OtherTables["dropped_packets"]
	}
	if len(want) == 0 && !e.Stored && len(got) <= 1 {
		return
	}
	if len(got) != len(want) {
		t.Errorf("%d dropped packets, want %d: %v", len(got), len(want), got)
		return
	}
	for i := range want {
		compareRow(t, "dropped_packets", got[i], want[i], false)
	}
}

// upperHex takes blanks out of recorded frames and writes them in upper case.
func (e *expectation) upperHex() {
	for _, r := range []*row{&e.Transmission, &e.Observation} {
		if raw, ok := (*r)["raw_hex"].(string); ok {
			*r = with(*r, "raw_hex", any(strings.ToUpper(strings.ReplaceAll(raw, " ", ""))))
		}
	}
}

// hashFrame computes what follows from the bytes of a frame.
func (e *expectation) hashFrame(t *testing.T) {
	t.Helper()
	frame, err := hex.DecodeString(e.Observation["raw_hex"].(string))
	if err != nil {
		t.Fatal(err)
	}
	packet, err := decoder.Decode(frame)
	if err != nil {
		t.Fatal(err)
	}
	hash := packet.Hash()
	var hops []string
	for i := range packet.Path.HopCount() {
		hops = append(hops, fmt.Sprintf(`"%X"`, packet.Path.Hop(i)))
	}
	e.Transmission = with(e.Transmission, "hash", any(hex.EncodeToString(hash[:])))
	e.Observation = with(e.Observation, "path_json", any("["+strings.Join(hops, ",")+"]"))
}

func firstByte(t *testing.T, raw string) byte {
	t.Helper()
	b, err := hex.DecodeString(raw[:2])
	if err != nil {
		t.Fatal(err)
	}
	return b[0]
}

// with is a copy of m with one entry replaced.
func with[V any](m map[string]V, key string, value V) map[string]V {
	m = maps.Clone(m)
	if m == nil {
		m = map[string]V{}
	}
	m[key] = value
	return m
}

// keepNames puts the names that are stored already in the place of empty ones.
func (e *expectation) keepNames(before state) {
	keep := func(want []row, table string) []row {
		out := slices.Clone(want)
		for i, r := range out {
			if old := before.tables[table][r[goldenTables[table]].(string)]; r["name"] == "" && old != nil {
				out[i] = with(r, "name", old["name"])
			}
		}
		return out
	}
	e.Nodes = keep(e.Nodes, "nodes")
	e.OtherTables = with(e.OtherTables, "observers", keep(e.OtherTables["observers"], "observers"))
}

// mergeMetrics lays what a status carried over what the bucket holds already.
func (e *expectation) mergeMetrics(before state) {
	var out []row
	for _, r := range e.OtherTables["observer_metrics"] {
		merged, empty := maps.Clone(r), true
		for column, v := range r {
			if column == "observer_id" || column == "timestamp" {
				continue
			}
			if v == nil {
				merged[column] = before.tables["observer_metrics"][r["observer_id"].(string)][column]
			}
			empty = empty && v == nil
		}
		if !empty {
			out = append(out, merged)
		}
	}
	e.OtherTables = with(e.OtherTables, "observer_metrics", out)
}

func checkAppdataError(t *testing.T, _, after state) {
	t.Helper()
	var said map[string]any
	if err := json.Unmarshal([]byte(after.transmission["decoded_json"].(string)), &said); err != nil {
		t.Fatal(err)
	}
	if said["error"] == nil || said["type"] != "ADVERT" || said["lat"] != nil || said["name"] != nil {
		t.Errorf("decoded_json is %v", said)
	}
}

func checkNotHeard(id string) func(*testing.T, state, state) {
	return func(t *testing.T, before, after state) {
		t.Helper()
		for _, column := range []string{"last_seen", "packet_count"} {
			if was, is := before.tables["observers"][id][column], after.tables["observers"][id][column]; was != is {
				t.Errorf("observers.%s went from %v to %v", column, was, is)
			}
		}
	}
}
