package ingest

import "time"

// Limits of what is believed of an observer's clock. Source: CoreScope's
// ingestor, resolveRxTime.
const (
	maxAhead       = 14 * time.Hour // UTC+14 is the farthest zone
	maxBehind      = 30 * 24 * time.Hour
	naiveTolerance = 15 * time.Minute
)

// naiveLayout is ISO 8601 without a zone; Parse takes a fraction, too.
const naiveLayout = "2006-01-02T15:04:05"

// naiveSkew compares a time that an observer wrote without a zone with the
// hub's clock: the observer's minus the hub's, in whole seconds. It is nil when
// the time has a zone, is no time, is within tolerance, or is so far off that
// the clock was never set.
func naiveSkew(timestamp string, now time.Time) *time.Duration {
	if len(timestamp) < len(naiveLayout) || !decimal(timestamp[len(naiveLayout):]) {
		return nil
	}
	t, err := time.Parse(naiveLayout, timestamp)
	if err != nil {
		return nil
	}
	skew := t.Sub(now)
	if skew > maxAhead || skew < -maxBehind || skew.Abs() <= naiveTolerance {
		return nil
	}
	skew = skew.Truncate(time.Second)
	return &skew
}

// decimal says whether s may be the fraction of a second; a zone is not.
func decimal(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && c != '.' && c != ',' {
			return false
		}
	}
	return true
}
