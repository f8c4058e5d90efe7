package ingest

import (
	"strings"
	"testing"
)

// TestVerdictByTopicAndPayload is the order of the questions: which message is
// stored, and for which reason another is not.
func TestVerdictByTopicAndPayload(t *testing.T) {
	t.Parallel()
	const good = `{"raw":"` + textHex + `"}`
	obs := "meshcore/SEA/" + alpha
	tests := []struct {
		name, topic, payload string
		outcome              Outcome
		reason               Reason
	}{
		{"packets", obs + "/packets", good, Stored, ""},
		{"any leaf with raw", obs + "/debug", good, Stored, ""},
		{"no leaf", obs, good, Stored, ""},
		{"status", obs + "/status", `{}`, Stored, ""},
		{"status goes before raw", obs + "/status", good, Stored, ""},
		{"packets that are not JSON", obs + "/packets", `RX: 0900`, Worthless, ReasonBadJSON},
		{"status that is not JSON", obs + "/status", `offline`, Worthless, ReasonBadJSON},
		{"raw that is not JSON", obs + "/raw", textHex, Worthless, ReasonBadJSON},
		{"an array", obs + "/packets", `[1,2,3]`, Worthless, ReasonBadJSON},
		{"no raw", obs + "/packets", `{"origin":"x"}`, Worthless, ReasonNoRaw},
		{"raw null", obs + "/packets", `{"raw":null}`, Worthless, ReasonNoRaw},
		{"raw empty", obs + "/packets", `{"raw":""}`, Worthless, ReasonNoRaw},
		{"raw as a number", obs + "/packets", `{"raw":900}`, Worthless, ReasonNoRaw},
		{"a raw frame", obs + "/raw", `{"type":"RAW","data":"` + textHex + `"}`, Stored, ""},
		{"a raw frame that is not hex", obs + "/raw", `{"type":"RAW","data":"zz"}`, Worthless, ReasonBadHex},
		{"a raw frame elsewhere", obs + "/debug", `{"type":"RAW","data":"` + textHex + `"}`, Passed, ReasonNotForUs},
		{"data among packets", obs + "/packets", `{"type":"RAW","data":"` + textHex + `"}`, Worthless, ReasonNoRaw},
		{"a raw topic without a frame", obs + "/raw", `{"type":"RAW"}`, Passed, ReasonNotForUs},
		{"Home Assistant's events", obs + "/packets", `{"source":"meshcore-ha","event_type":"RX_LOG_DATA","payload":{"raw":"` + textHex + `"}}`, Worthless, ReasonNoRaw},
		{"sent, the bytes of another packet", obs + "/packets", `{"direction":"tx","len":"25","raw":"` + textHex + `"}`, Worthless, ReasonBadLength},
		{"received, the bytes of another packet", obs + "/packets", `{"direction":"rx","len":25,"raw":"` + textHex + `"}`, Stored, ""},
		{"neighbors", obs + "/neighbors", `{"neighbors":[]}`, Passed, ReasonNotForUs},
		{"a token, not JSON", obs + "/serial/commands", `eyJ.eyJ.00`, Passed, ReasonNotForUs},
		{"a retained message deleted", obs + "/status", ``, Passed, ReasonNotForUs},
		{"hex of an odd length", obs + "/packets", `{"raw":"0900A"}`, Worthless, ReasonBadHex},
		{"not hex", obs + "/packets", `{"raw":"09zz"}`, Worthless, ReasonBadHex},
		{"blanks only", obs + "/packets", `{"raw":"  "}`, Worthless, ReasonBadFrame},
		{"one byte", obs + "/packets", `{"raw":"09"}`, Worthless, ReasonBadFrame},
		{"a longer path than the frame", obs + "/packets", `{"raw":"0905AA"}`, Worthless, ReasonBadFrame},
		{"version 2", obs + "/packets", `{"raw":"8900"}`, Worthless, ReasonBadVersion},
		{"flat packets of nobody", "meshcore/packets", good, Passed, ReasonBadTopic},
		{"flat packets of a name", "meshcore/packets", `{"origin_id":"DEVICE","raw":"` + textHex + `"}`, Passed, ReasonBadTopic},
		{"flat packets of a key", "meshcore/packets", `{"origin_id":"` + alpha + `","raw":"` + textHex + `"}`, Stored, ""},
		{"flat packets without raw", "meshcore/packets", `{"origin_id":"` + alpha + `"}`, Worthless, ReasonNoRaw},
		{"flat packets that are not JSON", "meshcore/packets", `RX`, Worthless, ReasonBadJSON},
		{"flat status of nobody", "meshcore/status", `{}`, Passed, ReasonBadTopic},
		{"flat status of a key", "meshcore/status", `{"origin_id":"` + alpha + `"}`, Stored, ""},
		{"a flat status deleted", "meshcore/status", ``, Passed, ReasonNotForUs},
		{"meshcore-bot's packets", "meshcore/packets/packet", `{"origin_id":"` + alpha + `","raw":"` + textHex + `"}`, Stored, ""},
		{"a flat packet of another name", "meshcore/SEA", good, Passed, ReasonBadTopic},
		{"flat, without a packet", "meshcore/advertisement", `{"name":"X"}`, Passed, ReasonNotForUs},
		{"a node's name for a key", "meshcore/repeater/Hill/packet", good, Passed, ReasonBadTopic},
		{"a node's name, no packet", "meshcore/repeater/Hill/noise_floor", `{"noise_floor":-110}`, Passed, ReasonBadTopic},
		{"an empty id", "meshcore/SEA//packets", good, Passed, ReasonBadTopic},
		{"an id too long", "meshcore/SEA/" + strings.Repeat("A", 65) + "/packets", good, Worthless, ReasonTooLong},
		{"connection events", "meshcore/events/connection", good, Passed, ReasonNotForUs},
		{"a phone", "meshcore/client/" + alpha + "/packets", good, Passed, ReasonClientTopic},
		{"a phone's status", "meshcore/client/" + alpha + "/status", `{}`, Passed, ReasonClientTopic},
		{"another tree", "home/SEA/x/packets", good, Passed, ReasonNotForUs},
		{"companion channel", "meshcore/message/channel/0", `{"text":"hi"}`, Stored, ""},
		{"companion without text", "meshcore/message/channel/0", `{"foo":1}`, Passed, ReasonNotForUs},
		{"companion, not JSON", "meshcore/message/direct/ab", `hi`, Passed, ReasonNotForUs},
		{"companion text too long", "meshcore/message/direct/ab", `{"text":"` + strings.Repeat("x", 1025) + `"}`, Worthless, ReasonTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Message{Source: "local", Topic: tt.topic, Payload: []byte(tt.payload)}
			rec, got := ingestOne(t, DefaultOptions(), m)
			if got.Outcome != tt.outcome || got.Reason != tt.reason || got.Err != nil {
				t.Errorf("verdict %+v, want %d %q", got, tt.outcome, tt.reason)
			}
			if stored := rec != nil && rec.Drop == nil; stored != (tt.outcome == Stored) {
				t.Errorf("record %+v with verdict %+v", rec, got)
			}
		})
	}
}

func TestObserverOfPacket(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name           string
		topic, members string
		region         string // of the source
		id, who, iata  string
	}{
		{"lower case", "meshcore/sea/" + strings.ToLower(alpha) + "/packets", `,"origin":"Hill"`, "", alpha, "Hill", "SEA"},
		{"a name for an id", "meshcore/SEA/NewObs10/packets", ``, "", "NewObs10", "", "SEA"},
		{"the payload's region goes first", "meshcore/SEA/X/packets", `,"region":" yyz "`, "PDX", "X", "", "YYZ"},
		{"an empty one does not", "meshcore/SEA/X/packets", `,"region":""`, "PDX", "X", "", "SEA"},
		{"nor one that cannot be", "meshcore/SEA/X/packets", `,"region":"\u001b[2J"`, "PDX", "X", "", "SEA"},
		{"nor one too long", "meshcore/SEA/X/packets", `,"region":"` + strings.Repeat("S", 33) + `"`, "", "X", "", "SEA"},
		{"the source's region is the last resort", "meshcore//X/packets", ``, "pdx", "X", "", "PDX"},
		{"no region at all", "meshcore//X/packets", ``, "", "X", "", ""},
		{"an emoji in escapes", "meshcore/SEA/X/packets", `,"origin":"Hill \ud83d\udce1"`, "", "X", "Hill 📡", "SEA"},
		{"control characters", "meshcore/SEA/X/packets", `,"origin":"a\u001b[31mb\n\u007f\u0085c"`, "", "X", "a[31mbc", "SEA"},
		{"a name too long", "meshcore/SEA/X/packets", `,"origin":"` + strings.Repeat("é", 100) + `"`, "", "X", strings.Repeat("é", 64), "SEA"},
		{"no text for a name", "meshcore/SEA/X/packets", `,"origin":7`, "", "X", "", "SEA"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Message{Topic: tt.topic, Region: tt.region, Payload: []byte(`{"raw":"` + textHex + `"` + tt.members + `}`)}
			rec, _ := ingestOne(t, DefaultOptions(), m)
			if rec == nil {
				t.Fatal("not stored")
			}
			if got := rec.Observer; got.ID != tt.id || got.Name != tt.who || got.IATA != tt.iata {
				t.Errorf("observer %+v, want %q %q %q", got, tt.id, tt.who, tt.iata)
			}
		})
	}
}

func TestObserverOfFlatTopic(t *testing.T) {
	t.Parallel()
	const other = "BBBB0000000000000000000000000000000000000000000000000000000000B2"
	tests := []struct {
		name, topic, originID, region string
		want                          string // id
		iata                          string
	}{
		{"no region", "meshcore/packets", alpha, "", alpha, ""},
		{"the source's region", "meshcore/packets", strings.ToLower(alpha), "pdx", alpha, "PDX"},
		{"a topic with a key goes before the payload", "meshcore/SEA/" + alpha + "/packets", other, "", alpha, "SEA"},
		{"so does one with a name", "meshcore/SEA/X/packets", other, "", "X", "SEA"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := packet(textHex, `"origin_id":"`+tt.originID+`"`)
			m.Topic, m.Region = tt.topic, tt.region
			rec, verdict := ingestOne(t, DefaultOptions(), m)
			if verdict.Outcome != Stored || rec.Observer.ID != tt.want || rec.Observer.IATA != tt.iata || !rec.Observer.Heard {
				t.Errorf("verdict %+v, observer %+v", verdict, rec.Observer)
			}
		})
	}
}

func TestFlatTopicDoesNotEvadeThePolicy(t *testing.T) {
	t.Parallel()
	opts := Options{ObserverBlacklist: []string{alpha}, IATAWhitelist: []string{"SEA"}}
	const other = "BBBB0000000000000000000000000000000000000000000000000000000000B2"
	tests := []struct {
		name, originID, region string
		want                   Reason
	}{
		{"blacklisted", strings.ToLower(alpha), "SEA", ReasonBlacklisted},
		{"another region", other, "PDX", ReasonIATA},
		{"no region", other, "", ReasonIATA},
		{"accepted", other, "SEA", ""},
	}
	for _, tt := range tests {
		m := packet(textHex, `"origin_id":"`+tt.originID+`"`)
		m.Topic, m.Region = "meshcore/packets", tt.region
		if _, got := ingestOne(t, opts, m); got.Reason != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got.Reason, tt.want)
		}
	}
}

func TestOnlyLiveMessagesProvePresence(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name           string
		leaf, payload  string
		replayed, will bool
		heard          bool
	}{
		{"a packet", "packets", `{"raw":"` + textHex + `"}`, false, false, true},
		{"a replayed packet", "packets", `{"raw":"` + textHex + `"}`, true, false, false},
		{"a status", "status", `{"status":"online"}`, false, false, true},
		{"a status that does not say which", "status", `{}`, false, false, true},
		{"a replayed status", "status", `{"status":"online"}`, true, false, false},
		{"an offline status", "status", `{"status":" Offline"}`, false, false, false},
		{"a will", "status", `{"status":"gone"}`, false, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Message{Topic: "meshcore/SEA/X/" + tt.leaf, Payload: []byte(tt.payload), Replayed: tt.replayed, Will: tt.will}
			rec, _ := ingestOne(t, DefaultOptions(), m)
			if rec == nil || rec.Observer.Heard != tt.heard {
				t.Errorf("record %+v, want heard %v", rec, tt.heard)
			}
		})
	}
}

func TestNothingOfThePayloadIsKept(t *testing.T) {
	t.Parallel()
	const members = `"origin":"Hill","SNR":"8.5","direction":"rx"`
	want, _ := ingestOne(t, DefaultOptions(), packet(textHex, members))
	m := packet(textHex, members)
	got, _ := ingestOne(t, DefaultOptions(), m)
	clear(m.Payload) // the broker reuses its buffer
	if got.Observer != want.Observer || text(got.Observation.Direction) != "rx" || *got.Observation.SNR != 8.5 ||
		upper(got.Observation.Raw) != textHex || upper(got.Transmission.Raw) != textHex {
		t.Errorf("record changed with the payload: %+v", got)
	}
}
