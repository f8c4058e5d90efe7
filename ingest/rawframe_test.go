package ingest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func rawFrame(frame string) Message {
	return Message{Topic: "meshcore/SEA/" + alpha + "/raw", Payload: []byte(`{"type":"RAW","origin":"Hill","data":"` + frame + `"}`)}
}

func TestRawFrameOfAnObserverWithoutPackets(t *testing.T) {
	t.Parallel()
	want, _ := ingestOne(t, DefaultOptions(), packet(textHex, `"origin":"Hill"`, `"direction":"rx"`))
	got, verdict := ingestOne(t, DefaultOptions(), rawFrame(textHex))
	if verdict.Outcome != Stored || show(got) != show(want) {
		t.Errorf("verdict %+v, record\n got %s\nwant %s", verdict, show(got), show(want))
	}
}

func TestRawFramesCountOnlyWithoutPackets(t *testing.T) {
	t.Parallel()
	other := strings.Replace(alpha, "A1", "B2", 1)
	elsewhere := func(m Message) Message { m.Topic = strings.Replace(m.Topic, alpha, other, 1); return m }
	lowerCase := func(m Message) Message { m.Topic = strings.ToLower(m.Topic); return m }
	replayed := func(m Message) Message { m.Replayed = true; return m }
	at := func(after time.Duration, m Message) Message { m.Received = noon.Add(after); return m }
	tests := []struct {
		name string
		sent []Message // the last is a raw frame
		want Reason
	}{
		{"nothing before", []Message{rawFrame(textHex)}, ""},
		{"a raw frame before", []Message{rawFrame(textHex), rawFrame(textHex)}, ""},
		{"a packet before", []Message{packet(textHex), rawFrame(textHex)}, ReasonRawTwice},
		{"a refused packet before", []Message{packet("4900"), rawFrame(textHex)}, ReasonRawTwice},
		{"a replayed packet before", []Message{replayed(packet(textHex)), rawFrame(textHex)}, ""},
		{"a packet of the same key in lower case", []Message{lowerCase(packet(textHex)), rawFrame(textHex)}, ReasonRawTwice},
		{"a packet of another observer", []Message{elsewhere(packet(textHex)), rawFrame(textHex)}, ""},
		{"a status before", []Message{status(`{}`), rawFrame(textHex)}, ""},
		{"a packet lately", []Message{packet(textHex), at(senderMemory-1, rawFrame(textHex))}, ReasonRawTwice},
		{"a packet long ago", []Message{packet(textHex), at(2*senderMemory, rawFrame(textHex))}, ""},
		{"a packet now and then", []Message{
			packet(textHex), at(senderMemory-1, packet(textHex)), at(2*senderMemory-2, packet(textHex)), at(3*senderMemory-3, rawFrame(textHex)),
		}, ReasonRawTwice},
		{"one packet among those of others", []Message{
			elsewhere(packet(textHex)), at(senderMemory-1, packet(textHex)),
			at(senderMemory, elsewhere(packet(textHex))), at(2*senderMemory-2, rawFrame(textHex)),
		}, ReasonRawTwice},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := New(new(recorder), nil, DefaultOptions())
			var got Verdict
			for _, m := range tt.sent {
				got = deliver(t, in, m)
			}
			if got.Reason != tt.want {
				t.Errorf("verdict %+v, want %q", got, tt.want)
			}
		})
	}
}

func TestPacketSendersAreBounded(t *testing.T) {
	t.Parallel()
	var s packetSenders
	for i := range 5 * maxSenders {
		s.note(fmt.Sprint(i), noon)
		if len(s.young)+len(s.old) > 2*maxSenders {
			t.Fatalf("%d and %d observers are remembered", len(s.young), len(s.old))
		}
	}
	if last := fmt.Sprint(5*maxSenders - 1); !s.has(last, noon) {
		t.Error("the last is forgotten")
	}
	if s.has("0", noon) {
		t.Error("the first is not forgotten")
	}
}
