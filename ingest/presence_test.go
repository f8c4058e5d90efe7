package ingest

import (
	"strings"
	"testing"
	"time"

	"corescope-hub/store"
)

func TestWithStatusChangesOneWord(t *testing.T) {
	t.Parallel()
	const online = ` {"status":"online","origin":"Hill \u003c📡","n":1.50,"stats":{"a":[1]},"sub":{"status":"x"}} `
	for status, want := range map[string]string{
		StatusOffline: `{"status":"offline","origin":"Hill \u003c📡","n":1.50,"sub":{"status":"x"}}`,
		StatusOnline:  `{"status":"online","origin":"Hill \u003c📡","n":1.50,"stats":{"a":[1]},"sub":{"status":"x"}}`,
	} {
		if got, ok := WithStatus([]byte(online), status); !ok || string(got) != want {
			t.Errorf("%s: got %s (%v)\nwant %s", status, got, ok, want)
		}
	}
	for _, payload := range []string{``, `online`, `{}`, `{"status"`, `{"status":"online"`, `["status"]`, `{"origin":"x"}`} {
		if got, ok := WithStatus([]byte(payload), StatusOffline); ok {
			t.Errorf("%s: got %s", payload, got)
		}
	}
}

func TestLastStatusSaysWhatTheRowHolds(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("A", 64)
	row := store.ObserverStatus{ID: key, Name: `Hill "1"`, IATA: "ZRH", Model: "Heltec V3", LastSeen: time.Date(2026, 11, 24, 20, 0, 0, 0, time.UTC)}
	topic, payload, ok := LastStatus(row)
	want := `{"status":"offline","timestamp":"2026-11-24T20:00:00Z","origin":"Hill \"1\"","origin_id":"` + key + `","model":"Heltec V3"}`
	if !ok || topic != "meshcore/ZRH/"+key+"/status" || string(payload) != want {
		t.Errorf("got %s %s", topic, payload)
	}
	if !SaysOffline(payload) {
		t.Error("it does not say offline")
	}
	for _, bad := range []store.ObserverStatus{{ID: "a/b", IATA: "ZRH"}, {ID: "+", IATA: "ZRH"}, {ID: "", IATA: "ZRH"}, {ID: key, IATA: "#"}, {ID: key, IATA: "client"}} {
		if topic, _, ok := LastStatus(bad); ok {
			t.Errorf("%+v: got %s", bad, topic)
		}
	}
}
