package config

import (
	"strings"
	"testing"
)

func TestSettingsHideWhatIsSecret(t *testing.T) {
	t.Parallel()
	c, err := Load(write(t, "c.json", `{
		"mqttSources": [{"name": "a", "broker": "mqtt://me:hunter2@far.example:1883?token=hunter3", "password": "hunter4"}],
		"mqtt": {"broker": "mqtt://me:hunter5@far.example"},
		"channelKeys": {"ops": "00112233445566778899aabbccddeeff"}}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	changed := map[string]bool{}
	for _, s := range c.Settings() {
		if strings.Contains(s.Value, "hunter") || strings.Contains(s.Value, "00112233") {
			t.Errorf("%s shows a secret: %s", s.Path, s.Value)
		}
		if s.Path == "mqttSources" && (!strings.Contains(s.Value, "far.example") || strings.Contains(s.Value, "null")) {
			t.Errorf("%s is not what one would write: %s", s.Path, s.Value)
		}
		if s.Value != s.Default {
			changed[s.Path] = true
		}
	}
	if len(changed) != 3 || !changed["mqttSources"] || !changed["mqtt.broker"] || !changed["channelKeys"] {
		t.Errorf("said to differ from the default: %v", changed)
	}
	for _, s := range Default().Settings() {
		if s.Value != s.Default {
			t.Errorf("%s: %s is not the default %s", s.Path, s.Value, s.Default)
		}
	}
}

func TestListenersAreWrittenAsOneWouldWriteThem(t *testing.T) {
	t.Parallel()
	const written = `["tcp://:1883",{"address":"tcp://:1884","auth":{"anonymous":"false","token":{"audiences":["hub.example"]}},"trustedProxies":[]}]`
	c, err := Load(write(t, "c.json", `{"hub": {"broker": {"listen": `+written+`}}}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range c.Settings() {
		if s.Path == "hub.broker.listen" && s.Value != written {
			t.Errorf("%s", s.Value)
		}
	}
}
