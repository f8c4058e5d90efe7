package main

import (
	"fmt"
	"testing"
)

func TestEveryPageInBothThemesAndOnAPhone(t *testing.T) {
	needTool(t, "chromium")
	m := newMesh()
	h := startHub(t, fmt.Sprintf(`{"dbPath": %q, "hashChannels": ["#boats", "#weather", "#bot"]}`, m.history(t)))
	m.connect(t, h.mqtt)
	wide, phone := newBrowser(t, 1920, 1080), newBrowser(t, 390, 844)
	for _, theme := range []string{"dark", "light"} {
		wide.theme(theme)
		phone.theme(theme)
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
	}
}
