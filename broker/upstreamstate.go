package broker

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
)

// UpstreamState is what a bridge is at.
type UpstreamState string

// The states of a bridge.
const (
	UpstreamDown  UpstreamState = "down"  // not connected; it tries again
	UpstreamUp    UpstreamState = "up"    // connected, its subscriptions granted
	UpstreamQuiet UpstreamState = "quiet" // up, and silent for longer than it usually is; it was asked, and lives
)

// UpstreamStats is what a bridge did since the broker was made. Nothing in it
// holds credentials.
type UpstreamStats struct {
	Name    string
	Address string // the URL without login, query and fragment

	State     UpstreamState
	Connected bool      // up or quiet
	Since     time.Time // when State began

	Connects    int64
	Disconnects int64
	Ended       []Ending // the last connections that ended, oldest first, at most 16
	LastError   string   // why it was not connected the last time; "" when it always was
	Self        bool     // it leads back to this hub, and so is not used

	Messages        int64
	LastFiveMinutes int64     // messages of the last five minutes
	LastMessage     time.Time // zero when none came
	Waiting         int64     // messages whose fate is not known, now
	Refused         int64     // messages beyond the bounds on size or topic, acknowledged and not looked at
	Republished     int64     // messages shown to local subscribers

	Probes int64 // times that a silent upstream was asked whether it lives
	Dead   int64 // connections that looked alive and brought nothing
}

// Ending is one connection that ended.
type Ending struct {
	At     time.Time
	Lasted time.Duration
	Cause  string
}

// maxEndings is how many endings are kept for each upstream.
const maxEndings = 16

// ledger is what is known of a bridge, and tells the operator of each change,
// once.
type ledger struct {
	log *slog.Logger
	now func() time.Time

	mu     sync.Mutex
	stats  UpstreamStats
	recent recentCount
	told   news
}

func newLedger(log *slog.Logger, name, address string, now func() time.Time) *ledger {
	return &ledger{
		log: log.With("upstream", name), now: now,
		stats: UpstreamStats{Name: name, Address: address, State: UpstreamDown, Since: now()},
	}
}

// up takes down that the bridge is connected. args are for the log.
func (l *ledger) up(args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stats.Disconnects > 0 || l.stats.LastError != "" {
		args = append(args, "down_for", l.inState())
	}
	l.enter(UpstreamUp)
	l.stats.Self = false
	l.stats.Connects++
	l.told = news{}
	l.log.Info("bridge up", args...)
}

// quiet takes down that the upstream is silent and yet alive.
func (l *ledger) quiet(silent time.Duration, proof string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stats.State != UpstreamUp {
		return
	}
	l.enter(UpstreamQuiet)
	l.log.Info("bridge quiet: nothing comes, and the upstream is alive", "silent_for", silent.Round(time.Second), "proof", proof)
}

// message takes down that one came. Old ones, which the upstream had retained,
// do not end a silence.
func (l *ledger) message(at time.Time, retained bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stats.State == UpstreamQuiet && !retained {
		l.log.Info("bridge brings messages again", "quiet_for", l.inState())
		l.enter(UpstreamUp)
	}
	l.stats.Messages++
	l.stats.LastMessage = at
	l.recent.add(at)
}

// renewed takes down a connection that the hub ended itself, to log in anew.
func (l *ledger) renewed(lasted time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended(lasted, "login renewed")
	l.log.Debug("bridge login renewed", "up_for", lasted.Round(time.Second))
}

// failed takes down why a connection ended, or could not be made: lasted is 0
// then.
func (l *ledger) failed(err error, lasted, retry time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	cause := cleanCause(err.Error())
	l.stats.LastError, l.stats.Self = cause, errors.Is(err, errSelf)
	args := []any{"err", cause, "retry_in", retry.Round(100 * time.Millisecond)}
	if lasted > 0 {
		l.ended(lasted, cause)
		args = append(args, "up_for", lasted.Round(time.Second))
	}
	level := slog.LevelDebug
	known := l.stats.Self && cause == l.told.told // it is no fault that anybody waits to see mended
	if !known && l.told.is(cause, l.now()) {
		level = slog.LevelWarn
	}
	l.log.Log(context.Background(), level, "bridge down", args...)
}

// cleanCause is fit for a log and a terminal: some of it may come from the
// upstream.
func cleanCause(cause string) string {
	const most = 500
	cause = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, cause)
	if len(cause) > most {
		cause = strings.ToValidUTF8(cause[:most], "") + "…"
	}
	return cause
}

func (l *ledger) ended(lasted time.Duration, cause string) {
	l.enter(UpstreamDown)
	l.stats.Disconnects++
	l.stats.Ended = append(l.stats.Ended, Ending{At: l.now(), Lasted: lasted, Cause: cause})
	if n := len(l.stats.Ended); n > maxEndings {
		l.stats.Ended = slices.Clone(l.stats.Ended[n-maxEndings:])
	}
}

func (l *ledger) enter(s UpstreamState) { l.stats.State, l.stats.Since = s, l.now() }

// inState is how long the state has lasted, for the log.
func (l *ledger) inState() time.Duration { return l.now().Sub(l.stats.Since).Round(time.Second) }

// refused takes down a message beyond the bounds.
func (l *ledger) refused() { l.count(func(s *UpstreamStats) { s.Refused++ }) }

// republished takes down a message shown to local subscribers.
func (l *ledger) republished() { l.count(func(s *UpstreamStats) { s.Republished++ }) }

// probing takes down that the upstream is asked whether it lives.
func (l *ledger) probing() { l.count(func(s *UpstreamStats) { s.Probes++ }) }

// dead takes down that it does not.
func (l *ledger) dead() { l.count(func(s *UpstreamStats) { s.Dead++ }) }

func (l *ledger) count(add func(*UpstreamStats)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	add(&l.stats)
}

func (l *ledger) snapshot() UpstreamStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Connected = s.State != UpstreamDown
	s.Ended = slices.Clone(s.Ended)
	s.LastFiveMinutes = l.recent.sum(l.now())
	return s
}

// news is the reason for which a bridge is down, as it was last told: a reason
// that stays is told once an hour.
type news struct {
	told string
	at   time.Time
}

// is says whether reason is to be told now.
func (n *news) is(reason string, now time.Time) bool {
	if reason == n.told && now.Sub(n.at) < time.Hour {
		return false
	}
	n.told, n.at = reason, now
	return true
}

// recentCount counts what came in the last five minutes, in steps of ten
// seconds.
type recentCount struct {
	step  [30]int64 // Unix time / 10 s, that the count of the same index is of
	count [30]int64
}

func (r *recentCount) add(at time.Time) {
	step := at.Unix() / 10
	i := step % int64(len(r.step))
	if r.step[i] != step {
		r.step[i], r.count[i] = step, 0
	}
	r.count[i]++
}

func (r *recentCount) sum(at time.Time) (n int64) {
	now := at.Unix() / 10
	for i, step := range r.step {
		if step > now-int64(len(r.step)) && step <= now {
			n += r.count[i]
		}
	}
	return n
}
