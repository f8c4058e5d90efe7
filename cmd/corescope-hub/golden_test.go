package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// row is one row of a table by column: nil, a float64 or a string each.
type row = map[string]any

// goldenCase is one message and what CoreScope's ingestor made of it.
type goldenCase struct {
	Name, Note, Profile, Deviation string
	Setup                          []goldenMessage
	goldenMessage
	Stored       bool // a new observation appeared
	Transmission row  // its transmission
	Observation  row
	Nodes        []row            // those that changed
	OtherTables  map[string][]row `json:"other_tables"` // rows that changed or appeared
}

type goldenMessage struct {
	Topic   string
	Payload json.RawMessage
}

// goldenDir holds the cases: ingest has them, since it is held to them, too.
const goldenDir = "../../ingest/testdata"

// notCompared are the columns that tell when and in which order things happened.
// Rows of observers are compared by the observer's id instead.
var notCompared = map[string]bool{
	"id": true, "first_seen": true, "last_seen": true, "created_at": true, "timestamp": true, "last_packet_at": true,
	"packet_count": true, "clock_skew_seconds": true, "clock_skew_count_24h": true, "clock_last_naive_at": true,
	"dropped_at": true, "ingested_at": true, "transmission_id": true, "observer_idx": true, "_rowid": true,
}

// goldenTables are the tables whose rows change in place, and their keys.
var goldenTables = map[string]string{"nodes": "public_key", "observers": "id", "observer_metrics": "observer_id"}

func TestGoldenCases(t *testing.T) {
	t.Parallel()
	cases := readGolden(t)
	for _, profile := range []string{"default", "nosig", "filters", "geoflag", "clientrx", "resolved"} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			replay(t, profile, slices.DeleteFunc(slices.Clone(cases), func(c goldenCase) bool { return c.Profile != profile }))
		})
	}
}

func readGolden(t *testing.T) []goldenCase {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(goldenDir, "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []goldenCase
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// profileConfig is a profile for a hub that is itself the broker: what the
// profile's source filters, the hub filters. One bucket of observer_metrics
// lasts longer than the test.
func profileConfig(t *testing.T, profile string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(goldenDir, "profiles", profile+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	source := config["mqttSources"].([]any)[0].(map[string]any)
	delete(config, "mqttSources")
	config["metrics"] = map[string]any{"sampleIntervalSec": 10 * 365 * 86400}
	if filter, ok := source["iataFilter"]; ok {
		config["hub"] = map[string]any{"broker": map[string]any{"iataFilter": filter}}
	}
	out, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// replay sends the cases of one profile in order to one hub, and compares the
// rows after each.
func replay(t *testing.T, profile string, cases []goldenCase) {
	h := startHub(t, profileConfig(t, profile))
	g := &golden{db: h.open(), client: h.client("golden"), observers: map[float64]string{}}
	for _, c := range cases { // a case may speak of a row that only a later one shows
		for _, o := range c.OtherTables["observers"] {
			g.observers[o["_rowid"].(float64)] = o["id"].(string)
		}
	}
	before := g.state(t)
	for _, c := range cases {
		for _, m := range c.Setup {
			done(t, g.client.Publish(m.Topic, 1, false, []byte(m.Payload)))
			before = g.state(t)
		}
		done(t, g.client.Publish(c.Topic, 1, false, []byte(c.Payload)))
		after := g.state(t)
		t.Run(c.Name, func(t *testing.T) { g.compare(t, deviate(t, c, before), before, after) })
		before = after
	}
}

// golden is one hub that is compared with the records.
type golden struct {
	db        *sql.DB
	client    mqtt.Client
	observers map[float64]string // CoreScope's rowid to the observer's id
}

// state is what is in the database at one time.
type state struct {
	tables       map[string]map[string]row // table, key, row
	observation  row                       // the newest
	transmission row                       // of that observation
	observer     any                       // id of its observer, or nil
	drops        []row
	observations int
}

func (g *golden) state(t *testing.T) state {
	t.Helper()
	s := state{tables: map[string]map[string]row{}, observations: count(t, g.db, `SELECT count(*) FROM observations`)}
	for table, key := range goldenTables {
		s.tables[table] = map[string]row{}
		for _, r := range rows(t, g.db, `SELECT * FROM `+table) {
			s.tables[table][r[key].(string)] = r
		}
	}
	if newest := rows(t, g.db, `SELECT * FROM observations ORDER BY id DESC LIMIT 1`); len(newest) > 0 {
		s.observation = newest[0]
		s.transmission = rows(t, g.db, `SELECT * FROM transmissions WHERE id = ?`, s.observation["transmission_id"])[0]
		for _, o := range rows(t, g.db, `SELECT id FROM observers WHERE rowid = ?`, s.observation["observer_idx"]) {
			s.observer = o["id"]
		}
	}
	s.drops = rows(t, g.db, `SELECT * FROM dropped_packets ORDER BY id`)
	return s
}

// rows reads whole rows.
func rows(t *testing.T, db *sql.DB, query string, args ...any) []row {
	t.Helper()
	result, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer result.Close()
	columns, err := result.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all []row
	for result.Next() {
		values := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := result.Scan(into...); err != nil {
			t.Fatal(err)
		}
		r := row{}
		for i, c := range columns {
			switch v := values[i].(type) {
			case int64:
				r[c] = float64(v)
			case []byte:
				r[c] = string(v)
			default:
				r[c] = v
			}
		}
		all = append(all, r)
	}
	if err := result.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// compare holds the database to one case.
func (g *golden) compare(t *testing.T, c expectation, before, after state) {
	if got := after.observations - before.observations; got != map[bool]int{true: 1}[c.Stored] {
		t.Fatalf("%d new observations, want stored %v", got, c.Stored)
	}
	if c.Transmission != nil {
		compareRow(t, "transmission", after.transmission, c.Transmission, c.companion())
		compareRow(t, "observation", after.observation, c.Observation, false)
		if want := c.observer(g.observers); after.observer != want {
			t.Errorf("observation of %v, want %v", after.observer, want)
		}
	}
	changed := map[string][]row{"nodes": c.Nodes, "observers": c.OtherTables["observers"], "observer_metrics": c.OtherTables["observer_metrics"]}
	for table, key := range goldenTables {
		listed := map[string]bool{}
		for _, want := range changed[table] {
			id := want[key].(string)
			listed[id] = true
			if got := after.tables[table][id]; got == nil {
				t.Errorf("%s: no row %s", table, id)
			} else {
				compareRow(t, table, got, want, false)
			}
		}
		for id, got := range after.tables[table] {
			if !listed[id] && !sameRow(got, before.tables[table][id]) {
				t.Errorf("%s: row %s changed:\nfrom %v\nto   %v", table, id, before.tables[table][id], got)
			}
		}
	}
	c.checkDrops(t, after.drops[len(before.drops):])
	if c.check != nil {
		c.check(t, before, after)
	}
}

// compareRow compares the columns that both the record and time allow.
func compareRow(t *testing.T, table string, got, want row, anyHash bool) {
	t.Helper()
	for _, column := range slices.Sorted(maps.Keys(want)) {
		if notCompared[column] || anyHash && column == "hash" || column == "resolved_path" && want[column] == nil && got[column] != nil {
			// CoreScope's index of nodes is up to a minute old; the hub knows a
			// node from its first advert on, and resolves paths that CoreScope could not.
			continue
		}
		if value, ok := got[column]; !ok || value != want[column] {
			t.Errorf("%s.%s:\ngot  %s\nwant %s", table, column, show(value), show(want[column]))
		}
	}
}

func sameRow(a, b row) bool {
	keep := func(r row) row {
		r = maps.Clone(r)
		maps.DeleteFunc(r, func(column string, _ any) bool { return notCompared[column] })
		return r
	}
	return a != nil && b != nil && maps.Equal(keep(a), keep(b))
}

func show(v any) string {
	if s, ok := v.(string); ok {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprint(v)
}

// companion says whether the message came over a companion bridge, whose hashes
// hold the time.
func (c goldenCase) companion() bool { return strings.HasPrefix(c.Topic, "meshcore/message/") }
