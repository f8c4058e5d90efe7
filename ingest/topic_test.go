package ingest

import (
	"strings"
	"testing"
)

func TestParseTopic(t *testing.T) {
	t.Parallel()
	lower := strings.ToLower(alpha)
	tests := []struct {
		topic string
		want  topic
	}{
		{"meshcore/SEA/" + alpha + "/packets", topic{formObserver, "SEA", alpha, "packets"}},
		{"meshcore/sea/" + lower + "/status", topic{formObserver, "SEA", alpha, "status"}},
		{"meshcore/SEA/" + alpha + "/serial/commands", topic{formObserver, "SEA", alpha, "serial"}},
		{"meshcore/SEA/NEWOBS10/raw", topic{formObserver, "SEA", "NEWOBS10", "raw"}},
		{"meshcore/SEA/newobs10", topic{formObserver, "SEA", "newobs10", ""}},
		{"meshcore/SEA/" + strings.Repeat("z", 64) + "/raw", topic{formObserver, "SEA", strings.Repeat("z", 64), "raw"}},
		{"meshcore//OBS/packets", topic{formObserver, "", "OBS", "packets"}},
		{"meshcore/SEA/Hügel 📡/packets", topic{formObserver, "SEA", "Hügel 📡", "packets"}},
		{"meshcore/packets", topic{form: formFlat, leaf: "packets"}},
		{"meshcore/status", topic{form: formFlat, leaf: "status"}},
		{"meshcore/raw", topic{form: formFlat, leaf: "raw"}},
		{"meshcore/packets/packet", topic{form: formFlat, leaf: "packets"}},
		{"meshcore/packets/status", topic{form: formFlat, leaf: "status"}},
		{"meshcore/packets/" + alpha + "/status", topic{formObserver, "PACKETS", alpha, "status"}},
		{"meshcore/SEA", topic{form: formNameless, leaf: "SEA"}},
		{"meshcore/repeater/Hill/packet", topic{form: formNodeName, leaf: "packet"}},
		{"meshcore/repeater/Hill/noise_floor", topic{form: formNodeName, leaf: "noise_floor"}},
		{"meshcore/repeater/" + lower + "/packets", topic{formObserver, "REPEATER", alpha, "packets"}},
		{"meshcore/events/connection", topic{form: formForeign}},
		{"meshcore/client/" + lower + "/packets", topic{formClient, "", alpha, "packets"}},
		{"meshcore/message/channel/3", topic{form: formChannel, leaf: "3"}},
		{"meshcore/message/channel/", topic{form: formChannel}},
		{"meshcore/message/channel", topic{form: formForeign}},
		{"meshcore/message/direct/abcd", topic{form: formDirect, leaf: "abcd"}},
		{"meshcore/message/other/1", topic{form: formForeign}},
		{"meshcore", topic{form: formForeign}},
		{"", topic{form: formForeign}},
		{"/meshcore/SEA/OBS/packets", topic{form: formForeign}},
		{"Meshcore/SEA/OBS/packets", topic{form: formForeign}},
		{"homeassistant/sensor/door/status", topic{form: formForeign}},
	}
	for _, tt := range tests {
		if got, reason := parseTopic(tt.topic); got != tt.want || reason != "" {
			t.Errorf("parseTopic(%q) = %+v, %q, want %+v", tt.topic, got, reason, tt.want)
		}
	}
}

func TestParseTopicRefusesWhatCannotBeAnObserver(t *testing.T) {
	t.Parallel()
	tests := []struct {
		topic string
		want  Reason
	}{
		{"meshcore/SEA//packets", ReasonBadTopic},
		{"meshcore/SEA/ /packets", ReasonBadTopic},
		{"meshcore/SEA/a\x1b[31m/packets", ReasonBadTopic},
		{"meshcore/SEA/\u202egnp/packets", ReasonBadTopic},
		{"meshcore/SEA/\xff\xfe/packets", ReasonBadTopic},
		{"meshcore/S\x07A/OBS/packets", ReasonBadTopic},
		{"meshcore/SEA/" + strings.Repeat("A", 65) + "/packets", ReasonTooLong},
		{"meshcore/" + strings.Repeat("S", 33) + "/OBS/packets", ReasonTooLong},
	}
	for _, tt := range tests {
		if _, got := parseTopic(tt.topic); got != tt.want {
			t.Errorf("parseTopic(%q): reason %q, want %q", tt.topic, got, tt.want)
		}
	}
}

func TestFlatTopicBelongsToTheKeyOfThePayload(t *testing.T) {
	t.Parallel()
	flat := topic{form: formFlat, leaf: "status"}
	if got, ok := flat.of(strings.ToLower(alpha)); !ok || got != (topic{formObserver, "", alpha, "status"}) {
		t.Errorf("of a key: %+v, %v", got, ok)
	}
	for _, id := range []string{"", "DEVICE", alpha[:62], alpha + "00", "g" + alpha[1:]} {
		if got, ok := flat.of(id); ok {
			t.Errorf("of %q: %+v, want none", id, got)
		}
	}
}

func FuzzParseTopic(f *testing.F) {
	f.Add("meshcore/SEA/" + alpha + "/packets")
	f.Add("meshcore/message/channel/3")
	f.Add("meshcore//\xff/status/x/y/z")
	f.Add("meshcore/client/0/packets")
	f.Fuzz(func(t *testing.T, s string) {
		got, reason := parseTopic(s)
		if got.form != formObserver || reason != "" {
			return
		}
		if n := len(got.observer); n == 0 || n > maxObserverID || !printable(got.observer) {
			t.Errorf("observer id %q from %q", got.observer, s)
		}
		if len(got.region) > maxRegion || got.region != strings.ToUpper(got.region) || !printable(got.region) {
			t.Errorf("region %q from %q", got.region, s)
		}
	})
}
