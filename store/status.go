package store

import "fmt"

const (
	updateStatus = `UPDATE observers SET
		model = COALESCE(?1, model), firmware = COALESCE(?2, firmware),
		client_version = COALESCE(?3, client_version), radio = COALESCE(?4, radio),
		battery_mv = COALESCE(?5, battery_mv), uptime_secs = COALESCE(?6, uptime_secs),
		noise_floor = COALESCE(?7, noise_floor), can_relay = COALESCE(?8, can_relay),
		can_relay_seen = CASE WHEN ?8 IS NULL THEN can_relay_seen ELSE 1 END
		WHERE rowid = ?9`

	// mergeMetrics keeps what an earlier status of the same bucket said and this
	// one does not say.
	mergeMetrics = `INSERT INTO observer_metrics
		(observer_id, timestamp, noise_floor, tx_air_secs, rx_air_secs, recv_errors, battery_mv, packets_sent, packets_recv)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT(observer_id, timestamp) DO UPDATE SET
			noise_floor = COALESCE(excluded.noise_floor, noise_floor),
			tx_air_secs = COALESCE(excluded.tx_air_secs, tx_air_secs),
			rx_air_secs = COALESCE(excluded.rx_air_secs, rx_air_secs),
			recv_errors = COALESCE(excluded.recv_errors, recv_errors),
			battery_mv = COALESCE(excluded.battery_mv, battery_mv),
			packets_sent = COALESCE(excluded.packets_sent, packets_sent),
			packets_recv = COALESCE(excluded.packets_recv, packets_recv)`
)

// status writes what an observer said of itself. A status that is old news of
// unknown age still tells model and firmware, but is no measurement of now.
func (l *ledger) status(r *Record, row *observerRow) error {
	s := r.Status
	if *s != (Status{}) {
		var relay any
		if s.CanRelay != nil {
			relay = boolInt(*s.CanRelay)
		}
		_, err := l.conn.exec(updateStatus, orNull(s.Model), orNull(s.Firmware), orNull(s.ClientVersion), orNull(s.Radio),
			deref(s.BatteryMV), deref(s.UptimeSecs), deref(s.NoiseFloor), relay, row.rowid)
		if err != nil {
			return fmt.Errorf("update observer status: %w", err)
		}
	}
	if !r.Observer.Heard || !s.measures() {
		return nil
	}
	_, err := l.conn.exec(mergeMetrics, row.id, bucket(r.ReceivedAt, l.buckets),
		deref(s.NoiseFloor), deref(s.TxAirSecs), deref(s.RxAirSecs), deref(s.RecvErrors),
		deref(s.BatteryMV), deref(s.PacketsSent), deref(s.PacketsRecv))
	if err != nil {
		return fmt.Errorf("write observer metrics: %w", err)
	}
	return nil
}

// measures reports whether there is anything for observer_metrics.
func (s *Status) measures() bool {
	return s.NoiseFloor != nil || s.BatteryMV != nil || s.TxAirSecs != nil || s.RxAirSecs != nil ||
		s.RecvErrors != nil || s.PacketsSent != nil || s.PacketsRecv != nil
}

func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
