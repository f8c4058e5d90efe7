package config

import (
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// envPrefix begins the name of every variable that is derived from a hub key.
const envPrefix = "CORESCOPE_"

// Variables that are CoreScope's, with CoreScope's meaning. Empty is unset.
const (
	envDBPath          = "DB_PATH"
	envMQTTBroker      = "MQTT_BROKER"
	envMQTTTopic       = "MQTT_TOPIC"
	envChannelKeysPath = "CHANNEL_KEYS_PATH"
	envStatsFile       = "CORESCOPE_INGESTOR_STATS"
)

// EnvName is the environment variable that sets a hub key:
// hub.store.commitInterval is CORESCOPE_HUB_STORE_COMMIT_INTERVAL. It is "" for
// keys outside hub.
func EnvName(key string) string {
	if !inStrict(key) {
		return ""
	}
	var b strings.Builder
	b.WriteString(envPrefix)
	runes := []rune(key)
	for i, r := range runes {
		switch {
		case r == '.':
			b.WriteByte('_')
			continue
		case i > 0 && unicode.IsUpper(r) && (unicode.IsLower(runes[i-1]) || unicode.IsUpper(runes[i-1]) && i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}

// environ applies the environment, a list of NAME=value.
func (c *Config) environ(env []string) error {
	vars := map[string]string{}
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		vars[name] = value
	}
	c.coreScopeEnviron(vars)
	known := map[string]bool{}
	var err error
	leaves(reflect.ValueOf(&c.Hub).Elem(), strictKey, func(key string, field reflect.Value) {
		name := EnvName(key)
		known[name] = true
		value, ok := vars[name]
		if !ok || err != nil {
			return
		}
		c.origin[key] = name
		if setText(field, value) != nil {
			what, hint := wanted(field.Type())
			err = &Error{Pos: name, Key: key, Value: quote(value), Err: errors.New(what), Hint: strings.ReplaceAll(hint, `"`, "")}
		}
	})
	for name := range vars {
		if strings.HasPrefix(name, EnvName(strictKey)+"_") && !known[name] {
			c.strangers = append(c.strangers, name)
		}
	}
	slices.Sort(c.strangers)
	return err
}

func (c *Config) coreScopeEnviron(vars map[string]string) {
	if v := vars[envDBPath]; v != "" {
		c.DBPath = v
		c.origin["dbPath"] = envDBPath
	}
	if v := vars[envChannelKeysPath]; v != "" {
		c.ChannelKeysPath = v
		c.origin["channelKeysPath"] = envChannelKeysPath
	}
	if v := vars[envStatsFile]; v != "" {
		c.Hub.CoreScope.StatsFile = v
		c.origin["hub.corescope.statsFile"] = envStatsFile
	}
	if vars[envMQTTTopic] != "" && vars[envMQTTBroker] == "" {
		c.strangers = append(c.strangers, envMQTTTopic)
	}
	if v := vars[envMQTTBroker]; v != "" {
		s := Source{Name: "env", Broker: v}
		if topic := vars[envMQTTTopic]; topic != "" {
			s.Topics = []string{topic}
		}
		c.MQTTSources = []Source{s}
		c.origin["mqttSources[0].broker"] = envMQTTBroker
		c.origin["mqttSources[0].topics"] = envMQTTTopic
	}
}

// leaves calls f for every setting below a struct, in the order of its fields.
func leaves(v reflect.Value, key string, f func(key string, field reflect.Value)) {
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag.Get("json")
		if tag == "" {
			continue
		}
		if field := v.Field(i); field.Kind() == reflect.Struct {
			leaves(field, join(key, tag), f)
		} else {
			f(join(key, tag), field)
		}
	}
}

// splitList is a list that is separated by commas.
func splitList(text string) (list []string) {
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// setText sets a setting from the text of an environment variable. A list is
// separated by commas.
func setText(field reflect.Value, text string) error {
	switch into := field.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		return into.UnmarshalText([]byte(text))
	case *string:
		*into = text
		return nil
	case *[]string:
		*into = splitList(text)
		return nil
	case *[]Listener:
		*into = nil
		for _, address := range splitList(text) {
			*into = append(*into, Listener{Address: address})
		}
		return nil
	default:
		return json.Unmarshal([]byte(text), into)
	}
}
