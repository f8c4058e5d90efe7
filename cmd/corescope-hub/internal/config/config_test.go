package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestEverySettingIsBothInDefaultJSONAndInConfig(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, k := range Keys() {
		if k.Section {
			continue
		}
		documented[k.Path] = true
		if k.Doc == "" {
			t.Errorf("default.json does not say what %s is", k.Path)
		}
	}
	fields := map[string]bool{}
	leaves(reflect.ValueOf(Config{}), "", func(key string, _ reflect.Value) { fields[key] = true })
	for key := range fields {
		if !documented[key] {
			t.Errorf("%s is a field of Config and not a line of default.json", key)
		}
	}
	for key := range documented {
		if !fields[key] {
			t.Errorf("%s is a line of default.json and not a field of Config", key)
		}
	}
}

func TestDefaultJSONNamesEveryKeyOfASource(t *testing.T) {
	t.Parallel()
	var doc string
	for _, k := range Keys() {
		if k.Path == "mqttSources" {
			doc = k.Doc
		}
	}
	for i := range reflect.TypeFor[Source]().NumField() {
		key := reflect.TypeFor[Source]().Field(i).Tag.Get("json")
		if !strings.Contains(doc, `"`+key+`"`) {
			t.Errorf("the comment on mqttSources does not name %q: %s", key, doc)
		}
	}
}

func TestDefaultJSONNamesEveryOptionOfASource(t *testing.T) {
	t.Parallel()
	var doc string
	for _, k := range Keys() {
		if k.Path == "hub.sources" {
			doc = k.Doc
		}
	}
	leaves(reflect.ValueOf(SourceOptions{}), "", func(key string, _ reflect.Value) {
		for part := range strings.SplitSeq(key, ".") {
			if !strings.Contains(doc, `"`+part+`"`) {
				t.Errorf("the comment on hub.sources does not name %q: %s", part, doc)
			}
		}
	})
}

func TestDefaultsPassTheirOwnCheck(t *testing.T) {
	t.Parallel()
	if err := Default().Check(); err != nil {
		t.Fatal(err)
	}
}

func TestDefaultHasNoSource(t *testing.T) {
	t.Parallel()
	if s := Default().Sources(); len(s) != 0 {
		t.Fatalf("got %v", s)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	const secret = "deadbeefdeadbeefdeadbeefdeadbeef"
	c := Default()
	c.ChannelKeys = map[string]Secret{"Club": secret}
	c.MQTTSources = []Source{{Password: secret}}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "config", c.MQTTSources[0], "key", c.ChannelKeys["Club"])
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{
		log.String(), string(asJSON),
		fmt.Sprint(c.MQTTSources, c.ChannelKeys), fmt.Sprintf("%+v %#v %q %x", c.MQTTSources, c.ChannelKeys, c.ChannelKeys, c.ChannelKeys),
	} {
		if strings.Contains(printed, secret) || strings.Contains(printed, fmt.Sprintf("%x", secret)) {
			t.Errorf("printed: %s", printed)
		}
	}
	if got := c.ChannelKeys["Club"].Reveal(); got != secret {
		t.Errorf("Reveal is %q", got)
	}
}

func TestSampleIntervalIsCoreScopesWithinReason(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int]string{0: "5m0s", -1: "5m0s", 60: "1m0s", math.MaxInt32: "596523h14m7s", math.MaxInt: "876000h0m0s"} {
		c := Default()
		c.Metrics.SampleIntervalSec = seconds
		if got := c.SampleInterval().String(); got != want {
			t.Errorf("%d: got %s, want %s", seconds, got, want)
		}
	}
}
