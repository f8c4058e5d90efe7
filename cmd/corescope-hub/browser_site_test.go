package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"corescope-hub/broker"
)

// site is hubs whose pages show everything that pages can show, or a demo.
type site struct {
	hub *hubProcess
	m   *mesh // nil for a demo
}

// page is one page of the console.
type page struct {
	name  string
	url   string
	ready string // is true in the page when it shows what it is to show
}

// newSite starts a hub with a history, observers that are connected, bridges of
// every kind, and devices that were turned away.
func newSite(t *testing.T) *site {
	t.Helper()
	needTool(t, "chromium")
	far := startHub(t, "")
	gone := "mqtt://127.0.0.1:" + closedPort(t)
	s := &site{m: newMesh(t)}
	s.hub = startHub(t, fmt.Sprintf(`{"dbPath": %q, "hashChannels": ["#boats", "#weather", "#bot"],
		"mqttSources": [{"name": "abz-hub", "broker": %q}, {"name": "coast-archive", "broker": %q}]}`, s.m.history(t), far.mqtt, gone))
	s.m.connect(t, s.hub.mqtt)
	stray := s.hub.client("stray")
	done(t, stray.Publish("meshcore/INV/8D3051ACBB7700000000000000000000000000000000000000000000000000C4/packets", 1, false, `{"origin":"Shore Hut","raw":"none"}`))
	for _, ruling := range []string{"0F9C000000000000000000000000000000000000000000000000000000000C4E/mute", "E4D0000000000000000000000000000000000000000000000000000000000D4E/deny"} {
		resp, err := http.Post(s.hub.console+"/api/console/observers/"+ruling, "", nil)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v", ruling, err)
		}
		resp.Body.Close()
	}
	return s
}

// closedPort is a port on which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	h := startHub(t, "")
	_, port := splitURL(t, h.mqtt)
	if code := h.stop(os.Interrupt); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	return port
}

// pages are all pages that there are. b asks the hub for what to open.
func (s *site) pages(t *testing.T, b *browser) []page {
	t.Helper()
	url := s.hub.console
	b.open(url)
	advert := eval[string](b, `fetch("/api/v1/packets?type=ADVERT&limit=5").then(r => r.json()).then(l => l.packets[0].hash)`)
	message := eval[string](b, `fetch("/api/v1/packets?type=GRP_TXT&limit=9").then(r => r.json()).then(l => l.packets.find(p => !p.sealed).hash)`)
	node := eval[string](b, `fetch("/api/v1/nodes").then(r => r.json()).then(l => l.nodes.find(n => n.name === "North Ridge").key)`)
	observer := eval[string](b, `fetch("/api/v1/observers").then(r => r.json()).then(l => l.observers.find(o => o.name === "Craig Hill").id)`)
	observers, sources := `document.querySelectorAll("tr.pick, .obs-cards li").length >= 8`, `document.querySelectorAll(".clients tbody tr").length >= 8`
	if s.m != nil { // there is more than a demo has
		observers += ` && document.querySelectorAll(".rules li").length === 2`
		sources += ` && document.querySelectorAll(".detail3").length === 1`
	}
	const pane = `document.querySelectorAll(".pane .by").length > 20`
	return []page{
		{"live", url + "/", `document.querySelectorAll("tr.p, .pcard").length > 5`},
		{"pane", url + "/?tx=" + advert, pane},
		{"packet", url + "/tx/" + message, `document.querySelectorAll(".by").length > 20`},
		{"observers", url + "/observers", observers},
		{"observer", url + "/observers/" + observer, observers},
		{"nodes", url + "/nodes", `document.querySelectorAll(".nodes-list tr.pick").length > 15`},
		{"node", url + "/nodes/" + node, `document.querySelectorAll(".pane .mini tr").length > 4`},
		{"sources", url + "/sources/" + "tcp%3A%2F%2F127.0.0.1%3A0", sources},
		{"system", url + "/system", `document.querySelector(".figures")`},
		{"missing", url + "/nothing", `document.querySelector(".missing")`},
	}
}

// withUsers starts a hub whose pages ask for a login.
func withUsers(t *testing.T) *hubProcess {
	t.Helper()
	hash, err := broker.HashPassword("right")
	if err != nil {
		t.Fatal(err)
	}
	users := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(users, []byte("ann:admin:"+hash+"\nviv:viewer:"+hash+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return startHub(t, fmt.Sprintf(`{"hub": {"console": {"auth": "viewer"}, "broker": {"auth": {"usersFile": %q}}}}`, users))
}

func TestPacketsAndNodesLinkToCoreScope(t *testing.T) {
	needTool(t, "chromium")
	h := startHub(t, `{"hub": {"console": {"coreScope": "http://scope.example:3000/"}}}`)
	m := newMesh(t)
	m.connect(t, h.mqtt)
	m.advert(kilnYard, time.Now())
	m.settle(t)
	b := newBrowser(t, 1440, 900)
	b.open(h.console)
	hash := eval[string](b, `fetch("/api/v1/packets").then(r => r.json()).then(l => l.packets[0].hash)`)
	key := eval[string](b, `fetch("/api/v1/nodes").then(r => r.json()).then(l => l.nodes[0].key)`)
	for path, want := range map[string]string{"/?tx=" + hash: "packets/" + hash, "/tx/" + hash: "packets/" + hash, "/nodes/" + key: "nodes/" + key} {
		b.open(h.console + path)
		b.await(fmt.Sprintf(`document.querySelector('main a[href=%q][rel~="noopener"]')?.textContent === "Open in CoreScope"`, "http://scope.example:3000/#/"+want))
	}
}
