package console

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"corescope-hub/broker"
)

func TestAddressesOfClientsAreForAdmins(t *testing.T) {
	t.Parallel()
	since := time.Now().Add(-time.Hour).UTC()
	users := func(_, name, _ string) (broker.Principal, error) {
		return broker.Principal{Name: name, Role: broker.Role(name)}, nil
	}
	f := newFixture(t, func(o *Options) {
		o.Access = Access{Auth: AuthViewer, Login: users}
		o.Sessions = func() []broker.Session {
			return []broker.Session{
				{ClientID: "late\u202e", Listener: "tcp://:1883", Remote: "192.0.2.9:1", Protocol: 5, Since: since.Add(time.Minute)},
				{ClientID: "early", Username: "ann", Role: broker.RoleAdmin, Listener: "tcp://:1883", Remote: "192.0.2.9:2", Protocol: 4, Since: since},
			}
		}
	})
	for role, want := range map[string]bool{"viewer": false, "admin": true} {
		var page sourcesPage
		f.getAs(t, role, "/api/console/sources", &page)
		if len(page.Clients) != 2 || page.Clients[0].ID != "early" || page.Clients[0].Protocol != "3.1.1" || page.Clients[0].User != "ann" || !page.Clients[0].Since.Equal(since) || page.Clients[1].ID != "late" {
			t.Fatalf("%s: clients %+v", role, page.Clients)
		}
		if got := page.Clients[0].Address == "192.0.2.9:2"; got != want || !want && page.Clients[0].Address != "" {
			t.Errorf("%s is shown the address %q", role, page.Clients[0].Address)
		}
	}
}

// getAs asks for JSON with the login of a role.
func (f *fixture) getAs(t *testing.T, role, path string, into any) {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+path, nil)
	req.AddCookie(f.logIn(t, role, "right"))
	status, body := send1(t, req)
	if status != http.StatusOK {
		t.Fatalf("GET %s: %d", path, status)
	}
	if err := json.Unmarshal([]byte(body), into); err != nil {
		t.Fatal(err)
	}
}
