package ingest

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"corescope-hub/store"
)

// What observers say of themselves in a status.
const (
	StatusOnline  = "online"
	StatusOffline = "offline"
)

// SaysOffline says whether payload is a status that says "offline".
func SaysOffline(payload []byte) bool {
	var env envelope
	return env.parse(payload) && fold(env.status.text()) == "OFFLINE"
}

// WithStatus is an observer's status with another word for what it is; when it
// is offline without the numbers that it measured. It is false for a payload
// that is no status.
func WithStatus(payload []byte, status string) ([]byte, bool) {
	in := json.NewDecoder(bytes.NewReader(payload))
	if open, err := in.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	var out bytes.Buffer
	found := false
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return nil, false
		}
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			return nil, false
		}
		switch name {
		case "stats":
			if status == StatusOffline {
				continue
			}
		case "status":
			found, value = true, json.RawMessage(`"`+status+`"`)
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			return nil, false
		}
		out.WriteByte(',')
		out.Write(quoted)
		out.WriteByte(':')
		out.Write(value)
	}
	if _, err := in.Token(); err != nil || !found || in.More() {
		return nil, false
	}
	return append(append([]byte{'{'}, out.Bytes()[1:]...), '}'), true
}

// LastStatus is what an observer's retained status was, as far as its row says:
// topic and payload. It says "offline", since nobody has heard of the observer
// since the hub was started, and has no numbers, as with observers that say so
// themselves. It is false for a row that no topic can be made of.
func LastStatus(row store.ObserverStatus) (topic string, payload []byte, ok bool) {
	topic = "meshcore/" + row.IATA + "/" + row.ID + "/status"
	t, reason := parseTopic(topic)
	if reason != "" || !t.isStatus() || strings.ContainsAny(row.IATA+row.ID, "/+#") {
		return "", nil, false
	}
	said := struct {
		Status        string `json:"status"`
		Timestamp     string `json:"timestamp,omitempty"`
		Origin        string `json:"origin,omitempty"`
		OriginID      string `json:"origin_id"`
		Radio         string `json:"radio,omitempty"`
		Model         string `json:"model,omitempty"`
		Firmware      string `json:"firmware_version,omitempty"`
		ClientVersion string `json:"client_version,omitempty"`
	}{StatusOffline, "", row.Name, row.ID, row.Radio, row.Model, row.Firmware, row.ClientVersion}
	if !row.LastSeen.IsZero() {
		said.Timestamp = row.LastSeen.UTC().Format(time.RFC3339)
	}
	payload, err := json.Marshal(said)
	return topic, payload, err == nil
}
