package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestLedgerTellsEachChangeOnceWithItsCauseAndDuration(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_800_000_000, 0)
	log := newLogBuffer()
	l := newLedger(slog.New(slog.NewTextHandler(log, nil)), "far", "mqtt://far:1883", func() time.Time { return at })
	refused := errors.New("connection refused")
	for range 3 {
		l.failed(refused, 0, time.Second)
	}
	at = at.Add(90 * time.Second)
	l.up()
	at = at.Add(10 * time.Minute)
	l.quiet(5*time.Minute, "a message went round")
	l.quiet(6*time.Minute, "a message went round")
	at = at.Add(time.Minute)
	l.message(at, true)
	l.message(at, false)
	at = at.Add(time.Hour)
	l.failed(errors.New("cut off"), time.Hour, time.Second)
	l.failed(refused, 0, time.Second)
	var said []string
	for line := range strings.Lines(log.String()) {
		_, line, _ = strings.Cut(line, "level=")
		said = append(said, strings.TrimSpace(line))
	}
	want := []string{
		`WARN msg="bridge down" upstream=far err="connection refused" retry_in=1s`,
		`INFO msg="bridge up" upstream=far down_for=1m30s`,
		`INFO msg="bridge quiet: nothing comes, and the upstream is alive" upstream=far silent_for=5m0s proof="a message went round"`,
		`INFO msg="bridge brings messages again" upstream=far quiet_for=1m0s`,
		`WARN msg="bridge down" upstream=far err="cut off" retry_in=1s up_for=1h0m0s`,
		`WARN msg="bridge down" upstream=far err="connection refused" retry_in=1s`,
	}
	if got := strings.Join(said, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	s := l.snapshot()
	if s.State != UpstreamDown || s.Connected || !s.Since.Equal(at) || s.Connects != 1 || s.Disconnects != 1 || s.Messages != 2 || s.LastFiveMinutes != 0 {
		t.Errorf("stats %+v", s)
	}
	if len(s.Ended) != 1 || s.Ended[0] != (Ending{At: at, Lasted: time.Hour, Cause: "cut off"}) {
		t.Errorf("ended %+v", s.Ended)
	}
}

func TestCauseIsOfBoundedSizeAndPrintable(t *testing.T) {
	t.Parallel()
	l := newLedger(slog.New(slog.DiscardHandler), "far", "", time.Now)
	l.failed(fmt.Errorf("\x1b[2J\n%s", strings.Repeat("x", 10_000)), time.Second, 0)
	if got := l.snapshot().LastError; len(got) > 600 || strings.ContainsAny(got, "\x1b\n") {
		t.Errorf("%d bytes: %.80q", len(got), got)
	}
}

func TestMessagesOfTheLastFiveMinutes(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_800_000_000, 0)
	var r recentCount
	for range 60 {
		r.add(at)
		at = at.Add(10 * time.Second)
	}
	if got := r.sum(at); got != 29 {
		t.Errorf("a message each ten seconds: %d", got)
	}
	if got := r.sum(at.Add(6 * time.Minute)); got != 0 {
		t.Errorf("six minutes later: %d", got)
	}
}
