package simulate

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"corescope-hub/decoder"
)

// Message is one MQTT PUBLISH of an observer.
type Message struct {
	Observer int // of Mesh.Nodes
	At       time.Time
	Topic    string
	Payload  []byte
	Retained bool
}

// packetBody is what meshcoretomqtt publishes of a packet: numbers are strings.
type packetBody struct {
	Origin     string `json:"origin"`
	OriginID   string `json:"origin_id"`
	Timestamp  string `json:"timestamp"`
	Type       string `json:"type"`
	Direction  string `json:"direction"`
	Time       string `json:"time"`
	Date       string `json:"date"`
	Len        string `json:"len"`
	PacketType string `json:"packet_type"`
	Route      string `json:"route"`
	PayloadLen string `json:"payload_len"`
	Raw        string `json:"raw"`
	SNR        string `json:"SNR"`
	RSSI       string `json:"RSSI"`
	Score      string `json:"score"`
	Duration   string `json:"duration"`
	Hash       string `json:"hash"`
}

// message is what the observer publishes of a reception.
func (m *Mesh) message(r reception) Message {
	n := m.Nodes[r.observer]
	p, err := decoder.Decode(r.frame)
	if err != nil {
		panic(fmt.Sprintf("a frame that nobody can read: %x: %v", r.frame, err)) // ours
	}
	hash := p.Hash()
	route := "D"
	if p.Route.IsFlood() {
		route = "F"
	}
	at := r.at.Add(n.clock).UTC()
	body, err := json.Marshal(packetBody{
		Origin: n.Name, OriginID: n.PublicKey(), Timestamp: at.Format("2006-01-02T15:04:05.000000-07:00"), Type: "PACKET", Direction: "rx",
		Time: at.Format(time.TimeOnly), Date: at.Format("2/1/2006"),
		Len: strconv.Itoa(len(r.frame)), PacketType: strconv.Itoa(int(p.Type())), Route: route, PayloadLen: strconv.Itoa(len(p.RawPayload)),
		Raw: strings.ToUpper(hex.EncodeToString(r.frame)), SNR: strconv.FormatFloat(r.snr, 'f', -1, 64),
		RSSI:  strconv.Itoa(noiseFloor(r.observer) + 8 + int(1.2*r.snr)),
		Score: strconv.Itoa(int(1000 * decoder.Score(r.snr, modulation.SpreadingFactor, len(r.frame)))), Duration: strconv.Itoa(int(airtime(r.frame).Milliseconds())),
		Hash: strings.ToUpper(hex.EncodeToString(hash[:])),
	})
	if err != nil {
		panic(err) // strings always marshal
	}
	return Message{Observer: r.observer, At: r.at, Topic: m.topic(r.observer, "packets"), Payload: body}
}

func (m *Mesh) topic(observer int, kind string) string {
	return "meshcore/" + m.region + "/" + m.Nodes[observer].PublicKey() + "/" + kind
}

// noiseFloor of an observer's place, in dBm.
func noiseFloor(observer int) int { return -118 + observer*5%11 }

// Gauges are what an observer measures of itself.
type Gauges struct {
	BatteryMV  int `json:"battery_mv"`
	UptimeSecs int `json:"uptime_secs"`
	NoiseFloor int `json:"noise_floor"` // dBm
	TxAirSecs  int `json:"tx_air_secs"`
	RxAirSecs  int `json:"rx_air_secs"`
	RecvErrors int `json:"recv_errors"`
	QueueLen   int `json:"queue_len"`
}

// gauges of an observer that has been up for a while.
func (m *Mesh) gauges(observer int, at time.Time) Gauges {
	up := 86_400*(1+observer%9) + at.Hour()*3600 + at.Minute()*60 + at.Second()
	battery := 0 // mains
	if observer%3 != 0 {
		battery = 3700 + observer*53%400 + m.rand.IntN(20)
	}
	return Gauges{
		BatteryMV: battery, UptimeSecs: up, NoiseFloor: noiseFloor(observer) + m.rand.IntN(3) - 1,
		TxAirSecs: up / 90, RxAirSecs: up / 25, RecvErrors: up / 4000,
	}
}

// Status is what an observer says of itself.
func (m *Mesh) Status(observer int, at time.Time) Message {
	return m.StatusOf(observer, at, m.gauges(observer, at))
}

// StatusOf is a status with given measurements.
func (m *Mesh) StatusOf(observer int, at time.Time, g Gauges) Message {
	return m.status(observer, at, "online", &g)
}

// offline is what the broker publishes when the observer's connection is lost.
func (m *Mesh) offline(observer int, at time.Time) Message {
	return m.status(observer, at, "offline", nil)
}

func (m *Mesh) status(observer int, at time.Time, state string, g *Gauges) Message {
	n := m.Nodes[observer]
	body, err := json.Marshal(struct {
		Status    string  `json:"status"`
		Timestamp string  `json:"timestamp"`
		Origin    string  `json:"origin"`
		OriginID  string  `json:"origin_id"`
		Model     string  `json:"model"`
		Firmware  string  `json:"firmware_version"`
		Radio     string  `json:"radio"` // MHz, kHz, spreading factor, coding rate
		Client    string  `json:"client_version"`
		Stats     *Gauges `json:"stats,omitempty"`
	}{state, at.Add(n.clock).UTC().Format(time.RFC3339), n.Name, n.PublicKey(), n.model, n.firmware, "869.618,62.5,8,8", n.client, g})
	if err != nil {
		panic(err) // strings and integers always marshal
	}
	return Message{Observer: observer, At: at, Topic: m.topic(observer, "status"), Payload: body, Retained: true}
}
