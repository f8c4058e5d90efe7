package console

import (
	"context"
	"net/http"
	"sort"
	"strings"
	"time"

	"corescope-hub/broker"
	"corescope-hub/store"
)

// Observer is one observer, as /api/v1/observers shows it.
type Observer struct {
	ID         string     `json:"id"` // its public key, or what it calls itself
	Name       string     `json:"name"`
	Region     string     `json:"region"`
	FirstSeen  *time.Time `json:"firstSeen"`
	LastSeen   *time.Time `json:"lastSeen"`
	LastPacket *time.Time `json:"lastPacket"`
	Packets    int64      `json:"packets"`
	Model      string     `json:"model"`
	Firmware   string     `json:"firmware"`
	Uploader   string     `json:"uploader"`
	Radio      string     `json:"radio"`      // MHz, kHz, spreading factor, coding rate
	BatteryMV  *int64     `json:"batteryMv"`  // null or 0 on mains
	NoiseFloor *float64   `json:"noiseFloor"` // dBm
	UptimeSecs *int64     `json:"uptimeSeconds"`
	Inactive   bool       `json:"inactive"` // not heard for as long as the retention says
}

// ObserverList is the answer of GET /api/v1/observers.
type ObserverList struct {
	Observers []Observer `json:"observers"` // by id
	Next      *string    `json:"next,omitempty"`
}

// observerRows are all observers at one time.
type observerRows struct{ rows []store.ObserverRow }

const observersAge = 3 * time.Second

func (s *server) readObservers(ctx context.Context) (observerRows, error) {
	rows, err := s.store().Observers(ctx, "", maxObservers)
	return observerRows{rows}, err
}

const maxObservers = 1000

// listObservers answers GET /api/v1/observers.
func (s *server) listObservers(ctx context.Context, r *http.Request) (any, error) {
	limit, err := limitOf(r)
	if err != nil {
		return nil, err
	}
	rows, err := s.store().Observers(ctx, r.FormValue("cursor"), limit)
	if err != nil {
		return nil, err
	}
	list := ObserverList{Observers: make([]Observer, len(rows))}
	for i := range rows {
		list.Observers[i] = observerOf(&rows[i])
	}
	if len(rows) == limit {
		list.Next = &rows[limit-1].ID
	}
	return list, nil
}

func observerOf(o *store.ObserverRow) Observer {
	return Observer{
		ID: o.ID, Name: name(o.Name), Region: name(o.IATA),
		FirstSeen: orNever(o.FirstSeen), LastSeen: orNever(o.LastSeen), LastPacket: orNever(o.LastPacketAt),
		Packets: o.Packets, Model: name(o.Model), Firmware: name(o.Firmware), Uploader: name(o.ClientVersion), Radio: name(o.Radio),
		BatteryMV: o.BatteryMV, NoiseFloor: o.NoiseFloor, UptimeSecs: o.UptimeSecs, Inactive: o.Inactive,
	}
}

// orNever is a time that JSON shows as null when it never was.
func orNever(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// observerView is one row of the observers page.
type observerView struct {
	Observer
	State     string    `json:"state"` // connected, silent, away
	Since     time.Time `json:"since"` // of the state, as well as it is known
	Via       string    `json:"via"`   // bridge, or address of the client
	PerMinute [60]int   `json:"perMinute"`
	SNR       []float64 `json:"snr"` // 10, 25, 50, 75, 90 percent
	Noise     []float64 `json:"noise"`
	Skew      *int64    `json:"skewSeconds"` // corrected in the last day
	Rise      *float64  `json:"noiseRise"`   // dB that the noise floor rose before it fell silent
	RoseAt    time.Time `json:"roseAt"`
	Ruling

	doubled time.Time       // since when a second connection speaks for it
	refused *broker.Refusal // its latest login, a moment ago
}

// Ruling is what the operator decided on an observer.
type Ruling struct {
	Decision   string     `json:"decision"` // allow, deny or ""
	Muted      bool       `json:"muted"`
	MutedUntil *time.Time `json:"mutedUntil"`
}

// observersPage is what the observers page shows.
type observersPage struct {
	Now        time.Time      `json:"now"`
	Observers  []observerView `json:"observers"`
	TurnedAway []refusalView  `json:"turnedAway"`
	Muted      []ruledView    `json:"muted"`
	Denied     []ruledView    `json:"denied"`
	Admission  string         `json:"admission"` // who may publish, in words
	MayChange  bool           `json:"mayChange"`
}

// refusalView is one reason for which one device was turned away.
type refusalView struct {
	Key      string    `json:"key"`
	Name     string    `json:"name"`
	Address  string    `json:"address"`
	Reason   string    `json:"reason"`
	Text     string    `json:"text"`
	Remedy   string    `json:"remedy"`
	Attempts int64     `json:"attempts"`
	Last     time.Time `json:"last"`
	CanAllow bool      `json:"canAllow"`
}

// ruledView is an observer that is muted or denied.
type ruledView struct {
	Key   string     `json:"key"`
	Name  string     `json:"name"`
	Note  string     `json:"note"`
	Until *time.Time `json:"until"`
	By    string     `json:"by"`
}

// leastSilence is how long an observer may be silent at least before that is
// worth a word.
const leastSilence = 15 * time.Minute

// observerPage makes the page for somebody who may change things or not.
func (s *server) observerPage(ctx context.Context, mayChange bool) (*observersPage, error) {
	views, err := s.observed.get(ctx)
	if err != nil {
		return nil, err
	}
	page := &observersPage{Now: time.Now().UTC(), Observers: views, Admission: s.site.Admission, MayChange: mayChange,
		TurnedAway: []refusalView{}, Muted: []ruledView{}, Denied: []ruledView{}}
	return page, s.addRulings(page)
}

const observedAge = 5 * time.Second

// readObserved puts together what the database and the broker know.
func (s *server) readObserved(ctx context.Context) ([]observerView, error) {
	now := time.Now()
	all, err := s.observers.get(ctx)
	if err != nil {
		return nil, err
	}
	activity, err := s.activity.get(ctx)
	if err != nil {
		return nil, err
	}
	noise, err := s.noise.get(ctx)
	if err != nil {
		return nil, err
	}
	present := s.present(now)
	views := make([]observerView, 0, len(all.rows))
	for i := range all.rows {
		o := &all.rows[i]
		if o.Inactive {
			continue
		}
		v := observerView{Observer: observerOf(o), SNR: []float64{}, Noise: []float64{}}
		var usual time.Duration
		if a := activity[o.ID]; a != nil {
			v.PerMinute, usual = a.PerMinute, a.UsualGap
			if a.SNR != nil {
				v.SNR = a.SNR
			}
		}
		if n := noise[o.ID]; n != nil {
			v.Noise = thin(n, 48)
			v.Rise, v.RoseAt = rise(n)
		}
		if o.ClockSkew != nil && now.Sub(o.ClockSkewAt) < 24*time.Hour {
			v.Skew = o.ClockSkew
		}
		v.judge(present[strings.ToUpper(o.ID)], o, usual, now)
		views = append(views, v)
	}
	sortObservers(views)
	return views, nil
}

// judge says whether the observer is there. Presence comes from its connection;
// silence from its last packet against its own usual gap.
func (v *observerView) judge(p presence, o *store.ObserverRow, usual time.Duration, now time.Time) {
	v.Via, v.Ruling, v.doubled, v.refused = p.via, p.ruling, p.doubled, p.refused
	silence := max(leastSilence, 10*usual)
	last := o.LastPacketAt
	if last.IsZero() {
		last = o.FirstSeen
	}
	switch quiet := now.Sub(last) > silence; {
	case p.connected && quiet:
		v.State, v.Since = "silent", last
	case p.connected:
		v.State, v.Since = "connected", p.since
	default:
		v.State, v.Since = "away", o.LastSeen
	}
}

// sortObservers puts problems first, then who hears most.
func sortObservers(views []observerView) {
	order := map[string]int{"silent": 0, "connected": 1, "away": 2}
	sum := func(v *observerView) (n int) {
		for _, m := range v.PerMinute {
			n += m
		}
		return n
	}
	sort.SliceStable(views, func(i, j int) bool {
		a, b := &views[i], &views[j]
		if order[a.State] != order[b.State] {
			return order[a.State] < order[b.State]
		}
		if x, y := sum(a), sum(b); x != y {
			return x > y
		}
		return a.Name < b.Name
	})
}
