package console

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"corescope-hub/decoder"
)

// Vitals is what every page shows in its bar.
type Vitals struct {
	Pulse     [60]int        `json:"pulse"`   // observations of each of the last 60 seconds
	Rate      int            `json:"rate"`    // packets in the last minute
	Packets   int64          `json:"packets"` // in the database
	Connected int            `json:"connected"`
	Known     int            `json:"known"` // observers that were heard lately
	DaysLeft  *float64       `json:"daysLeft"`
	Recent    *recent        `json:"recent"`   // of the last ten minutes
	Alerts    []Alert        `json:"alerts"`   // the worst first
	Problems  map[string]int `json:"problems"` // by page
}

// recent is what came in the last ten minutes.
type recent struct {
	Types      map[string]int `json:"types"` // packets, by payload type
	Packets    int            `json:"packets"`
	Receptions int            `json:"receptions"`
}

const (
	recentAge  = 5 * time.Second
	recentSpan = 10 * time.Minute
)

func (s *server) readRecent(ctx context.Context) (*recent, error) {
	counts, err := s.store().Recent(ctx, time.Now().Add(-recentSpan))
	if err != nil {
		return nil, err
	}
	r := &recent{Types: map[string]int{}, Receptions: counts.Observations}
	for t, n := range counts.ByType {
		if n > 0 {
			r.Types[decoder.PayloadType(t).String()] += n
			r.Packets += n
		}
	}
	return r, nil
}

// vitals are made once a second for all pages that are open.
type vitals struct {
	make func(context.Context) Vitals

	mu   sync.Mutex // held while making
	last atomic.Pointer[toldVitals]
}

// toldVitals are vitals of one moment. They do not change.
type toldVitals struct {
	at   time.Time
	all  Vitals
	text string // as JSON, on one line
}

// freshVitals is for how long a page may begin with what others were told.
const freshVitals = 10 * time.Second

func (v *vitals) told(ctx context.Context) *toldVitals {
	v.mu.Lock()
	defer v.mu.Unlock()
	if last := v.last.Load(); last != nil && time.Since(last.at) <= vitalsPace*9/10 {
		return last
	}
	told := &toldVitals{at: time.Now(), all: v.make(ctx)}
	b, _ := json.Marshal(told.all) // it always encodes
	told.text = string(b)
	if ctx.Err() == nil { // else what could not be read is missing
		v.last.Store(told)
	}
	return told
}

func (v *vitals) now(ctx context.Context) Vitals { return v.told(ctx).all }

func (v *vitals) text(ctx context.Context) string { return v.told(ctx).text }

// fresh is what pages were told a moment ago, without a question to anybody, or
// nil.
func (v *vitals) fresh() *Vitals {
	if last := v.last.Load(); last != nil && time.Since(last.at) < freshVitals {
		return &last.all
	}
	return nil
}

// takeVitals leaves out what cannot be read now.
func (s *server) takeVitals(ctx context.Context) Vitals {
	v := Vitals{Problems: map[string]int{}, Alerts: []Alert{}}
	v.Pulse, v.Rate = s.sampler.pulse()
	observers, _ := s.observed.get(ctx)
	for i := range observers {
		switch o := &observers[i]; o.State {
		case "connected":
			v.Connected++
			v.Known++
		case "silent":
			v.Known++
		case "away":
			if o.LastSeen != nil && time.Since(*o.LastSeen) < 24*time.Hour {
				v.Known++
			}
		}
	}
	v.Recent, _ = s.recent.get(ctx)
	growth, _ := s.growth.get(ctx)
	if growth != nil {
		v.DaysLeft, v.Packets = growth.DaysLeft, growth.Packets
	}
	v.Packets = max(v.Packets, min(s.store().LastObservation(), 1))
	v.Alerts = append(v.Alerts, s.alerts(growth, observers)...)
	for _, a := range v.Alerts {
		v.Problems[a.Page]++
	}
	return v
}
