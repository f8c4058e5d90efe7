package console

import (
	"testing"
	"time"
)

func TestDayForgetsWhatIsOlder(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC)
	var d day
	for _, step := range []struct {
		after time.Duration
		count int64 // in all
		want  int64 // of 24 hours
	}{
		{0, 3, 3},
		{time.Hour, 10, 10},
		{23 * time.Hour, 11, 11},
		{24 * time.Hour, 11, 8}, // the first three are of yesterday's ninth hour
		{25 * time.Hour, 12, 2},
		{100 * time.Hour, 12, 0},
	} {
		now := at.Add(step.after)
		d.add(step.count, now)
		if got := d.sum(step.count, now); got != step.want {
			t.Errorf("after %s: %d, want %d", step.after, got, step.want)
		}
	}
	if got := d.sum(14, at.Add(100*time.Hour)); got != 2 {
		t.Errorf("what has not been looked at counts, too: %d", got)
	}
}
