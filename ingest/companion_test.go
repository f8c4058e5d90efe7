package ingest

import (
	"testing"
	"time"

	"corescope-hub/store"
)

func companion(t *testing.T, topic, payload string, at time.Time) *store.Record {
	t.Helper()
	rec, verdict := ingestOne(t, DefaultOptions(), Message{Topic: topic, Payload: []byte(payload), Received: at})
	if verdict.Outcome != Stored || rec.Transmission == nil {
		t.Fatalf("%s %s: %+v", topic, payload, verdict)
	}
	return rec
}

func TestCompanionMessage(t *testing.T) {
	t.Parallel()
	const channel, direct = "meshcore/message/channel/3", "meshcore/message/direct/abcd"
	tests := []struct{ name, topic, payload, want, channelHash string }{
		{"channel", channel, `{"text":"Bob: hi","sender_timestamp":1795500000}`,
			`{"channel":"ch3","sender":"Bob","sender_timestamp":1795500000,"text":"Bob: hi","type":"CHAN"}`, "ch3"},
		{"the payload's index goes first", channel, `{"text":"hi","channel_idx":7}`, `{"channel":"ch7","sender":"","text":"hi","type":"CHAN"}`, "ch7"},
		{"an index as text", channel, `{"text":"hi","channel_idx":"12"}`, `{"channel":"ch12","sender":"","text":"hi","type":"CHAN"}`, "ch12"},
		{"a large index", channel, `{"text":"hi","channel_idx":1000000}`, `{"channel":"ch1e+06","sender":"","text":"hi","type":"CHAN"}`, "ch1e+06"},
		{"an index that is none", channel, `{"text":"hi","channel_idx":null}`, `{"channel":"ch3","sender":"","text":"hi","type":"CHAN"}`, "ch3"},
		{"direct", direct, `{"text":"Ann: psst","sender_timestamp":"later"}`, `{"sender":"Ann","sender_timestamp":"later","text":"Ann: psst","type":"DM"}`, ""},
		{"text for a browser", direct, `{"text":"<b>\u2028"}`, `{"sender":"","text":"\u003cb\u003e\u2028","type":"DM"}`, ""},
		{"no sender at the start", direct, `{"text":": x"}`, `{"sender":"","text":": x","type":"DM"}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := companion(t, tt.topic, tt.payload, noon)
			tx := rec.Transmission
			if tx.DecodedJSON != tt.want || tx.ChannelHash != tt.channelHash {
				t.Errorf("channel %q, decoded_json\n got %s\nwant %s", tx.ChannelHash, tx.DecodedJSON, tt.want)
			}
			if rec.Observer != (store.Observer{}) || len(tx.Raw) != 0 || len(rec.Observation.Raw) != 0 || len(tx.Hash) != 16 || tx.RouteType != 1 {
				t.Errorf("record %+v, transmission %+v", rec, tx)
			}
		})
	}
}

func TestCompanionMessageSentAgainIsKnown(t *testing.T) {
	t.Parallel()
	const channel = "meshcore/message/channel/3"
	later := noon.Add(time.Hour)
	hash := func(payload string, at time.Time) string { return companion(t, channel, payload, at).Transmission.Hash }
	const stamped, other, bare = `{"text":"hi","sender_timestamp":1}`, `{"text":"hi","sender_timestamp":2}`, `{"text":"hi"}`
	if hash(stamped, noon) != hash(stamped, later) {
		t.Error("a message with the sender's time changed its identity on the way")
	}
	if hash(stamped, noon) == hash(other, noon) {
		t.Error("two messages with the same text are one")
	}
	if hash(bare, noon) == hash(bare, later) {
		t.Error("without the sender's time, the same words an hour later are one message")
	}
}
