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

// heardAt is the time to believe of what was heard, and when, by a clock that
// is not the hub's: its own if that can be right, else now. Nothing was heard in
// the future, and a time without a zone is taken for UTC only as far as it may
// be one.
func heardAt(timestamp string, now time.Time) time.Time {
	t, naive, ok := claimedTime(timestamp)
	behind := now.Sub(t)
	if !ok || behind < 0 || behind > maxBehind || naive && behind > naiveTolerance {
		return now
	}
	return t
}

// naiveSkew compares a time that an observer wrote without a zone with the
// hub's clock: the observer's minus the hub's, in whole seconds. It is nil when
// the time has a zone, is no time, is within tolerance, or is so far off that
// the clock was never set.
func naiveSkew(timestamp string, now time.Time) *time.Duration {
	t, naive, ok := claimedTime(timestamp)
	if !ok || !naive {
		return nil
	}
	skew := t.Sub(now)
	if skew > maxAhead || skew < -maxBehind || skew.Abs() <= naiveTolerance {
		return nil
	}
	skew = skew.Truncate(time.Second)
	return &skew
}

// clockOffset is the observer's clock, by a time that it wrote, minus the hub's;
// nil for no time. One without a zone counts as UTC.
func clockOffset(timestamp string, now time.Time) *time.Duration {
	t, _, ok := claimedTime(timestamp)
	if !ok {
		return nil
	}
	offset := t.Sub(now)
	return &offset
}

// claimedTime reads RFC 3339, or the same without a zone, which is naive and
// read as UTC.
func claimedTime(timestamp string) (t time.Time, naive, ok bool) {
	var err error
	if naive = len(timestamp) >= len(naiveLayout) && decimal(timestamp[len(naiveLayout):]); naive {
		t, err = time.Parse(naiveLayout, timestamp)
	} else {
		t, err = time.Parse(time.RFC3339, timestamp)
	}
	return t.UTC(), naive, err == nil
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
