package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// Setting is one setting as it is used.
type Setting struct {
	Path    string // such as hub.broker.listen
	Value   string // JSON, secrets hidden
	Default string // JSON
}

// Settings lists every setting in the order of default.json, with nothing in it
// that is secret.
func (c *Config) Settings() []Setting {
	shown := *c
	shown.MQTTSources = nil
	for _, s := range c.MQTTSources {
		s.Broker = withoutPassword(s.Broker)
		shown.MQTTSources = append(shown.MQTTSources, s)
	}
	if shown.MQTTSources == nil {
		shown.MQTTSources = []Source{}
	}
	shown.MQTT.Broker = withoutPassword(shown.MQTT.Broker)
	used, standard := shown.tree(), Default().tree()
	var all []Setting
	for _, k := range Keys() {
		if !k.Section {
			all = append(all, Setting{k.Path, valueAt(used, k.Path), valueAt(standard, k.Path)})
		}
	}
	return all
}

// tree is the settings as JSON.
func (c *Config) tree() (tree map[string]any) {
	b, err := json.Marshal(c)
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.UseNumber()
		err = dec.Decode(&tree)
	}
	if err != nil {
		panic("settings as JSON: " + err.Error()) // every type of theirs can be written
	}
	return tree
}

func valueAt(tree map[string]any, path string) string {
	var at any = tree
	for _, name := range strings.Split(path, ".") {
		section, _ := at.(map[string]any)
		at = section[name]
	}
	leaveOut(at)
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if enc.Encode(at) != nil {
		return fmt.Sprint(at)
	}
	return strings.TrimSpace(out.String())
}

// leaveOut takes from the entries of a list what is not set.
func leaveOut(value any) {
	entries, _ := value.([]any)
	for _, entry := range entries {
		members, _ := entry.(map[string]any)
		for name, v := range members {
			if v == nil || v == "" {
				delete(members, name)
			}
		}
	}
}

// withoutPassword is a broker's URL with what is secret hidden.
func withoutPassword(broker string) string {
	u, err := url.Parse(broker)
	if err != nil {
		return withoutLogin(broker)
	}
	if u.RawQuery != "" { // may hold a token
		u.RawQuery = "hidden"
	}
	return u.Redacted()
}
