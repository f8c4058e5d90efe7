package store

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// trusting is a guard that believes any clock.
func trusting(s *Store) *clockGuard {
	g := s.guardClock()
	g.newest = func(context.Context, time.Time) (time.Time, error) { return time.Time{}, nil }
	return g
}

// proveClock stores a row of yesterday, so that the clock of the tests is
// believed.
func proveClock(t *testing.T, s *Store) {
	t.Helper()
	put(t, s, packet(alpha, "yesterday", at(ago(1))))
}

func TestClockIsBelievedWhenRowsOrTimeProveItRight(t *testing.T) {
	const hour = time.Hour
	// The hub starts at noon; the clock is set by so much right before the last look.
	for _, tc := range []struct {
		name    string
		lastRow time.Duration // before noon; 0 for none
		passed  time.Duration // since noon
		set     time.Duration
		want    bool
	}{
		{"no rows", 0, 0, 0, true},
		{"rows of today alone", hour, 0, 0, true},
		{"a day's rows", 25 * hour, 0, 0, true},
		{"off for two days", 48 * hour, 0, 0, true},
		{"off for longer", 49 * hour, 0, 0, false},
		{"off for longer, a day ago", 49 * hour, 24 * hour, 0, true},
		{"off for longer, almost a day ago", 49 * hour, 23 * hour, 0, false},
		{"set ahead", hour, hour, 24 * 400 * hour, false},
		{"set ahead after a day", hour, 30 * hour, 24 * 400 * hour, false},
		{"set ahead a little", 25 * hour, hour, 5 * hour, true},
		{"set back", hour, 30 * hour, -24 * 400 * hour, true},
	} {
		passed, set := time.Duration(0), time.Duration(0)
		lastRow := noon.Add(-tc.lastRow)
		g := &clockGuard{
			now:    func() time.Time { return noon.Add(passed + set) },
			passed: func() time.Duration { return passed },
			newest: func(_ context.Context, before time.Time) (time.Time, error) {
				if tc.lastRow == 0 || lastRow.After(before) {
					return time.Time{}, nil
				}
				return lastRow, nil
			},
		}
		g.trusts(t.Context())
		passed, set = tc.passed, tc.set
		if got, ahead, err := g.trusts(t.Context()); got != tc.want || err != nil {
			t.Errorf("%s: believed %v, want %v; ahead %s, %v", tc.name, got, tc.want, ahead, err)
		}
	}
}

// A time server trims the clock all day; that is not setting it.
func TestTrimmedClockIsBelieved(t *testing.T) {
	var passed, trimmed time.Duration
	g := &clockGuard{
		now:    func() time.Time { return noon.Add(passed + trimmed) },
		passed: func() time.Duration { return passed },
		newest: func(context.Context, time.Time) (time.Time, error) { return ago(30), nil },
	}
	for ; passed < clockProof; passed += time.Minute {
		if ok, _, _ := g.trusts(t.Context()); ok {
			t.Fatalf("believed after %s", passed)
		}
		trimmed += time.Second / 2
	}
	if ok, _, _ := g.trusts(t.Context()); !ok {
		t.Error("not believed after a day")
	}
}

func TestClockIsNotBelievedWhenRowsCannotBeRead(t *testing.T) {
	g := trusting(openTest(t))
	g.newest = func(context.Context, time.Time) (time.Time, error) { return time.Time{}, errors.New("cannot read") }
	if ok, _, err := g.trusts(t.Context()); ok || err == nil {
		t.Errorf("believed %v, %v", ok, err)
	}
}

// A clock that jumps a year ahead deletes nothing, unless it stays there for a
// day.
func TestClockThatJumpsAheadDeletesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	var logged bytes.Buffer
	var ahead atomic.Int64
	synctest.Test(t, func(t *testing.T) {
		opts := DefaultOptions()
		opts.now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
		opts.Log = slog.New(slog.NewTextHandler(&logged, nil))
		opts.Retention = Retention{PacketDays: 30, NodeDays: 30}
		opts.Blacklist = []string{bravo}
		s, err := Open(t.Context(), path, opts)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		start := time.Now()
		put(t, s, announcement("01", 1, at(start)), packet(bravo, "01", at(start)))
		go s.Maintain(t.Context())
		await := func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
		}
		const left = "SELECT (SELECT count(*) FROM nodes), (SELECT count(*) FROM transmissions), (SELECT sum(inactive) FROM observers)"
		await(time.Minute)
		ahead.Store(int64(365 * 24 * time.Hour))
		await(24 * time.Hour) // less a minute since it jumped, as far as anybody has seen
		wantRows(t, path, left, "1|1|1")
		await(2 * time.Hour)
		wantRows(t, path, left, "0|0|1")
	})
	for text, want := range map[string]int{"old rows are kept for now": 1, "set it (timedatectl)": 1, "old rows go again": 1} {
		if got := strings.Count(logged.String(), text); got != want {
			t.Errorf("%q told %d times, want %d:\n%s", text, got, want, &logged)
		}
	}
}
