package console

import (
	"crypto/rand"
	"net/http"
	"sync"
	"time"

	"corescope-hub/broker"
)

// Bounds of logins.
const (
	loginCookie = "hub_login"
	loginTime   = 12 * time.Hour // since it was last used
	maxLogins   = 256
)

// login is one browser that logged in.
type login struct {
	name string
	role broker.Role
	used time.Time
}

// logins are the browsers that are logged in, by their cookie. They end with the
// hub.
type logins struct {
	now func() time.Time

	mu  sync.Mutex
	all map[string]login
}

func newLogins() *logins { return &logins{now: time.Now, all: make(map[string]login)} }

// of is the login of a request.
func (l *logins) of(r *http.Request) (login, bool) {
	cookie, err := r.Cookie(loginCookie)
	if err != nil {
		return login{}, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	one, ok := l.all[cookie.Value]
	if !ok {
		return login{}, false
	}
	now := l.now()
	if now.Sub(one.used) > loginTime {
		delete(l.all, cookie.Value)
		return login{}, false
	}
	one.used = now
	l.all[cookie.Value] = one
	return one, true
}

// add makes a login; of too many the one used longest ago ends.
func (l *logins) add(p broker.Principal) (cookie string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all) >= maxLogins {
		oldest := ""
		for key, one := range l.all {
			if oldest == "" || one.used.Before(l.all[oldest].used) {
				oldest = key
			}
		}
		delete(l.all, oldest)
	}
	cookie = rand.Text()
	l.all[cookie] = login{name: p.Name, role: p.Role, used: l.now()}
	return cookie
}

func (l *logins) end(r *http.Request) {
	if cookie, err := r.Cookie(loginCookie); err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.all, cookie.Value)
	}
}

// logIn answers the form of the login page.
func (s *server) logIn(w http.ResponseWriter, r *http.Request) {
	if s.access.Login == nil {
		plain(w, http.StatusNotFound, "the hub has no users: make one with corescope-hub passwd, and name the file in hub.broker.auth.usersFile\n")
		return
	}
	if err := r.ParseForm(); err != nil {
		plain(w, http.StatusBadRequest, "the form cannot be read\n")
		return
	}
	user, err := s.access.Login(r.RemoteAddr, r.PostForm.Get("name"), r.PostForm.Get("password"))
	switch {
	case err != nil:
		s.page(w, r, http.StatusForbidden, view{Page: "login", Title: "Log in", Problem: "That did not work: " + err.Error() + "."})
		return
	case s.access.ofRole(user.Role) == mayNothing:
		s.page(w, r, http.StatusForbidden, view{Page: "login", Title: "Log in", Problem: "This user may publish, but not see the console. Log in as a viewer or an admin."})
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: loginCookie, Value: s.logins.add(user), Path: "/",
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// logOut ends the login of this browser.
func (s *server) logOut(w http.ResponseWriter, r *http.Request) {
	s.logins.end(r)
	http.SetCookie(w, &http.Cookie{Name: loginCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
