package console

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"corescope-hub/broker"
)

// right is what a request may do. Each includes those before it.
type right int

const (
	mayNothing right = iota
	mayAsk           // how the hub and its sources are: what the status command shows
	mayRead
	mayChange
)

// Auth says what a page needs: see hub.console.auth.
type Auth string

// The three answers.
const (
	AuthNone   Auth = "none"   // no login on this machine and on private networks, one from elsewhere
	AuthViewer Auth = "viewer" // a login, wherever from
	AuthAdmin  Auth = "admin"  // the login of an admin
)

// Access says who may see the pages, and who may change something.
type Access struct {
	Auth  Auth
	Hosts []string // names, besides this machine's own, that browsers may use for it

	// Login checks a user's password; remote is HOST:PORT. Nil when the hub has no
	// users: then whoever sits at the machine itself may change things.
	Login func(remote, name, password string) (broker.Principal, error)
}

// right is what r may do, by its login or, without one, by where it comes from.
func (a Access) right(r *http.Request, logins *logins) right {
	if user, ok := logins.of(r); ok {
		return a.ofRole(user.role)
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || forwarded(r) {
		return mayNothing
	}
	switch addr := peer.Addr().Unmap(); {
	case a.Auth != AuthNone && addr.IsLoopback():
		return mayAsk
	case a.Auth != AuthNone:
		return mayNothing
	case addr.IsLoopback() && a.Login == nil:
		return mayChange
	case addr.IsLoopback(), addr.IsPrivate(), addr.IsLinkLocalUnicast():
		return mayRead
	}
	return mayNothing
}

func (a Access) ofRole(role broker.Role) right {
	switch {
	case role == broker.RoleAdmin:
		return mayChange
	case role == broker.RoleViewer && a.Auth != AuthAdmin:
		return mayRead
	}
	return mayNothing
}

// forwarded says that a proxy passed r on: then where it comes from is not where
// the connection does.
func forwarded(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via", "Cf-Connecting-Ip", "True-Client-Ip"} {
		if len(r.Header[name]) > 0 {
			return true
		}
	}
	return false
}

// ours says whether a browser may call the hub by the name in Host. A name that
// somebody else can have in the public DNS is not, since its owner could point it
// at this machine and let a page of theirs read ours: DNS rebinding.
func (a Access) ours(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	if !strings.Contains(name, ".") {
		return name != ""
	}
	for _, local := range []string{".local", ".localhost", ".lan", ".home", ".internal", ".localdomain", ".home.arpa"} {
		if strings.HasSuffix(name, local) {
			return true
		}
	}
	return slices.ContainsFunc(a.Hosts, func(h string) bool { return strings.EqualFold(h, name) })
}

// guarded serves what needs a right. Pages lead to the login, everything else is
// told what is missing.
func (s *server) guarded(need right, h http.HandlerFunc) http.Handler {
	return s.named(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch got := s.access.right(r, s.logins); {
		case got >= need:
			h(w, r)
		case s.access.Login != nil && got < mayRead && isPage(r):
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		case s.access.Login == nil && need == mayChange && got == mayRead:
			plain(w, http.StatusForbidden, "changes are only possible on the hub's own machine until it has users: make one with corescope-hub passwd, and name the file in hub.broker.auth.usersFile\n")
		case s.access.Login == nil:
			plain(w, http.StatusForbidden, "without users the hub shows itself on its own machine and on private networks only: make one with corescope-hub passwd, and name the file in hub.broker.auth.usersFile\n")
		default:
			plain(w, http.StatusForbidden, "log in at /login as a user who may do this: viewer to read, admin to change\n")
		}
	}))
}

func isPage(r *http.Request) bool {
	return r.Method == http.MethodGet && !strings.HasPrefix(r.URL.Path, "/api/")
}

// named refuses browsers that call the hub by a name that is not its own.
func (s *server) named(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.access.ours(r.Host) {
			plain(w, http.StatusMisdirectedRequest, "this hub does not know itself by that name: use its address, or add the name to hub.console.hosts\n")
			return
		}
		h.ServeHTTP(w, r)
	})
}
