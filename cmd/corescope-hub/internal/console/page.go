package console

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"net/http"
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
	Style    markup // of the bar and of what every page has
	Tabs     []tab
	Vitals   *Vitals // as pages were told last; nil when that is long ago
	Script   bool    // a module runs it
	State    state
	Packets  []Packet // of Live, for browsers without scripts
	LoggedIn string
}

// state is what the page's script begins with.
type state struct {
	Page      string `json:"page"`
	Host      string `json:"host"`
	CoreScope string `json:"coreScope"` // URL of its pages, without the last /; "" for none
	Cursor    int64  `json:"cursor"`    // observation that the data goes up to
	Vitals    Vitals `json:"vitals"`
	Data      any    `json:"data"`
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

// tabOf is the tab that a page of another name belongs to.
var tabOf = map[string]string{"setup": "live", "packet": "live"}

// scripted are the pages that a module of their name runs.
var scripted = map[string]bool{"live": true, "packet": true, "observers": true, "nodes": true, "sources": true, "system": true, "setup": true}

// page writes one page that is whole: what it shows is known.
func (s *server) page(w http.ResponseWriter, r *http.Request, status int, v view) {
	body, err := s.whole(r, v)
	if err != nil { // what pages begin with always encodes
		s.log.Error("page", "path", r.URL.Path, "err", err)
		plain(w, http.StatusInternalServerError, "the page could not be made: "+err.Error()+"\n")
		return
	}
	s.pageHeaders(w)
	send(w, r, status, body)
}

func (s *server) whole(r *http.Request, v view) ([]byte, error) {
	sh := s.shell(r, v)
	s.furnish(r, &sh)
	return sh.html()
}

// pageOf writes one page in two parts: what is around its content at once, so that
// a browser loads the styles and paints, and the rest when ask has found it. An
// error comes too late for the status then, and is told in the page.
func (s *server) pageOf(w http.ResponseWriter, r *http.Request, v view, ask asked) {
	sh := s.shell(r, v)
	s.pageHeaders(w)
	out := newParts(w, r)
	defer out.close()
	out.write(sh.head(), true)
	rest, sent, err := s.questions.answer(r.Context(), func(ctx context.Context) (rest []byte, err error) {
		if sh.Data, err = ask(ctx, r); err != nil {
			return nil, err
		}
		s.furnish(r.WithContext(ctx), &sh)
		return sh.rest()
	})
	if err == nil {
		defer sent()
		out.write(rest, false)
		return
	}
	_, sh.Problem = s.explain(r, err)
	sh.Script, sh.Data = false, nil
	s.furnish(r, &sh)
	if rest, err = sh.rest(); err != nil { // what pages begin with always encodes
		s.log.Error("page", "path", r.URL.Path, "err", err)
		return
	}
	out.write(rest, false)
}

// shell is what is known of a page without a question to the database.
func (s *server) shell(r *http.Request, v view) shell {
	sh := shell{view: v, Host: s.site.Name, Assets: s.assets.path(""), Style: markup(s.assets.style), Script: scripted[v.Page]}
	if v.Page == "login" {
		return sh
	}
	sh.Vitals = s.vitals.fresh()
	current := v.Page
	if of, ok := tabOf[current]; ok {
		current = of
	}
	for _, t := range tabs {
		t.Current = t.Name == current
		if sh.Vitals != nil {
			t.Problems = sh.Vitals.Problems[t.Name]
		}
		sh.Tabs = append(sh.Tabs, t)
	}
	if user, ok := s.logins.of(r); ok {
		sh.LoggedIn = name(user.name)
	}
	return sh
}

// furnish gives a page what its script begins with.
func (s *server) furnish(r *http.Request, sh *shell) {
	if sh.Page == "login" {
		return
	}
	cursor := s.store().LastObservation()
	if live, ok := sh.Data.(*livePage); ok {
		cursor, sh.Packets = live.cursor, live.all
	}
	sh.State = state{Page: sh.Page, Host: s.site.Name, CoreScope: s.site.CoreScope, Cursor: cursor, Data: sh.Data, Vitals: s.vitals.now(r.Context())}
}

func (s *server) pageHeaders(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", s.policy)
}

// policy lets a page load what the hub serves, and nothing else.
func contentPolicy(style string) string {
	return "default-src 'none'; script-src 'self' " + inlineHash(themeScript) + "; style-src 'self' " + inlineHash(style) + "; font-src 'self'; " +
		"img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

// send writes a body that nobody may keep, compressed where that is understood.
func send(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	notToKeep(h)
	if takesGzip(r) && len(body) > 1<<10 {
		h.Set("Content-Encoding", "gzip")
		body = compress(body, gzip.BestSpeed)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client's loss
}

func notToKeep(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Vary", "Accept-Encoding")
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
