package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"corescope-hub/broker"
)

func TestAdminDecidesOnObservers(t *testing.T) {
	needTool(t, "chromium")
	hash, err := broker.HashPassword("right")
	if err != nil {
		t.Fatal(err)
	}
	users := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(users, []byte("ann:admin:"+hash+"\nviv:viewer:"+hash+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := startHub(t, fmt.Sprintf(`{"hub": {"console": {"auth": "viewer"}, "broker": {"auth": {"usersFile": %q}}}}`, users))
	client := h.client("observer")
	done(t, client.Publish(packetTopic, 1, false, packetMessage(1)))
	b := newBrowser(t, 1440, 900)
	logIn := func(name, password string) {
		b.do(chromedp.Navigate(h.console + "/observers"))
		b.await(`location.pathname === "/login"`)
		b.do(chromedp.SendKeys(chromedp.CSS("[name=name]"), name), chromedp.SendKeys(chromedp.CSS("[name=password]"), password+"\r"))
	}
	logIn("ann", "wrong")
	b.await(`document.querySelector(".problem")?.textContent.includes("wrong password")`)
	b.theErrors() // a refused login is told by a status, which the browser logs
	logIn("viv", "right")
	b.await(`document.querySelector("tr.p")`)
	b.open(h.console + "/observers/" + observerKey)
	b.await(`document.querySelector("tr.more")`)
	if eval[bool](b, `[...document.querySelectorAll("button")].some(b => b.textContent === "Deny")`) {
		t.Error("a viewer is offered to deny")
	}
	b.do(chromedp.Click(chromedp.CSS(".logout button")))
	b.await(`location.pathname === "/login" && document.readyState === "complete"`)
	logIn("ann", "right")
	b.await(`document.querySelector("tr.p")`)
	b.open(h.console + "/observers/" + observerKey)
	press := func(label string) {
		b.await(fmt.Sprintf(`(() => { const b = [...document.querySelectorAll("main button")].find(b => b.textContent === %q); b?.click(); return b })()`, label))
	}
	press("Mute 24 h")
	b.await(`document.querySelector("#toasts")?.textContent.includes("Muted Hill")`)
	b.await(`[...document.querySelectorAll(".rules li")].some(l => l.textContent.includes("Hill"))`)
	press("Unmute")
	b.await(`![...document.querySelectorAll(".rules li")].some(l => l.textContent.includes("Hill"))`)
	press("Deny")
	b.await(`[...document.querySelectorAll(".rules li")].some(l => l.textContent.includes("Lift"))`)
	text, err := os.ReadFile(filepath.Join(filepath.Dir(h.db), "observers"))
	if err != nil || !strings.Contains(string(text), observerKey+" deny") {
		t.Errorf("the observers file says %q: %v", text, err)
	}
}

func TestMapShowsThePositions(t *testing.T) {
	h, m := quietMesh(t)
	for i := range m.Nodes {
		m.advert(i, time.Now())
	}
	m.settle(t)
	b := newBrowser(t, 1920, 1080)
	for _, load := range []string{"first", "second"} {
		b.open(h.console)
		b.await(`performance.getEntriesByName("first-contentful-paint").length > 0`)
		t.Logf("%s load: answered after %.0f ms, painted after %.0f ms, %d bytes in all", load, eval[float64](b, `performance.getEntriesByType("navigation")[0].responseStart`),
			eval[float64](b, `performance.getEntriesByName("first-contentful-paint")[0].startTime`),
			eval[int](b, `[...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")].reduce((n, e) => n + e.transferSize, 0)`))
	}
	b.open(h.console + "/nodes")
	b.await(`document.querySelectorAll(".map .node").length >= 15`)
	b.await(`document.querySelector(".under").textContent.includes("Morag gave no position")`)
	b.do(chromedp.Click(chromedp.CSS(".zoom button")))
	b.await(`document.querySelector(".scale").textContent !== ""`)
	b.do(chromedp.Click(chromedp.CSS(".nodes-list tr.pick")))
	b.await(`document.querySelector(".pane .title") && location.pathname.length > 60`)
	b.open(eval[string](b, `location.href`)) // the address says it all
	b.await(`document.querySelector(".pane .title")`)
}

func TestPhoneHasCardsAndNoSidewaysScroll(t *testing.T) {
	h, m := quietMesh(t)
	m.say(ailsa, "#boats", "two lights", time.Now())
	m.settle(t)
	b := newBrowser(t, 320, 640)
	for _, page := range []string{"/", "/observers", "/nodes", "/sources", "/system"} {
		b.open(h.console + page)
		if wide := eval[int](b, `document.documentElement.scrollWidth`); wide > 320 {
			t.Errorf("%s is %d pixels wide on a screen of 320", page, wide)
		}
	}
	b.open(h.console)
	b.await(`document.querySelectorAll(".pcard").length === 2`)
	b.do(chromedp.Click(chromedp.CSS(".pcard")))
	b.await(`document.querySelector(".pane").getBoundingClientRect().width === 320`)
}

func TestProfilesAreServedOnlyWhenSwitchedOn(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]int{"false": 404, "true": 200} {
		h := startHub(t, `{"hub": {"console": {"pprof": `+setting+`}}}`)
		resp, err := http.Get(h.console + "/debug/pprof/goroutine?debug=1")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("pprof %s: %d", setting, resp.StatusCode)
		}
	}
}
