package ingest

import (
	"unicode/utf8"

	"github.com/buger/jsonparser"
)

// envelope is the JSON object that an observer publishes: the members that
// mean something here, not yet read. It aliases the payload.
type envelope struct {
	// A packet. Observers write some names in two ways.
	raw, directionLower, directionUpper, origin, region, timestamp value
	snr, snrLower, rssi, rssiLower, score, scoreUpper              value
	originID, length                                               value
	data                                                           value // the frame, on a raw topic
	gps                                                            gps   // of a roaming client
	gpsRaw                                                         value

	// A status.
	status, model, firmware, firmwareVersion value
	clientVersion, clientVersionCamel        value
	radio, repeat                            value
	top                                      gauges // as old observers send them
	stats                                    gauges // of the nested object
	statsRaw                                 value

	// A companion bridge's message.
	text, channelIdx, senderTimestamp value
}

// gps is where a roaming client was.
type gps struct {
	lat, lon, accM value // degrees and metres
}

// gauges are the numbers that an observer reports of itself.
type gauges struct {
	batteryMV, uptimeSecs, noiseFloor, txAirSecs, rxAirSecs value
	recvErrors, packetsSent, packetsRecv, packetsReceived   value
}

// parse reads payload, which must be one JSON object and nothing else;
// false if it is not. Of members with the same name the last counts, as with
// encoding/json.
//
// isJSON decides what JSON is, since jsonparser stops at the closing brace and
// forgives much before it; jsonparser then finds the members without building a
// map.
func (e *envelope) parse(payload []byte) bool {
	*e = envelope{}
	if !isJSON(payload) || eachMember(payload, e.member) != nil {
		return false
	}
	if e.statsRaw.kind == jsonparser.Object && eachMember(e.statsRaw.raw, e.stats.member) != nil {
		return false
	}
	return e.gpsRaw.kind != jsonparser.Object || eachMember(e.gpsRaw.raw, e.gps.member) == nil
}

// eachMember sets what member returns for each name of the object; nil skips it.
func eachMember(object []byte, member func(name []byte) *value) error {
	return jsonparser.ObjectEach(object, func(name, raw []byte, kind jsonparser.ValueType, _ int) error {
		if v := member(name); v != nil {
			*v = value{kind: kind, raw: raw}
		}
		return nil
	})
}

func (e *envelope) member(name []byte) *value {
	switch string(name) {
	case "raw":
		return &e.raw
	case "direction":
		return &e.directionLower
	case "Direction":
		return &e.directionUpper
	case "origin":
		return &e.origin
	case "origin_id":
		return &e.originID
	case "len":
		return &e.length
	case "data":
		return &e.data
	case "gps":
		return &e.gpsRaw
	case "region":
		return &e.region
	case "timestamp":
		return &e.timestamp
	case "SNR":
		return &e.snr
	case "snr":
		return &e.snrLower
	case "RSSI":
		return &e.rssi
	case "rssi":
		return &e.rssiLower
	case "score":
		return &e.score
	case "Score":
		return &e.scoreUpper
	}
	return e.statusMember(name)
}

func (e *envelope) statusMember(name []byte) *value {
	switch string(name) {
	case "status":
		return &e.status
	case "model":
		return &e.model
	case "firmware":
		return &e.firmware
	case "firmware_version":
		return &e.firmwareVersion
	case "client_version":
		return &e.clientVersion
	case "clientVersion":
		return &e.clientVersionCamel
	case "radio":
		return &e.radio
	case "repeat":
		return &e.repeat
	case "stats":
		return &e.statsRaw
	case "text":
		return &e.text
	case "channel_idx":
		return &e.channelIdx
	case "sender_timestamp":
		return &e.senderTimestamp
	}
	return e.top.member(name)
}

func (g *gps) member(name []byte) *value {
	switch string(name) {
	case "lat":
		return &g.lat
	case "lon":
		return &g.lon
	case "acc_m":
		return &g.accM
	}
	return nil
}

func (g *gauges) member(name []byte) *value {
	switch string(name) {
	case "battery_mv":
		return &g.batteryMV
	case "uptime_secs":
		return &g.uptimeSecs
	case "noise_floor":
		return &g.noiseFloor
	case "tx_air_secs":
		return &g.txAirSecs
	case "rx_air_secs":
		return &g.rxAirSecs
	case "recv_errors":
		return &g.recvErrors
	case "packets_sent":
		return &g.packetsSent
	case "packets_recv":
		return &g.packetsRecv
	case "packets_received":
		return &g.packetsReceived
	}
	return nil
}

// value is one value of a JSON object, as it stands in the payload; the zero
// value is one that is not there.
type value struct {
	kind jsonparser.ValueType
	raw  []byte // text without its quotes, escapes not yet undone
}

// first is the first of values that exists, even if it is null.
func first(values ...value) value {
	for _, v := range values {
		if v.kind != jsonparser.NotExist {
			return v
		}
	}
	return value{}
}

// text is the value as text, "" when it is anything else. Like encoding/json it
// puts U+FFFD for each byte that is not UTF-8 and for half a surrogate pair.
func (v value) text() string { return string(v.bytes()) }

// bytes is text, and aliases the payload if it can.
func (v value) bytes() []byte {
	if v.kind != jsonparser.String {
		return nil
	}
	text, err := jsonparser.Unescape(v.raw, nil)
	if err != nil {
		return nil
	}
	if !utf8.Valid(text) {
		return []byte(string([]rune(string(text))))
	}
	return text
}
