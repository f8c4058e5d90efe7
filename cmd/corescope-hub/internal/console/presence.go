package console

import (
	"context"
	"net/http"
	"slices"
	"sort"
	"strings"
	"time"

	"corescope-hub/broker"
)

// presence is what the broker knows of an observer now.
type presence struct {
	connected bool
	since     time.Time
	via       string // the bridge, or the address of the client
	ruling    Ruling
	doubled   time.Time       // since when a second connection speaks for it; zero when none does
	refused   *broker.Refusal // its latest login, a moment ago, while it is not connected; nil when not
}

// bridged is how long an observer that comes over a bridge counts as present
// after a message: its connection is at the far broker.
const bridged = 10 * time.Minute

// present is what the broker knows of each observer, by key in upper case.
func (s *server) present(now time.Time) map[string]presence {
	all := map[string]presence{}
	for _, o := range s.roster() {
		p := presence{connected: o.Connections > 0, since: o.Since, via: o.Address, ruling: Ruling{Decision: string(o.Decision), Muted: o.Muted, MutedUntil: orNever(o.MutedUntil)}}
		if o.Connections == 0 && o.Upstream != "" {
			p.connected, p.since, p.via = now.Sub(o.LastMessage) < bridged, o.FirstSeen, o.Upstream
		}
		p.doubled = o.Doubled
		if i := slices.IndexFunc(o.Refusals, func(r broker.Refusal) bool { return r.Reason == broker.ReasonLogin }); i >= 0 && !p.connected && now.Sub(o.Refusals[i].Last) < refusedLately {
			p.refused = &o.Refusals[i]
		}
		all[strings.ToUpper(o.Key)] = p
	}
	return all
}

// refusedLately is how long after a refused login a device is said to be turned
// away: those that are try again every few minutes.
const refusedLately = 15 * time.Minute

// Decisions are what an admin can decide on observers.
type Decisions struct {
	Rulings func() (map[string]broker.Ruling, error)                   // by key
	Change  func(key string, change func(ruling *broker.Ruling)) error // of one observer
}

// muteFor is how long an observer is muted from the page.
const muteFor = 24 * time.Hour

// decisions are the words for them in addresses.
var decisions = map[string]func(r *broker.Ruling, now time.Time){
	"allow":  func(r *broker.Ruling, _ time.Time) { r.Decision, r.Muted = broker.Allow, false },
	"deny":   func(r *broker.Ruling, _ time.Time) { r.Decision = broker.Deny },
	"lift":   func(r *broker.Ruling, _ time.Time) { r.Decision = broker.Undecided },
	"mute":   func(r *broker.Ruling, now time.Time) { r.Muted, r.Until = true, now.Add(muteFor) },
	"unmute": func(r *broker.Ruling, _ time.Time) { r.Muted, r.Until = false, time.Time{} },
}

// decide answers POST /api/console/observers/{key}/{decision}.
func (s *server) decide(_ context.Context, r *http.Request) (any, error) {
	change, ok := decisions[r.PathValue("decision")]
	if !ok {
		return nil, errNotThere
	}
	key, err := broker.ObserverKey(r.PathValue("key"))
	if err != nil {
		return nil, &badRequest{"key", r.PathValue("key"), "an observer's id"}
	}
	if err := s.decisions.Change(key, func(ruling *broker.Ruling) { change(ruling, time.Now()) }); err != nil {
		return nil, err
	}
	s.log.Info("decided in the console", "observer", key[:min(len(key), 8)], "decision", r.PathValue("decision"))
	return map[string]string{"observer": key, "decision": r.PathValue("decision")}, nil
}

// refusalAge is how long a refusal is told of.
const refusalAge = 24 * time.Hour

// maxTurnedAway is how many are listed.
const maxTurnedAway = 100

// addRulings tells whom the broker turned away, and on whom something is decided.
func (s *server) addRulings(page *observersPage) error {
	for _, o := range s.roster() {
		for _, refusal := range o.Refusals {
			if page.Now.Sub(refusal.Last) > refusalAge || refusal.Reason == broker.ReasonMuted || refusal.Reason == broker.ReasonDenied {
				continue
			}
			page.TurnedAway = append(page.TurnedAway, refusalView{
				Key: clean(o.Key), Name: name(o.Name), Address: o.Address, Reason: string(refusal.Reason), Text: clean(refusal.Text), Remedy: clean(refusal.Remedy),
				Attempts: refusal.Count, Last: refusal.Last, CanAllow: refusal.Reason == broker.ReasonUnknown,
			})
		}
	}
	sort.Slice(page.TurnedAway, func(i, k int) bool { return page.TurnedAway[i].Last.After(page.TurnedAway[k].Last) })
	page.TurnedAway = page.TurnedAway[:min(len(page.TurnedAway), maxTurnedAway)]

	names := map[string]string{}
	for i := range page.Observers {
		names[strings.ToUpper(page.Observers[i].ID)] = page.Observers[i].Name
	}
	rulings, err := s.decisions.Rulings()
	if err != nil {
		return err
	}
	for key, r := range rulings {
		view := ruledView{Key: key, Name: names[key], Note: clean(r.Note)}
		if r.Muted && (r.Until.IsZero() || page.Now.Before(r.Until)) {
			muted := view
			muted.Until = orNever(r.Until)
			page.Muted = append(page.Muted, muted)
		}
		if r.Decision == broker.Deny {
			page.Denied = append(page.Denied, view)
		}
	}
	for _, o := range s.roster() { // muted by the hub itself
		if _, told := rulings[o.Key]; o.Muted && !told {
			page.Muted = append(page.Muted, ruledView{Key: o.Key, Name: name(o.Name), Until: orNever(o.MutedUntil), By: clean(o.MutedBy)})
		}
	}
	for _, views := range [][]ruledView{page.Muted, page.Denied} {
		sort.Slice(views, func(i, k int) bool { return views[i].Key < views[k].Key })
	}
	return nil
}
