package console

import (
	"sort"
	"time"
)

// sourcesPage is what the page of sources shows.
type sourcesPage struct {
	Sources
	Clients   []clientView `json:"clients"`   // of the listeners, the longest connected first
	Unlisted  int          `json:"unlisted"`  // clients beyond those that are listed
	MayChange bool         `json:"mayChange"` // addresses are shown, too
}

// clientView is one MQTT client that is connected. What it calls itself is no
// identity.
type clientView struct {
	Listener      string    `json:"listener"`
	ID            string    `json:"id"`
	User          string    `json:"user"` // "" for guests
	Role          string    `json:"role"`
	Key           string    `json:"key"`      // that it proved to have; "" for none
	Protocol      string    `json:"protocol"` // version of MQTT
	Since         time.Time `json:"since"`
	Subscriptions int       `json:"subscriptions"`
	Waiting       int       `json:"waiting"`           // messages that wait for their commit
	Address       string    `json:"address,omitempty"` // HOST:PORT, for an admin alone
}

// maxClients is how many are listed.
const maxClients = 250

// sourcePage makes the page. Where clients are connected from is for an admin.
func (s *server) sourcePage(mayChange bool) *sourcesPage {
	p := &sourcesPage{Sources: s.sources(), Clients: []clientView{}, MayChange: mayChange}
	sessions := s.sessions()
	sort.SliceStable(sessions, func(i, k int) bool { return sessions[i].Since.Before(sessions[k].Since) })
	listed := sessions[:min(len(sessions), maxClients)]
	p.Unlisted = len(sessions) - len(listed)
	for _, c := range listed {
		v := clientView{
			Listener: c.Listener, ID: name(c.ClientID), User: name(c.Username), Role: string(c.Role), Key: c.Key,
			Protocol: protocolOf(c.Protocol), Since: c.Since, Subscriptions: c.Subscriptions, Waiting: c.Unanswered,
		}
		if mayChange {
			v.Address = c.Remote
		}
		p.Clients = append(p.Clients, v)
	}
	return p
}

// protocolOf is a version of MQTT as people write it.
func protocolOf(level byte) string {
	switch level {
	case 3:
		return "3.1"
	case 4:
		return "3.1.1"
	}
	return "5"
}
