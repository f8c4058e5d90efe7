package ingest

import (
	"strings"
	"testing"
)

func TestSpeakerIsWhoTheRecordWillBeOf(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("a", 64)
	upper := strings.ToUpper(key)
	for _, c := range []struct {
		topic, payload string
		want           Speaker
	}{
		{"meshcore/zrh/" + key + "/packets", "{", Speaker{ID: upper, Region: "ZRH"}},
		{"meshcore/ZRH/" + key + "/status", "", Speaker{ID: upper, Region: "ZRH", Status: true}},
		{"meshcore/ZRH/device/packets", "", Speaker{ID: "DEVICE", Region: "ZRH"}},
		{"meshcore/client/" + key + "/packets", "", Speaker{ID: upper}},
		{"meshcore/packets", `{"origin_id":"` + key + `"}`, Speaker{ID: upper}},
		{"meshcore/status", `{"origin_id":"` + key + `"}`, Speaker{ID: upper, Status: true}},
		{"meshcore/packets", `{"origin_id":"` + strings.Repeat("b", 64) + `","origin_id":"` + key + `"}`, Speaker{ID: upper}},
		{"meshcore/packets", `{"origin_id":"Hill"}`, Speaker{}},
		{"meshcore/packets", `{`, Speaker{}},
		{"meshcore/repeater/Hill/packet", "{}", Speaker{}},
		{"homeassistant/light", "{}", Speaker{}},
		{"meshcore/ZRH//packets", "{}", Speaker{}},
	} {
		if got := SpeakerOf(c.topic, []byte(c.payload)); got != c.want {
			t.Errorf("%.40s %.40s: got %+v, want %+v", c.topic, c.payload, got, c.want)
		}
	}
}
