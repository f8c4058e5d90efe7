package ingest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestOrderOfMessagesDoesNotChangeRecords is why it does not matter over which
// of several connections a message comes first. Raw frames aside, a record
// depends on its message alone.
func TestOrderOfMessagesDoesNotChangeRecords(t *testing.T) {
	t.Parallel()
	for profile, cases := range goldenCases(t) {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			messages := goldenMessages(cases)
			want := recordsOf(t, profile, messages)
			if len(want) == 0 {
				t.Fatal("no records")
			}
			for seed := range uint64(8) {
				shuffle(messages, seed)
				if got := recordsOf(t, profile, messages); !maps.Equal(got, want) {
					t.Errorf("seed %d: other records", seed)
				}
			}
		})
	}
}

// goldenMessages are the messages of all cases, one a second, and some dialects.
func goldenMessages(cases []golden) []Message {
	var all []Message
	for _, c := range cases {
		for _, before := range c.Setup {
			all = append(all, Message{Topic: before.Topic, Payload: before.Payload})
		}
		all = append(all, Message{Topic: c.Topic, Payload: c.Payload})
	}
	flat := packet(textHex, `"origin_id":"`+alpha+`"`)
	flat.Topic = "meshcore/packets"
	all = append(all, flat, heard(relayedHex), packet(textHex, `"len":9`), packet(textHex, `"direction":"tx"`))
	all = slices.DeleteFunc(all, func(m Message) bool { return m.Topic == "meshcore/SEA/"+alpha+"/raw" })
	for i := range all {
		all[i].Received = noon.Add(time.Duration(i) * time.Second)
	}
	return all
}

func shuffle(messages []Message, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	r.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
}

// recordsOf counts each record, and each reason for none, that messages make.
func recordsOf(t *testing.T, profile string, messages []Message) map[string]int {
	t.Helper()
	hub := newGoldenHub(t, profile)
	all := make(map[string]int)
	for _, m := range messages {
		hub.rec.records = nil
		verdict := deliver(t, hub.in, m)
		all[string(verdict.Reason)]++
		for _, r := range hub.rec.records {
			all[show(r)]++
		}
	}
	return all
}

// TestRawFramesAndPacketsAreTheSameObservationsInAnyOrder holds for an observer
// that sends each reception twice, and for one that sends raw frames only.
func TestRawFramesAndPacketsAreTheSameObservationsInAnyOrder(t *testing.T) {
	t.Parallel()
	var messages []Message
	want := make(map[string]bool)
	for i := range 20 {
		frame := fmt.Sprintf("0901A5A1B2C3D4%02X", i)
		messages = append(messages, packet(frame, `"direction":"rx"`), rawFrame(frame))
		only := rawFrame(fmt.Sprintf("0901A5A1B2C3D5%02X", i))
		only.Topic = "meshcore/SEA/RAWONLY/raw"
		messages = append(messages, only)
	}
	for seed := range uint64(8) {
		shuffle(messages, seed)
		rec := new(recorder)
		in := New(rec, nil, DefaultOptions())
		for _, m := range messages {
			deliver(t, in, m)
		}
		got := make(map[string]bool)
		for _, r := range rec.records {
			got[fmt.Sprint(r.Transmission.Hash, r.Observer.ID, text(r.Observation.Direction), pathJSONOf(r.Observation))] = true
		}
		if len(want) == 0 {
			want = got
		}
		if len(got) != 40 || !maps.Equal(got, want) {
			t.Errorf("seed %d: %d observations, want 40 and the same each time", seed, len(got))
		}
	}
}
