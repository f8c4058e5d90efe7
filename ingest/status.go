package ingest

import (
	"strings"

	"github.com/buger/jsonparser"

	"corescope-hub/store"
)

// statusRecord reads what an observer says of itself. An offline status proves
// the opposite of being heard, and may be the broker's word, not the observer's.
func statusRecord(m *Message, t topic, env *envelope) *store.Record {
	rec := &store.Record{
		ReceivedAt: m.Received,
		Observer:   observer(m, t, env),
		Status:     identityStatus(env),
	}
	if fold(env.status.text()) == "OFFLINE" {
		rec.Observer.Heard = false
	}
	if !m.Replayed {
		readGauges(rec.Status, env)
	}
	return rec
}

// identityStatus reads what the observer is. It holds for a replayed status too.
func identityStatus(env *envelope) *store.Status {
	return &store.Status{
		Model:         lastText(env.model),
		Firmware:      lastText(env.firmware, env.firmwareVersion),
		ClientVersion: lastText(env.clientVersion, env.clientVersionCamel),
		Radio:         strings.TrimSpace(lastText(env.radio)), // meshcoretomqtt leaves a "\r"
		CanRelay:      env.repeat.flag(),
	}
}

// readGauges reads what the observer measured: from the nested object, where an
// absent member is looked for at the top. A replayed status has no gauges: its
// age is unknown, and they would become samples of now.
func readGauges(s *store.Status, env *envelope) {
	nested, top := &env.stats, &env.top
	s.NoiseFloor = first(nested.noiseFloor, top.noiseFloor).number()
	s.BatteryMV = first(nested.batteryMV, top.batteryMV).whole()
	s.UptimeSecs = first(nested.uptimeSecs, top.uptimeSecs).whole()
	s.TxAirSecs = first(nested.txAirSecs, top.txAirSecs).whole()
	s.RxAirSecs = first(nested.rxAirSecs, top.rxAirSecs).whole()
	s.RecvErrors = first(nested.recvErrors, top.recvErrors).whole()
	s.PacketsSent = first(nested.packetsSent, top.packetsSent).whole()
	s.PacketsRecv = first(nested.packetsRecv, nested.packetsReceived, top.packetsRecv, top.packetsReceived).whole()
}

// lastText is the last of values that is a text and not empty, made clean.
func lastText(values ...value) string {
	var last string
	for _, v := range values {
		if text := clean(v.text(), maxMeta); text != "" {
			last = text
		}
	}
	return last
}

// flag reads a bool, a number or a word for yes or no; nil for anything else.
func (v value) flag() *bool {
	yes, no := true, false
	switch v.kind {
	case jsonparser.Boolean:
		yes = string(v.raw) == "true"
		return &yes
	case jsonparser.Number:
		f := v.number()
		if f == nil {
			return nil
		}
		yes = *f != 0
		return &yes
	}
	switch fold(v.text()) {
	case "ON", "TRUE", "1", "YES":
		return &yes
	case "OFF", "FALSE", "0", "NO":
		return &no
	}
	return nil
}
