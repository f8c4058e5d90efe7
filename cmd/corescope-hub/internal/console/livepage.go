package console

import (
	"context"
	"net/http"
	"strconv"
)

// firstPackets is how many packets the script of Live begins with: more than a
// screen shows. It asks for others when somebody scrolls.
const firstPackets = 60

// livePage is what Live shows first.
type livePage struct {
	PacketList
	Columns []column `json:"columns"` // observers, those who hear most first
	cursor  int64
	all     []Packet // for browsers without scripts
}

// begin is the first page of a list, for the script.
func (l *livePage) begin() {
	l.all = l.Packets
	if len(l.Packets) <= firstPackets {
		return
	}
	l.Packets = l.Packets[:firstPackets]
	next := strconv.FormatInt(l.Packets[firstPackets-1].ID, 10)
	l.Next = &next
}

// column is an observer on Live.
type column struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	State string `json:"state"`
}

// showLive is the page of packets, or of a hub that has none yet.
func (s *server) showLive(w http.ResponseWriter, r *http.Request) {
	if s.store().LastObservation() == 0 {
		s.page(w, r, http.StatusOK, view{Page: "setup", Title: "New hub", Data: s.setupState(r)})
		return
	}
	s.pageOf(w, r, view{Page: "live", Title: "Live"}, s.firstOfLive)
}

// firstOfLive is what the page of packets begins with.
func (s *server) firstOfLive(ctx context.Context, r *http.Request) (any, error) {
	live := &livePage{cursor: s.store().LastObservation()} // before the list, so that nothing is missed
	f, err := packetFilter(liveQuery(r))
	if err != nil {
		return nil, err
	}
	if live.PacketList, err = s.packetList(ctx, f); err != nil {
		return nil, err
	}
	live.begin()
	live.Columns, err = s.columns(ctx)
	return live, err
}

// liveQuery takes the filters of the page's own address for those of the API.
// What the API would refuse is no filter.
func liveQuery(r *http.Request) *http.Request {
	q := r.URL.Query()
	get := q.Get
	clone := r.Clone(r.Context())
	out := q
	for name := range q {
		if name != "q" && name != "type" && name != "region" {
			out.Del(name)
		}
	}
	if o := r.URL.Query().Get("obs"); o != "" {
		out.Set("observer", o)
	}
	if c := r.URL.Query().Get("ch"); c != "" {
		out.Set("channel", c)
	}
	if len(get("q")) > maxSearch {
		out.Del("q")
	}
	clone.URL.RawQuery, clone.Form = out.Encode(), nil
	return clone
}

// columns are the observers that were heard in the last day.
func (s *server) columns(ctx context.Context) ([]column, error) {
	views, err := s.observed.get(ctx)
	if err != nil {
		return nil, err
	}
	out := []column{}
	for pass := range 2 { // the silent ones go last
		for i := range views {
			v := &views[i]
			if (v.State == "connected") == (pass == 0) && len(out) < 40 {
				out = append(out, column{v.ID, v.Name, v.State})
			}
		}
	}
	return out, nil
}
