package console

import (
	"testing"
	"time"
)

func TestTrafficIsCountedByTheMinuteForAnHour(t *testing.T) {
	t.Parallel()
	tr, start := new(traffic), time.Date(2026, 11, 24, 20, 0, 30, 0, time.UTC)
	received := uint64(0)
	look := func(at time.Duration, more uint64) (minutes []*int) {
		received += more
		tr.take([]Source{{Name: "a", Fates: Fates{Received: received}}}, start.Add(at))
		return tr.added(Sources{Sources: []Source{{Name: "a"}}}).Sources[0].PerMinute
	}
	expect := func(what string, minutes []*int, want map[int]int, known int) {
		t.Helper()
		if len(minutes) != 60 {
			t.Fatalf("%s: %d minutes", what, len(minutes))
		}
		for i, n := range minutes {
			if (n != nil) != (i >= 60-known) {
				t.Errorf("%s: minute %d is known: %v", what, i, n != nil)
			} else if n != nil && *n != want[i] {
				t.Errorf("%s: %d in minute %d, want %d", what, *n, i, want[i])
			}
		}
	}
	expect("new", look(0, 3), map[int]int{59: 3}, 1)
	expect("same minute", look(20*time.Second, 4), map[int]int{59: 7}, 1)
	expect("next minute", look(time.Minute, 5), map[int]int{58: 7, 59: 5}, 2)
	expect("after a pause", look(4*time.Minute, 1), map[int]int{55: 7, 56: 5, 59: 1}, 5)
	expect("clock set back", look(2*time.Minute, 2), map[int]int{55: 7, 56: 5, 59: 3}, 5)
	expect("59 minutes", look(59*time.Minute, 0), map[int]int{0: 7, 1: 5, 4: 3}, 60)
	expect("the oldest goes", look(60*time.Minute, 6), map[int]int{0: 5, 3: 3, 59: 6}, 60)
	expect("days later", look(96*time.Hour, 1), map[int]int{59: 1}, 60)
}

func TestTrafficOfASourceThatIsGoneIsForgotten(t *testing.T) {
	t.Parallel()
	tr, now := new(traffic), time.Now()
	tr.take([]Source{{Name: "a"}, {Name: "b"}}, now)
	tr.take([]Source{{Name: "b"}}, now)
	if len(tr.of) != 1 || tr.of["b"] == nil {
		t.Errorf("remembered: %v", tr.of)
	}
}
