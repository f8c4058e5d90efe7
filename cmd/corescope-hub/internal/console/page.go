package console

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"strconv"
)

// themeScript sets the theme before anything is painted.
const themeScript = `try{var t=localStorage.getItem("theme");if(t==="dark"||t==="light")document.documentElement.dataset.theme=t}catch(e){}`

// view is one page.
type view struct {
	Page    string // which module runs it
	Title   string
	Problem string // of a login, or of what is not there
	Data    any    // what it shows first
}

// shell is what all pages have around their content.
type shell struct {
	view
	Host     string
	Assets   string // where they are
	Tabs     []tab
	Modules  []string // of this page
	State    state
	Packets  []Packet // of Live, for browsers without scripts
	LoggedIn string
}

// state is what the page's script begins with.
type state struct {
	Page   string `json:"page"`
	Host   string `json:"host"`
	Cursor int64  `json:"cursor"` // observation that the data goes up to
	Vitals Vitals `json:"vitals"`
	Data   any    `json:"data"`
}

type tab struct {
	Name, Title, Path string
	Current           bool
	Problems          int
}

var tabs = []tab{
	{Name: "live", Title: "Live", Path: "/"},
	{Name: "observers", Title: "Observers", Path: "/observers"},
	{Name: "nodes", Title: "Nodes", Path: "/nodes"},
	{Name: "sources", Title: "Sources", Path: "/sources"},
	{Name: "system", Title: "System", Path: "/system"},
}

// tabOf is the tab that a page belongs to, and modulesOf what it loads besides
// app.js and dom.js.
var (
	tabOf     = map[string]string{"setup": "live", "packet": "live"}
	modulesOf = map[string][]string{
		"live": {"live.js", "rows.js", "frame.js"}, "packet": {"packet.js", "frame.js", "rows.js"},
		"observers": {"observers.js", "charts.js"}, "nodes": {"nodes.js", "map.js", "charts.js"},
		"sources": {"sources.js", "listeners.js", "charts.js"}, "system": {"system.js", "charts.js"}, "setup": {"setup.js"},
	}
)

// page writes one page.
func (s *server) page(w http.ResponseWriter, r *http.Request, status int, v view) {
	sh := shell{view: v, Host: s.site.Name, Assets: "/assets/" + s.assets.hash + "/", Modules: modulesOf[v.Page]}
	if v.Page != "login" {
		cursor := s.store().LastObservation()
		if live, ok := v.Data.(*livePage); ok {
			cursor, sh.Packets = live.cursor, live.Packets
		}
		sh.State = state{Page: v.Page, Host: s.site.Name, Cursor: cursor, Data: v.Data, Vitals: s.takeVitals(r.Context())}
		current := v.Page
		if of, ok := tabOf[current]; ok {
			current = of
		}
		for _, t := range tabs {
			t.Current, t.Problems = t.Name == current, sh.State.Vitals.Problems[t.Name]
			sh.Tabs = append(sh.Tabs, t)
		}
		if user, ok := s.logins.of(r); ok {
			sh.LoggedIn = name(user.name)
		}
	}
	body, err := sh.html()
	if err != nil { // what pages begin with always encodes
		s.log.Error("page", "path", r.URL.Path, "err", err)
		plain(w, http.StatusInternalServerError, "the page could not be made: "+err.Error()+"\n")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", s.policy)
	send(w, r, status, body)
}

// policy lets a page load what the hub serves, and nothing else.
func contentPolicy() string {
	return "default-src 'none'; script-src 'self' " + inlineHash(themeScript) + "; style-src 'self'; font-src 'self'; " +
		"img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

// send writes a body that nobody may keep, compressed where that is understood.
func send(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Vary", "Accept-Encoding")
	if takesGzip(r) && len(body) > 1<<10 {
		h.Set("Content-Encoding", "gzip")
		body = quickly(body)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client's loss
}

// livePage is what Live shows first.
type livePage struct {
	PacketList
	Columns []column `json:"columns"` // observers, those who hear most first
	cursor  int64
}

// column is an observer on Live.
type column struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	State string `json:"state"`
}

// showLive is the page of packets, or of a hub that has none yet.
func (s *server) showLive(w http.ResponseWriter, r *http.Request) {
	cursor := s.store().LastObservation() // before the list, so that nothing is missed
	f, err := packetFilter(liveQuery(r))
	if err != nil {
		s.problem(w, r, err)
		return
	}
	list, err := s.packetList(r.Context(), f)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	if len(list.Packets) == 0 && list.Next == nil && cursor == 0 {
		s.page(w, r, http.StatusOK, view{Page: "setup", Title: "New hub", Data: s.setupState(r)})
		return
	}
	columns, err := s.columns(r.Context())
	if err != nil {
		s.problem(w, r, err)
		return
	}
	s.page(w, r, http.StatusOK, view{Page: "live", Title: "Live", Data: &livePage{list, columns, cursor}})
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

// setupPage is what the page of a new hub shows.
type setupPage struct {
	Host      string   `json:"host"` // under which observers reach the hub
	Listeners []Source `json:"listeners"`
	Open      bool     `json:"open"` // the local network may publish without a login
	Disk      *Disk    `json:"disk"`
	NotReady  []string `json:"notReady"`
	Connected int      `json:"connected"` // MQTT clients
	Refused   int64    `json:"refused"`   // logins
}

func (s *server) setupState(r *http.Request) *setupPage {
	p := &setupPage{Host: s.site.Host, Open: s.site.OpenToLAN, NotReady: s.notReady(), Connected: len(s.sessions()), Listeners: []Source{}}
	p.Refused = s.stats().Broker.RefusedLogins
	for _, source := range s.sources().Sources {
		if source.Kind == KindListener {
			p.Listeners = append(p.Listeners, source)
		}
	}
	if disk, err := diskOf(s.site.Database); err == nil {
		p.Disk = &disk
	}
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		p.Host = host // as the browser reached the hub
	} else if r.Host != "" {
		p.Host = r.Host
	}
	if addr, err := netip.ParseAddr(p.Host); (err == nil && addr.IsLoopback() || p.Host == "localhost") && s.site.Host != "" {
		p.Host = s.site.Host
	}
	return p
}

// problem is the page, or the answer, to what went wrong.
func (s *server) problem(w http.ResponseWriter, r *http.Request, err error) {
	status, text := s.explain(r, err)
	if !isPage(r) {
		body, _ := json.Marshal(Error{text})
		w.Header().Set("Content-Type", "application/json")
		send(w, r, status, append(body, '\n'))
		return
	}
	s.page(w, r, status, view{Page: "missing", Title: "Not found", Problem: text})
}
