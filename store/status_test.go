package store

import (
	"testing"
	"time"
)

const (
	observerStatus  = "SELECT model, firmware, client_version, radio, battery_mv, uptime_secs, noise_floor, can_relay, can_relay_seen FROM observers"
	observerMetrics = `SELECT observer_id, timestamp, noise_floor, tx_air_secs, rx_air_secs, recv_errors, battery_mv, packets_sent, packets_recv
		FROM observer_metrics ORDER BY timestamp`
)

func saying(s Status) func(*Record) { return func(r *Record) { r.Status = &s } }

var fullStatus = Status{
	Model: "Heltec V3", Firmware: "v1.10.0", ClientVersion: "meshcoretomqtt/1.0.6", Radio: "910.525,62.5,7,5",
	CanRelay: ptr(false), NoiseFloor: ptr(-117.5), BatteryMV: ptr(int64(4123)), UptimeSecs: ptr(int64(86400)),
	TxAirSecs: ptr(int64(12)), RxAirSecs: ptr(int64(345)), RecvErrors: ptr(int64(3)),
	PacketsSent: ptr(int64(100)), PacketsRecv: ptr(int64(2000)),
}

func TestStatusIsWrittenToObserverAndMetrics(t *testing.T) {
	s := openTest(t)
	put(t, s, status(alpha, saying(fullStatus)))
	wantRows(t, s.path, observerStatus, "Heltec V3|v1.10.0|meshcoretomqtt/1.0.6|910.525,62.5,7,5|4123|86400|-117.5|0|1")
	wantRows(t, s.path, observerMetrics, alpha+"|2026-11-24T12:00:00Z|-117.5|12|345|3|4123|100|2000")
}

func TestStatusKeepsWhatItDoesNotSay(t *testing.T) {
	s := openTest(t)
	put(t, s, status(alpha, saying(fullStatus)), status(alpha), status(alpha, saying(Status{Firmware: "v2", CanRelay: ptr(true)})))
	wantRows(t, s.path, observerStatus, "Heltec V3|v2|meshcoretomqtt/1.0.6|910.525,62.5,7,5|4123|86400|-117.5|1|1")
}

func TestMetricsOfOneBucketAreMerged(t *testing.T) {
	s := openTest(t)
	put(t, s,
		status(alpha, saying(fullStatus)),
		status(alpha, at(noon.Add(149*time.Second)), saying(Status{NoiseFloor: ptr(-90.0)})),
		status(alpha, at(noon.Add(150*time.Second)), saying(Status{NoiseFloor: ptr(-80.0)})))
	wantRows(t, s.path, observerMetrics,
		alpha+"|2026-11-24T12:00:00Z|-90|12|345|3|4123|100|2000",
		alpha+"|2026-11-24T12:05:00Z|-80|NULL|NULL|NULL|NULL|NULL|NULL")
}

func TestMetricsBucketHasTheWidthOfOptions(t *testing.T) {
	s := openTest(t, func(o *Options) { o.MetricsInterval = time.Minute })
	put(t, s, status(alpha, at(noon.Add(89*time.Second)), saying(Status{NoiseFloor: ptr(-90.0)})))
	wantRows(t, s.path, "SELECT timestamp FROM observer_metrics", "2026-11-24T12:01:00Z")
}

func TestStatusWithoutMeasurementsIsNoMetric(t *testing.T) {
	s := openTest(t)
	put(t, s, status(alpha), status(alpha, saying(Status{Model: "T114", UptimeSecs: ptr(int64(5)), CanRelay: ptr(true)})))
	wantRows(t, s.path, observerMetrics)
	wantRows(t, s.path, "SELECT model, uptime_secs FROM observers", "T114|5")
}

func TestReplayedStatusIsNoMeasurementOfNow(t *testing.T) {
	s := openTest(t)
	put(t, s, status(alpha, unheard, saying(fullStatus)))
	wantRows(t, s.path, observerMetrics)
	wantRows(t, s.path, "SELECT model, battery_mv, last_seen FROM observers", "Heltec V3|4123|NULL")
}
