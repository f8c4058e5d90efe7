package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"corescope-hub/decoder"
)

// quietMesh is a hub with one packet, and the mesh whose observers are connected.
func quietMesh(t *testing.T, env ...string) (*hubProcess, *mesh) {
	t.Helper()
	needTool(t, "chromium")
	h := startHub(t, `{"hashChannels": ["#boats"]}`, env...)
	m := newMesh(t)
	m.connect(t, h.mqtt)
	m.advert(kilnYard, time.Now())
	m.settle(t)
	return h, m
}

func TestNewHubTurnsIntoLiveWithTheFirstPacket(t *testing.T) {
	needTool(t, "chromium")
	h := startHub(t, "")
	b := newBrowser(t, 1440, 900)
	b.open(h.console)
	_, port := splitURL(t, h.mqtt)
	if text := eval[string](b, `document.querySelector(".code pre").textContent`); !strings.Contains(text, "port      = "+port) {
		t.Errorf("the settings to paste do not name the port %s:\n%s", port, text)
	}
	done(t, h.client("observer").Publish(packetTopic, 1, false, packetMessage(1)))
	b.await(`document.querySelector("tr.p")`)
}

func TestPublishedPacketAppearsAndAnObservationJoinsIt(t *testing.T) {
	h, m := quietMesh(t)
	b := newBrowser(t, 1920, 1080)
	b.open(h.console)
	m.say(ailsa, "#boats", "anchored off the point", time.Now())
	m.settle(t)
	b.await(`[...document.querySelectorAll("tr.p")].some(r => r.textContent.includes("Ailsa") && r.textContent.includes("anchored off the point"))`)
	// The same frame, heard by another observer on another path, is the same row.
	before := eval[int](b, `document.querySelectorAll("tr.p").length`)
	client := h.client("late")
	const late = "BBBB0000000000000000000000000000000000000000000000000000000000B2"
	raw := eval[string](b, `fetch("/api/v1/packets?type=GRP_TXT").then(r => r.json()).then(l => fetch("/api/v1/packets/" + l.packets[0].hash)).then(r => r.json()).then(d => d.frames[0].hex)`)
	done(t, client.Publish("meshcore/INV/"+late+"/packets", 1, false, fmt.Sprintf(`{"origin":"Late Ear","raw":%q,"SNR":"3.5","RSSI":"-90"}`, raw)))
	b.await(`[...document.querySelectorAll("tr.p")].find(r => r.textContent.includes("anchored"))?.querySelector('[aria-label^="Late Ear, 3.5 dB"]')`)
	if after := eval[int](b, `document.querySelectorAll("tr.p").length`); after != before {
		t.Errorf("%d rows became %d", before, after)
	}
}

func TestPageThatComesBackAfterARestartHasMissedNothing(t *testing.T) {
	needTool(t, "chromium")
	h := startHub(t, "")
	number := 0
	publish := func(h *hubProcess, n int) {
		client := h.client("observer")
		for range n {
			number++
			done(t, client.Publish(packetTopic, 1, false, packetMessage(number)))
		}
		client.Disconnect(10)
	}
	publish(h, 3)
	b := newBrowser(t, 1440, 900)
	b.open(h.console)
	b.await(`document.querySelectorAll("tr.p").length === 3`)
	_, mqttPort := splitURL(t, h.mqtt)
	_, consolePort := splitURL(t, h.console)
	if code := h.stop(syscall.SIGTERM); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	b.await(`document.getElementById("v-lost").textContent.includes("lost the hub")`)
	h = startHub(t, fmt.Sprintf(`{"dbPath": %q}`, h.db), "CORESCOPE_HUB_BROKER_LISTEN=tcp://127.0.0.1:"+mqttPort, "CORESCOPE_HUB_CONSOLE_LISTEN=127.0.0.1:"+consolePort)
	publish(h, 4)
	b.await(`document.querySelectorAll("tr.p").length === 7`)
	b.await(`document.getElementById("v-lost").textContent === ""`)
	publish(h, 1)
	b.await(`document.querySelectorAll("tr.p").length === 8`)
}

func TestFiltersPauseAndKeys(t *testing.T) {
	h, m := quietMesh(t)
	m.say(ailsa, "#boats", "two lights", time.Now())
	m.publish(m.Flood(kilnYard, decoder.TypeAck, []byte{1, 2, 3, 4}, time.Now())...)
	m.settle(t)
	b := newBrowser(t, 1920, 1080)
	b.open(h.console)
	b.await(`document.querySelectorAll("tr.p").length === 3`)

	b.do(chromedp.Click(chromedp.CSS(".type-b:nth-of-type(1)"))) // adverts off
	b.await(`document.querySelectorAll("tr.p").length === 2 && location.search.includes("type=")`)
	b.do(chromedp.KeyEvent("\x1b"))
	b.await(`document.querySelectorAll("tr.p").length === 3 && location.search === ""`)
	b.do(chromedp.KeyEvent("/"))
	b.await(`document.activeElement.id === "search"`)
	b.await(`(document.activeElement.value = "") === ""`) // the driver types the key as well
	b.do(chromedp.KeyEvent("lights"))
	b.await(`document.querySelectorAll("tr.p").length === 1 && location.search === "?q=lights"`)
	b.open(h.console + "/?q=lights") // the address says it all
	b.await(`document.querySelectorAll("tr.p").length === 1`)
	b.do(chromedp.KeyEvent("\x1b"))
	b.await(`document.querySelectorAll("tr.p").length === 3`)

	b.do(chromedp.KeyEvent(" "))
	b.await(`document.querySelector(".pause").textContent.startsWith("Resume")`)
	m.say(morag, "", "soup on", time.Now())
	m.settle(t)
	b.await(`document.querySelector(".pause").textContent.startsWith("Resume, 1 new")`)
	b.do(chromedp.KeyEvent(" "))
	b.await(`document.querySelectorAll("tr.p").length === 4 && document.querySelector(".pause").textContent.startsWith("Pause")`)

	b.do(chromedp.KeyEvent("j"), chromedp.KeyEvent("\r"))
	b.await(`document.querySelector(".pane .title")?.textContent === "Morag: soup on"`)
	b.await(`document.activeElement.classList.contains("pane")`)
	b.do(chromedp.KeyEvent("\x1b"))
	b.await(`!document.querySelector(".pane") && document.activeElement.classList.contains("list")`)
	b.do(chromedp.KeyEvent("e"))
	b.await(`document.querySelectorAll(".heardlist tbody tr").length > 0`)
	b.do(chromedp.KeyEvent("3"))
	b.await(`location.pathname === "/nodes" && document.body.dataset.ready === "yes"`)
}

func TestPaneSaysWhatDecodeSays(t *testing.T) {
	h, m := quietMesh(t)
	m.say(ailsa, "#boats", "two lights", time.Now())
	m.settle(t)
	b := newBrowser(t, 1920, 1080)
	b.open(h.console)
	b.do(chromedp.Click(chromedp.CSS("tr.p")))
	b.await(`document.querySelectorAll(".pane .hexframe").length === 2`)
	raw := eval[string](b, `[...document.querySelectorAll(".pane .hexframe")[0].querySelectorAll(".by")].map(c => c.textContent).join("")`)
	var out, errOut strings.Builder
	env := environment{stdout: &out, stderr: &errOut}
	if code := run(t.Context(), env, []string{"decode", "--no-json", raw}); code != exitOK {
		t.Fatalf("decode: %d %s", code, &errOut)
	}
	for _, field := range eval[[]string](b, `[...document.querySelectorAll(".pane .hexframe")[0].querySelectorAll(".fields tr")].map(r => r.children[2].textContent)`) {
		if !strings.HasPrefix(field, "hop ") && !strings.Contains(out.String(), field) {
			t.Errorf("decode has no field %q:\n%s", field, &out)
		}
	}
	b.await(`document.querySelector(".pane").textContent.includes('"Ailsa: two lights"')`)
	b.do(chromedp.Click(chromedp.CSS(".heard tr:last-child button")))
	b.await(`document.querySelector(".heard tr:last-child").classList.contains("mine")`)
}

func TestHostileNamesAreText(t *testing.T) {
	needTool(t, "chromium")
	h := startHub(t, "")
	const evil = `<img src=x onerror=alert(1)>\u202e\"'</script>`
	client := h.client("observer")
	done(t, client.Publish(statusTopic, 1, false, `{"status":"online","origin":"`+evil+`","model":"`+evil+`","radio":"`+evil+`"}`))
	done(t, client.Publish(packetTopic, 1, false, strings.Replace(packetMessage(1), `"Hill"`, `"`+evil+`"`, 1)))
	m := newMesh(t)
	m.Nodes[kilnYard].Name = "</script><b>x"
	m.Nodes[ailsa].Name = "<i>me</i>"
	m.connect(t, h.mqtt)
	m.advert(kilnYard, time.Now())
	m.say(ailsa, "", "<script>alert(2)</script>", time.Now())
	m.settle(t)
	b := newBrowser(t, 1920, 1080)
	for _, page := range []string{"/", "/observers/" + observerKey, "/nodes/" + strings.ToLower(m.Nodes[kilnYard].PublicKey()), "/sources", "/system", "/?tx=%3Cscript%3E", "/nodes/%3Cb%3E"} {
		b.open(h.console + page)
		if n := eval[int](b, `document.querySelectorAll("main img, main b:not([class]) > b, main i i, main script").length`); n != 0 {
			t.Errorf("%s: %d elements came from the air", page, n)
		}
		if text := eval[string](b, `document.body.textContent`); strings.ContainsRune(text, '\u202e') {
			t.Errorf("%s turns text around", page)
		}
	}
	b.open(h.console)
	b.await(`[...document.querySelectorAll("tr.p")].some(r => r.textContent.includes("<script>alert(2)</script>"))`)
	b.await(`[...document.querySelectorAll("tr.p")].some(r => r.textContent.includes("</script><b>x"))`)
	b.theErrors() // that the hash in the address is none is said by the server, as 404
}

func TestManyRowsAreNotAllOnThePage(t *testing.T) {
	needTool(t, "chromium")
	h := startHub(t, "")
	client := h.client("observer")
	const rows = 1500
	for n := range rows {
		client.Publish(packetTopic, 1, false, packetMessage(n))
	}
	done(t, client.Publish(packetTopic, 1, false, packetMessage(rows)))
	b := newBrowser(t, 1440, 900)
	b.open(h.console)
	b.await(`(() => { const l = document.querySelector(".list"); l.scrollTop = l.scrollHeight; return l.scrollHeight > 30 * 1500 && document.querySelectorAll("tr.p").length })()`)
	if n := eval[int](b, `document.querySelectorAll("tr.p").length`); n > 80 {
		t.Errorf("%d rows are on the page", n)
	}
	b.await(`document.querySelector(".pause").textContent.startsWith("Resume")`)
	b.do(chromedp.Click(chromedp.CSS(".pause")))
	b.await(`document.querySelector(".list").scrollTop === 0 && document.querySelector(".list").scrollHeight < 30 * 600`) // lets go of the old ones
}
