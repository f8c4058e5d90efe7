package console

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
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

	mu   sync.Mutex
	at   time.Time
	last string
}

// text is the vitals as JSON, on one line.
func (v *vitals) text(ctx context.Context) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if now := time.Now(); now.Sub(v.at) > vitalsPace*9/10 {
		b, _ := json.Marshal(v.make(ctx)) // it always encodes
		v.at, v.last = now, string(b)
	}
	return v.last
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

// Alert is something that is wrong, with its cause and what to do.
type Alert struct {
	ID   string `json:"id"`   // the same as long as it is the same thing
	Bad  bool   `json:"bad"`  // packets are being lost, or will be
	Fact string `json:"fact"` // one sentence
	Text string `json:"text"` // cause and remedy
	Page string `json:"page"` // observers, sources, system
	Link string `json:"link"` // where more is said
	Name string `json:"name"` // of that place
}

// maxAlerts is how many are shown.
const maxAlerts = 20

// alerts looks for all that is wrong, the worst first.
func (s *server) alerts(growth *Growth, observers []observerView) []Alert {
	var bad, warn []Alert
	for _, a := range append(append(s.storeAlerts(growth), s.bridgeAlerts()...), observerAlerts(observers)...) {
		if a.Bad {
			bad = append(bad, a)
		} else {
			warn = append(warn, a)
		}
	}
	all := append(bad, warn...)
	return all[:min(len(all), maxAlerts)]
}

func (s *server) storeAlerts(growth *Growth) (all []Alert) {
	add := func(id string, bad bool, fact, text string) {
		all = append(all, Alert{ID: id, Bad: bad, Fact: fact, Text: text, Page: "system", Link: "/system", Name: "Open system"})
	}
	stats := s.store().Stats()
	disk, err := diskOf(s.site.Database)
	full := err == nil && disk.FreeBytes < leastFree
	switch {
	case full:
		add("full", true, "Disk full: packets are not being stored.", "Free 200 MB and the hub resumes by itself.")
	case stats.Failing:
		add("failing", true, "Packets are not being stored.", "The last commit failed: "+clean(stats.LastError)+". What observers sent is not acknowledged and comes again.")
	case s.sampler.stuck(time.Now()) > stuckAfter:
		add("stuck", true, "Nothing has been written for a while.", fmt.Sprintf("%d records wait. The card may hang: look at the kernel's log, and back up when it answers.", stats.QueueDepth))
	}
	if growth != nil && growth.DaysLeft != nil && *growth.DaysLeft < 14 && !full {
		add("filling", *growth.DaysLeft < 2, fmt.Sprintf("Disk full in %s.", plural(int(*growth.DaysLeft), "day")), "Make room, or keep packets for less long (retention.packetDays).")
	}
	if minutes, _ := s.sampler.commits(); len(minutes) > 0 && minutes[len(minutes)-1].Median > 1000 {
		add("slow", false, fmt.Sprintf("Writing is slow: %.1f s per commit.", minutes[len(minutes)-1].Median/1000), "The card may be wearing out. Back up now and replace it.")
	}
	return all
}

// stuckAfter is how long records may wait before the writer is said to be stuck.
const stuckAfter = 30 * time.Second

func (s *server) bridgeAlerts() (all []Alert) {
	for _, b := range s.sources().Sources {
		if b.Bridge == nil || b.Bridge.State != "down" {
			continue
		}
		text := "The hub keeps trying. Check the address, the network and the far broker."
		if b.Bridge.LastError != "" {
			text = "The far side says: " + clean(b.Bridge.LastError) + ". " + text
		}
		all = append(all, Alert{ID: "bridge " + b.Name, Bad: true, Fact: "Bridge " + name(b.Name) + " is down.", Text: text, Page: "sources", Link: "/sources", Name: "Show bridge"})
	}
	return all
}

func observerAlerts(observers []observerView) (all []Alert) {
	for i := range observers {
		o := &observers[i]
		if o.Muted {
			continue
		}
		title := o.Name
		if title == "" {
			title = "Observer " + o.ID[:min(len(o.ID), 8)]
		}
		a := Alert{Page: "observers", Link: "/observers/" + o.ID, Name: "Open observer"}
		if o.State == "silent" {
			a.ID, a.Fact = "silent "+o.ID, title+" has been silent since "+o.Since.Local().Format("15:04")+"."
			a.Text = "It is connected and sends no packets. Check its antenna, and restart it."
			if o.Rise != nil {
				a.Text = fmt.Sprintf("Its noise floor rose %.0f dB at %s. Look for interference near its antenna, then restart it.", *o.Rise, o.RoseAt.Local().Format("15:04"))
			}
			all = append(all, a)
		}
		if o.State != "away" && o.Region == unsetRegion {
			a.ID, a.Fact, a.Text = "region "+o.ID, "Region "+unsetRegion+" is the default.", "Set the uploader's region of "+title+" to the nearest airport code."
			all = append(all, a)
		}
	}
	return all
}

// unsetRegion is what meshcoretomqtt publishes under until it is given a region.
const unsetRegion = "XXX"

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
