package main

import (
	"fmt"
	"testing"
)

func TestEveryPageInBothThemesAndOnAPhone(t *testing.T) {
	needTool(t, "chromium")
	m := newMesh(t)
	h := startHub(t, fmt.Sprintf(`{"dbPath": %q, "hashChannels": ["#boats", "#weather", "#bot"]}`, m.history(t)))
	m.connect(t, h.mqtt)
	empty := startHub(t, "")
	wide, phone := newBrowser(t, 1920, 1080), newBrowser(t, 390, 844)
	for _, theme := range []string{"dark", "light"} {
		wide.theme(theme)
		phone.theme(theme)
		wide.open(empty.console)
		wide.await(`document.querySelector(".checks li")`)
		wide.picture("empty-" + theme)
		for _, page := range []string{"/", "/observers", "/nodes", "/sources", "/system"} {
			name := "live"
			if page != "/" {
				name = page[1:]
			}
			wide.open(h.console + page)
			if page == "/" || page == "/nodes" {
				wide.await(`document.querySelectorAll("tr.p, .nodes-list tr.pick").length > 15`)
			}
			wide.picture(name + "-" + theme)
			phone.open(h.console + page)
			phone.picture(name + "-phone-" + theme)
		}
		advert := eval[string](wide, `fetch("/api/v1/packets?type=ADVERT&limit=5").then(r => r.json()).then(l => l.packets[0].hash)`)
		message := eval[string](wide, `fetch("/api/v1/packets?type=GRP_TXT&limit=5").then(r => r.json()).then(l => l.packets[0].hash)`)
		node := eval[string](wide, `fetch("/api/v1/nodes").then(r => r.json()).then(l => l.nodes.find(n => n.name === "North Ridge").key)`)
		wide.open(h.console + "/?tx=" + advert)
		wide.await(`document.querySelectorAll(".pane .by").length > 100`)
		wide.picture("pane-" + theme)
		phone.open(h.console + "/?tx=" + message)
		phone.await(`document.querySelectorAll(".pane .by").length > 20`)
		phone.picture("pane-phone-" + theme)
		wide.open(h.console + "/tx/" + message)
		wide.picture("packet-" + theme)
		wide.open(h.console + "/nodes/" + node)
		wide.await(`document.querySelectorAll(".pane .mini tr").length > 4`)
		wide.picture("node-" + theme)
	}
}
