package console

import (
	"strings"
	"time"
)

// presence is what the broker knows of an observer now.
type presence struct {
	connected bool
	since     time.Time
	via       string // the bridge, or the address of the client
	ruling    Ruling
}

// present is who is connected, by key in upper case.
func (s *server) present() map[string]presence {
	all := map[string]presence{}
	for _, session := range s.sessions() {
		if session.Key != "" {
			all[strings.ToUpper(session.Key)] = presence{connected: true, since: session.Since, via: session.Remote}
		}
	}
	return all
}

func (s *server) addRulings(*observersPage) {}
