package ingest

import "strings"

// Speaker is whose message one is, by its topic or, on a flat topic, by its
// payload: what it says, not what is proved.
type Speaker struct {
	ID     string // of the observer or roaming client, in upper case; "" when none is named
	Region string // upper case; "" when the topic has none
	Status bool   // it tells of the observer itself
}

// SpeakerOf reads no more than it must: of most messages the topic.
func SpeakerOf(name string, payload []byte) Speaker {
	t, reason := parseTopic(name)
	if reason != "" {
		return Speaker{}
	}
	if t.form == formFlat {
		var env envelope
		if !env.parse(payload) { // as record reads it: of two origin_ids the same one counts
			return Speaker{}
		}
		t, _ = t.of(env.originID.text())
	}
	return Speaker{ID: strings.ToUpper(t.observer), Region: t.region, Status: t.leaf == leafStatus}
}
