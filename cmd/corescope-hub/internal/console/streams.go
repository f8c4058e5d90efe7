package console

import (
	"net/http"
	"net/netip"
	"sync"
)

// How many pages may follow events at once.
const (
	maxStreams        = 48
	maxStreamsFromOne = 16 // of one user, or of one address without a login
)

// streams counts the open pages, so that nobody takes the places of all others.
// The zero value has none.
type streams struct {
	mu   sync.Mutex
	open int
	from map[string]int
}

// enter takes a place for who; false when there are too many.
func (s *streams) enter(who string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open >= maxStreams || s.from[who] >= maxStreamsFromOne {
		return false
	}
	if s.from == nil {
		s.from = make(map[string]int)
	}
	s.open++
	s.from[who]++
	return true
}

func (s *streams) leave(who string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if s.from[who]--; s.from[who] == 0 {
		delete(s.from, who)
	}
}

// visitor says whose page asks: the user who logged in, otherwise the address it
// comes from, of which one machine has many in its network of IPv6. Behind a
// proxy everybody has logged in.
func (s *server) visitor(r *http.Request) string {
	if user, ok := s.logins.of(r); ok {
		return "user " + user.name
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	addr := peer.Addr().Unmap().WithZone("")
	if addr.Is6() && !addr.IsLinkLocalUnicast() { // all machines of a link are in one network there
		if network, err := addr.Prefix(64); err == nil {
			return network.String()
		}
	}
	return addr.String()
}
