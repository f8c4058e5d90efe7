package broker

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Refusal is one reason for which an observer's messages or logins were refused.
type Refusal struct {
	Reason Reason
	Count  int64
	Last   time.Time
	Text   string // what was wrong, the last time
	Remedy string // what to do about it
}

// note tells the roster that a message, or a login, was refused for reason, and
// what was wrong with it; "" for what the reason says.
func (r *roster) note(key string, reason Reason, text string, now time.Time) {
	if key == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.station(key, now).refused(reason, text, now)
}

// turnedAway tells the roster that a login with the key was refused, from where,
// and why.
func (r *roster) turnedAway(key, remote string, why error, now time.Time) {
	if key == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.station(key, now)
	s.refused(ReasonLogin, why.Error(), now)
	s.refusals[0].Remedy = cmp.Or(loginRemedy(why, now), explain(ReasonLogin).remedy)
	if len(s.conns) == 0 {
		s.address = remote
	}
}

// refused counts a refusal. The caller holds roster.mu.
func (s *station) refused(reason Reason, text string, now time.Time) {
	said := explain(reason)
	if text == "" {
		text = said.text
	}
	one := Refusal{Reason: reason, Remedy: strings.ReplaceAll(said.remedy, "KEY", s.key)}
	i := slices.IndexFunc(s.refusals, func(f Refusal) bool { return f.Reason == reason })
	if i >= 0 {
		one = s.refusals[i]
		s.refusals = slices.Delete(s.refusals, i, i+1)
	}
	one.Count, one.Last, one.Text = one.Count+1, now, text
	s.refusals = slices.Insert(s.refusals, 0, one)
}

// loginRemedy is what to do about one refused login, when more can be said than
// of all of them; "" when not.
func loginRemedy(why error, now time.Time) string {
	switch {
	case errors.Is(why, ErrHubClock):
		return "set the clock of the hub's own machine"
	case errors.Is(why, ErrTokenClock):
		return fmt.Sprintf("send `time %d` to the node over serial, or give the device internet access for NTP", now.Unix())
	case errors.Is(why, ErrTokenExpired):
		return "restart its uploader: it has to make a new token every day"
	case errors.Is(why, ErrTokenAudience):
		return "set the audience in its settings to a name in hub.broker.auth.token.audiences"
	case errors.Is(why, ErrTokenLifetime), errors.Is(why, ErrTokenNoExpiry):
		return "let its uploader make tokens that last a day at most"
	case errors.Is(why, errWrongPassword):
		return "set its password again, here with corescope-hub passwd and in its settings"
	}
	return ""
}
