package console

import (
	"net"
	"net/http"
	"net/netip"
)

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
