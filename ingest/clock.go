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
	c := claimedTime(timestamp)
	behind := now.Sub(c.at)
	if !c.ok || behind < 0 || behind > maxBehind || c.naive && behind > naiveTolerance {
		return now
	}
	return c.at
}

// claim is a time that somebody wrote.
type claim struct {
	at    time.Time // UTC
	naive bool      // without a zone, and read as UTC
	ok    bool      // it is a time
}

// naiveSkew compares a time that an observer wrote without a zone with the
// hub's clock: the observer's minus the hub's, in whole seconds. It is nil when
// the time has a zone, is no time, is within tolerance, or is so far off that
// the clock was never set.
func naiveSkew(c claim, now time.Time) *time.Duration {
	if !c.ok || !c.naive {
		return nil
	}
	skew := c.at.Sub(now)
	if skew > maxAhead || skew < -maxBehind || skew.Abs() <= naiveTolerance {
		return nil
	}
	skew = skew.Truncate(time.Second)
	return &skew
}

// clockOffset is the observer's clock, by a time that it wrote, minus the hub's;
// nil for no time. One without a zone counts as UTC.
func clockOffset(c claim, now time.Time) *time.Duration {
	if !c.ok {
		return nil
	}
	offset := c.at.Sub(now)
	return &offset
}

// claimedTime reads RFC 3339, or the same without a zone.
func claimedTime(timestamp string) claim {
	if len(timestamp) < len(naiveLayout) {
		return claim{}
	}
	layout, naive := time.RFC3339, decimal(timestamp[len(naiveLayout):])
	if naive {
		layout = naiveLayout
	}
	t, err := time.Parse(layout, timestamp)
	return claim{at: t.UTC(), naive: naive, ok: err == nil}
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
