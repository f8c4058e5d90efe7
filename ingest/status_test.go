package ingest

import (
	"encoding/json"
	"strings"
	"testing"

	"corescope-hub/store"
)

func status(payload string) Message {
	return Message{Topic: "meshcore/SEA/" + alpha + "/status", Payload: []byte(payload)}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, payload string
		want          store.Status
	}{
		{"nothing known", `{"status":"online"}`, store.Status{}},
		{"texts", `{"model":"Heltec V3","firmware":"v1","client_version":"c/1","radio":"910.525,62.5,7,5"}`,
			store.Status{Model: "Heltec V3", Firmware: "v1", ClientVersion: "c/1", Radio: "910.525,62.5,7,5"}},
		{"the other name wins", `{"firmware_version":"v2","firmware":"v1","clientVersion":"c/2","client_version":"c/1"}`,
			store.Status{Firmware: "v2", ClientVersion: "c/2"}},
		{"but not when it is empty", `{"firmware":"v1","firmware_version":"","client_version":"c/1","clientVersion":null}`,
			store.Status{Firmware: "v1", ClientVersion: "c/1"}},
		{"a radio with a line end", `{"radio":"869.618,62.5,8,8\r"}`, store.Status{Radio: "869.618,62.5,8,8"}},
		{"hostile texts", `{"model":"\u001b[31mred","radio":"` + strings.Repeat("9", 500) + `"}`,
			store.Status{Model: "[31mred", Radio: strings.Repeat("9", maxMeta)}},
		{"gauges in stats", `{"stats":{"battery_mv":4123,"uptime_secs":86400,"noise_floor":-117.5,"tx_air_secs":12,
			"rx_air_secs":345,"recv_errors":3,"packets_sent":100,"packets_recv":2000}}`,
			store.Status{BatteryMV: ptr(int64(4123)), UptimeSecs: ptr(int64(86400)), NoiseFloor: ptr(-117.5), TxAirSecs: ptr(int64(12)),
				RxAirSecs: ptr(int64(345)), RecvErrors: ptr(int64(3)), PacketsSent: ptr(int64(100)), PacketsRecv: ptr(int64(2000))}},
		{"gauges at the top, as texts", `{"battery_mv":"3900.6","uptime_secs":"77","noise_floor":"-101dBm"}`,
			store.Status{BatteryMV: ptr(int64(3901)), UptimeSecs: ptr(int64(77)), NoiseFloor: ptr(-101.0)}},
		{"stats go first, one by one", `{"battery_mv":1,"uptime_secs":2,"stats":{"battery_mv":3}}`,
			store.Status{BatteryMV: ptr(int64(3)), UptimeSecs: ptr(int64(2))}},
		{"null in stats hides the top", `{"recv_errors":1,"stats":{"recv_errors":null}}`, store.Status{}},
		{"stats that are no object", `{"battery_mv":1,"stats":[2]}`, store.Status{BatteryMV: ptr(int64(1))}},
		{"packets_received", `{"stats":{"packets_received":5}}`, store.Status{PacketsRecv: ptr(int64(5))}},
		{"packets_recv goes first", `{"stats":{"packets_received":5,"packets_recv":6}}`, store.Status{PacketsRecv: ptr(int64(6))}},
		{"numbers that are none", `{"stats":{"battery_mv":"n/a","noise_floor":true,"uptime_secs":1e300}}`, store.Status{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec, verdict := ingestOne(t, DefaultOptions(), status(tt.payload))
			if rec == nil || rec.Status == nil || rec.Transmission != nil || rec.Observer.ID != alpha {
				t.Fatalf("verdict %+v, record %+v", verdict, rec)
			}
			if got, want := show(*rec.Status), show(tt.want); got != want {
				t.Errorf("status\n got %s\nwant %s", got, want)
			}
		})
	}
}

// show follows the pointers.
func show(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func TestStatusTellsWhetherTheNodeRepeats(t *testing.T) {
	t.Parallel()
	tests := []struct {
		repeat string
		want   *bool
	}{
		{`"on"`, ptr(true)}, {`" ON "`, ptr(true)}, {`"true"`, ptr(true)}, {`"1"`, ptr(true)}, {`"yes"`, ptr(true)}, {`true`, ptr(true)}, {`2`, ptr(true)},
		{`"off"`, ptr(false)}, {`"False"`, ptr(false)}, {`"0"`, ptr(false)}, {`"no"`, ptr(false)}, {`false`, ptr(false)}, {`0`, ptr(false)}, {`0.0`, ptr(false)},
		{`"maybe"`, nil}, {`""`, nil}, {`null`, nil}, {`[]`, nil}, {`1e999`, nil},
	}
	for _, tt := range tests {
		rec, _ := ingestOne(t, DefaultOptions(), status(`{"repeat":`+tt.repeat+`}`))
		if got := rec.Status.CanRelay; !equal(got, tt.want) {
			t.Errorf("repeat %s: %s, want %s", tt.repeat, show(got), show(tt.want))
		}
	}
}

func TestReplayedStatusHasNoGauges(t *testing.T) {
	t.Parallel()
	m := status(`{"status":"online","model":"T114","repeat":"off","stats":{"battery_mv":4123,"noise_floor":-110}}`)
	m.Replayed = true
	rec, _ := ingestOne(t, DefaultOptions(), m)
	if got, want := show(*rec.Status), show(store.Status{Model: "T114", CanRelay: ptr(false)}); got != want {
		t.Errorf("status\n got %s\nwant %s", got, want)
	}
}

func TestStatusKeepsTheRegionOfItsTopic(t *testing.T) {
	t.Parallel()
	rec, _ := ingestOne(t, DefaultOptions(), status(`{"region":"YYZ","origin":"Hill","timestamp":"2026-11-24T05:00:00"}`))
	if got, want := rec.Observer, (store.Observer{ID: alpha, Name: "Hill", IATA: "SEA", Heard: true}); got != want {
		t.Errorf("observer %+v, want %+v", got, want)
	}
}
