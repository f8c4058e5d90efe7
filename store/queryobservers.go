package store

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Bounds of what is read of observers.
const (
	maxObserverRows = 1000
	snrSamples      = 300 // of each observer, the latest
)

// ObserverRow is an observer as stored.
type ObserverRow struct {
	ID            string // 64 hex digits, or what the observer calls itself
	Name          string
	IATA          string
	FirstSeen     time.Time // zero when never heard
	LastSeen      time.Time
	LastPacketAt  time.Time // zero when it sent none
	Packets       int64
	Model         string
	Firmware      string
	ClientVersion string
	Radio         string   // as sent: MHz, kHz, spreading factor, coding rate
	BatteryMV     *int64   // mV; nil or 0 on mains
	UptimeSecs    *int64   // seconds
	NoiseFloor    *float64 // dBm
	Inactive      bool
	ClockSkew     *int64 // seconds that a clock without a zone was off, when last corrected
	ClockSkewAt   time.Time
}

const selectObservers = `SELECT id, COALESCE(name, ''), COALESCE(iata, ''), COALESCE(first_seen, ''), COALESCE(last_seen, ''),
	COALESCE(last_packet_at, ''), COALESCE(packet_count, 0), COALESCE(model, ''), COALESCE(firmware, ''),
	COALESCE(client_version, ''), COALESCE(radio, ''), battery_mv, uptime_secs, noise_floor, COALESCE(inactive, 0),
	clock_skew_seconds, COALESCE(clock_last_naive_at, '')
	FROM observers WHERE id > ?1 ORDER BY id LIMIT ?2`

// Observers lists observers by id, those with an id above after, at most 1000.
func (s *Store) Observers(ctx context.Context, after string, limit int) ([]ObserverRow, error) {
	rows, err := s.read.QueryContext(ctx, selectObservers, after, min(max(limit, 1), maxObserverRows))
	if err != nil {
		return nil, fmt.Errorf("read observers: %w", err)
	}
	defer rows.Close()
	var all []ObserverRow
	for rows.Next() {
		var o ObserverRow
		var first, last, packet, naive string
		err := rows.Scan(&o.ID, &o.Name, &o.IATA, &first, &last, &packet, &o.Packets, &o.Model, &o.Firmware,
			&o.ClientVersion, &o.Radio, &o.BatteryMV, &o.UptimeSecs, &o.NoiseFloor, &o.Inactive, &o.ClockSkew, &naive)
		if err != nil {
			return nil, fmt.Errorf("read observers: %w", err)
		}
		o.FirstSeen, o.LastSeen = parseTime(first), parseTime(last)
		o.LastPacketAt, o.ClockSkewAt = parseTime(packet), parseTime(naive)
		all = append(all, o)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read observers: %w", err)
	}
	return all, nil
}

// ObserverActivity is what an observer heard lately.
type ObserverActivity struct {
	ObserverID string
	PerMinute  [60]int // observations, the last is the minute under way

	// SNR in dB at the 10th, 25th, 50th, 75th and 90th percent of the last 300
	// observations of the day; nil when there are none.
	SNR []float64

	// UsualGap is the median time between two of these; 0 when there are fewer
	// than ten.
	UsualGap time.Duration
}

const (
	// selectPerMinute is answered by the index on observer and time alone.
	selectPerMinute = `SELECT s.id, (o.timestamp - ?1) / 60, count(*)
		FROM observers s JOIN observations o ON o.observer_idx = s.rowid AND o.timestamp >= ?1
		WHERE s.last_seen >= ?2 GROUP BY 1, 2`

	selectHeardSince = `SELECT rowid, id FROM observers WHERE last_packet_at >= ? ORDER BY last_packet_at DESC LIMIT 64`

	selectSNRs = `SELECT snr, timestamp FROM observations WHERE observer_idx = ?1 AND timestamp >= ?2
		ORDER BY timestamp DESC LIMIT ?3`
)

// Activity is what the observers heard in the hour, and how well in the day,
// before now. Observers that heard nothing are left out.
func (s *Store) Activity(ctx context.Context, now time.Time) (map[string]*ObserverActivity, error) {
	all := map[string]*ObserverActivity{}
	of := func(id string) *ObserverActivity {
		if all[id] == nil {
			all[id] = &ObserverActivity{ObserverID: id}
		}
		return all[id]
	}
	start := now.Unix() - now.Unix()%60 - 59*60
	rows, err := s.read.QueryContext(ctx, selectPerMinute, start, time.Unix(start, 0).UTC().Format(timeLayout))
	if err != nil {
		return nil, fmt.Errorf("read activity: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var minute, n int
		if err := rows.Scan(&id, &minute, &n); err != nil {
			return nil, fmt.Errorf("read activity: %w", err)
		}
		if minute >= 0 && minute < 60 {
			of(id).PerMinute[minute] = n
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read activity: %w", err)
	}
	return all, s.addSNRs(ctx, now.Add(-24*time.Hour), of)
}

func (s *Store) addSNRs(ctx context.Context, since time.Time, of func(string) *ObserverActivity) error {
	rows, err := s.read.QueryContext(ctx, selectHeardSince, since.UTC().Format(timeLayout))
	if err != nil {
		return fmt.Errorf("read observers: %w", err)
	}
	defer rows.Close()
	ids := map[int64]string{}
	for rows.Next() {
		var rowid int64
		var id string
		if err := rows.Scan(&rowid, &id); err != nil {
			return fmt.Errorf("read observers: %w", err)
		}
		ids[rowid] = id
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read observers: %w", err)
	}
	for rowid, id := range ids {
		if err := s.addSamples(ctx, rowid, since, of(id)); err != nil {
			return fmt.Errorf("read SNRs: %w", err)
		}
	}
	return nil
}

// addSamples reads the latest observations of one observer, newest first.
func (s *Store) addSamples(ctx context.Context, rowid int64, since time.Time, a *ObserverActivity) error {
	rows, err := s.read.QueryContext(ctx, selectSNRs, rowid, since.Unix(), snrSamples)
	if err != nil {
		return err
	}
	defer rows.Close()
	var snrs []float64
	var gaps []int64
	for before := int64(0); rows.Next(); {
		var snr *float64
		var at int64
		if err := rows.Scan(&snr, &at); err != nil {
			return err
		}
		if snr != nil {
			snrs = append(snrs, *snr)
		}
		if before > 0 {
			gaps = append(gaps, before-at)
		}
		before = at
	}
	if slices.Sort(gaps); len(gaps) >= 9 {
		a.UsualGap = time.Duration(gaps[len(gaps)/2]) * time.Second
	}
	if slices.Sort(snrs); len(snrs) > 0 {
		for _, percent := range []int{10, 25, 50, 75, 90} {
			a.SNR = append(a.SNR, snrs[(len(snrs)-1)*percent/100])
		}
	}
	return rows.Err()
}

// Measurement is what an observer said of itself at one time.
type Measurement struct {
	ObserverID string
	At         time.Time
	NoiseFloor *float64 // dBm
	BatteryMV  *int64   // mV
}

const selectMeasurements = `SELECT observer_id, timestamp, noise_floor, battery_mv FROM observer_metrics
	WHERE timestamp >= ?1 ORDER BY timestamp LIMIT ?2`

// maxMeasurements is a day of 5-minute buckets of 70 observers.
const maxMeasurements = 20_000

// Measurements lists what observers said of themselves since a time, oldest
// first, at most 20,000.
func (s *Store) Measurements(ctx context.Context, since time.Time) ([]Measurement, error) {
	rows, err := s.read.QueryContext(ctx, selectMeasurements, since.UTC().Format(timeLayout), maxMeasurements)
	if err != nil {
		return nil, fmt.Errorf("read observer metrics: %w", err)
	}
	defer rows.Close()
	var all []Measurement
	for rows.Next() {
		var m Measurement
		var at string
		if err := rows.Scan(&m.ObserverID, &at, &m.NoiseFloor, &m.BatteryMV); err != nil {
			return nil, fmt.Errorf("read observer metrics: %w", err)
		}
		m.At = parseTime(at)
		all = append(all, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read observer metrics: %w", err)
	}
	return all, nil
}
