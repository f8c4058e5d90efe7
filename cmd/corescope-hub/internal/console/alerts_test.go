package console

import (
	"strings"
	"testing"
	"time"

	"corescope-hub/broker"
)

func TestEachProblemIsSaidWithItsCauseAndRemedy(t *testing.T) {
	t.Parallel()
	now := time.Now()
	since := now.Add(-3 * time.Hour)
	rise := 18.0
	seen := func(o observerView) []Alert {
		o.ID, o.Name = "AB12", "Barn Window"
		return o.alerts(now)
	}
	region := func(r string) []Alert { return seen(observerView{Observer: Observer{Region: r}, State: "connected"}) }
	for _, tt := range []struct {
		name   string
		alerts []Alert
		bad    bool
		fact   string // "": no alert
		text   string // part of it
	}{
		{"connected", region("INV"), false, "", ""},
		{"silent", seen(observerView{State: "silent", Since: since}), false, "Barn Window has been silent since " + since.Local().Format("15:04") + ".", "Check its antenna"},
		{"drowned", seen(observerView{State: "silent", Since: since, Rise: &rise, RoseAt: since}), false, "Barn Window has been silent since " + since.Local().Format("15:04") + ".", "rose 18 dB at " + since.Local().Format("15:04")},
		{"region of meshcoretomqtt", region("XXX"), false, "Region XXX is the default.", "Set the uploader's region of Barn Window to your nearest airport code."},
		{"region of packet-capture", region("LOC"), false, "Region LOC is the default.", "airport"},
		{"region of Home Assistant", region("xyz"), false, "Region XYZ is the default.", "airport"},
		{"region of an observer that left", seen(observerView{Observer: Observer{Region: "XXX"}, State: "away"}), false, "", ""},
		{"two devices with one key", seen(observerView{State: "connected", doubled: now.Add(-6 * time.Minute)}), false, "Two connections use the key of Barn Window.", "Stop the uploader"},
		{"reconnected a moment ago", seen(observerView{State: "connected", doubled: now.Add(-time.Minute)}), false, "", ""},
		{"refused", seen(observerView{State: "away", refused: &broker.Refusal{Text: "the device's clock is not set: it says 2024-05-15", Remedy: "send `time 7` to the node"}}), false,
			"Barn Window is turned away at login.", "The device's clock is not set: it says 2024-05-15. Send `time 7` to the node."},
		{"bridge down", []Alert{bridgeAlert("coast", &Bridge{State: "down", LastError: "certificate has expired"})}, true, "Bridge coast is down.", "Its certificate has expired: ask its operator to renew it."},
		{"bridge to itself", []Alert{bridgeAlert("coast", &Bridge{State: "down", Self: true, LastError: "is this hub itself"})}, false, "Bridge coast leads back to this hub.", "Remove it from mqttSources"},
		{"certificate with time", certificateAlerts(now.Add(61*24*time.Hour), now), false, "", ""},
		{"certificate near its end", certificateAlerts(now.Add(6*24*time.Hour+time.Hour), now), false, "The certificate expires in 6 days.", "Renew"},
		{"certificate expired", certificateAlerts(since, now), true, "The certificate has expired on " + since.Local().Format("2 Jan, 15:04") + ".", "cannot connect"},
	} {
		if tt.fact == "" {
			if len(tt.alerts) > 0 {
				t.Errorf("%s: %+v", tt.name, tt.alerts)
			}
			continue
		}
		if len(tt.alerts) != 1 {
			t.Errorf("%s: %d alerts", tt.name, len(tt.alerts))
			continue
		}
		if a := tt.alerts[0]; a.Fact != tt.fact || !strings.Contains(a.Text, tt.text) || a.Bad != tt.bad || a.ID == "" || a.Link == "" || a.Name == "" {
			t.Errorf("%s: %+v", tt.name, a)
		}
	}
}

func TestWhatLosesPacketsComesFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(o *Options) {
		o.Observers = func() []broker.Observer {
			return []broker.Observer{{Key: "OBSERVER00", Connections: 1, Since: time.Now()}}
		}
		o.Sources = func() Sources {
			return Sources{Sources: []Source{{Name: "self", Bridge: &Bridge{State: "down", Self: true}}, {Name: "coast", Bridge: &Bridge{State: "down"}}}}
		}
	})
	f.add(t, 1, 0, 3, `{"type":"ACK"}`)
	page := f.get(t, "/", 200)
	first, second := strings.Index(page, "Bridge coast is down."), strings.Index(page, "Bridge self leads back to this hub.")
	if first < 0 || second < first {
		t.Errorf("the strip's order: %d, %d", first, second)
	}
}
