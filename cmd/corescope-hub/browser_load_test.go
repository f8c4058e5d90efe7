package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	dom "github.com/chromedp/cdproto/memory"
	"github.com/chromedp/cdproto/network"
	pagedomain "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// maxFirstLoad is what a page may transfer with an empty cache, in bytes.
const maxFirstLoad = 150_000

func TestFirstLoadOfEveryPageIsSmall(t *testing.T) {
	s := newSite(t)
	b := newBrowser(t, 1440, 900)
	b.do(call(network.Enable, network.EnableParams{}))
	for _, p := range s.pages(t, b) {
		size, painted := b.loads(p, true)
		again, paintedAgain := b.loads(p, false)
		t.Logf("%-9s first load %6d bytes, painted after %3.0f ms; later %6d bytes, %3.0f ms; %d elements", p.name, size, painted, again, paintedAgain, eval[int](b, `document.querySelectorAll("*").length`))
		if size > maxFirstLoad || again >= size || again == 0 {
			t.Errorf("%s: %d bytes with an empty cache, %d after that", p.name, size, again)
		}
	}
	b.theErrors() // a page that is not there is said by a status, which the browser logs
}

// loads opens a page a few times, as if for the first time or not, and returns
// what it transferred and the median of when the browser painted first, in ms.
func (b *browser) loads(p page, first bool) (bytes int, painted float64) {
	b.t.Helper()
	b.do(call(network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: first}))
	var all []float64
	for range 5 {
		b.show(p)
		b.await(`performance.getEntriesByName("first-contentful-paint").length > 0`)
		all = append(all, eval[float64](b, `performance.getEntriesByName("first-contentful-paint")[0].startTime`))
		bytes = eval[int](b, `[...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")].reduce((n, e) => n + e.transferSize, 0)`)
	}
	slices.Sort(all)
	return bytes, all[len(all)/2]
}

// publishMany publishes packets from number on and waits until they are stored.
// Each thousand is of another observer, since one that says too much is slowed
// down.
func publishMany(t *testing.T, client mqtt.Client, from, n int) {
	t.Helper()
	for i := range n - 1 {
		client.Publish(oneOf(from+i), 1, false, packetMessage(from+i))
	}
	done(t, client.Publish(oneOf(from+n-1), 1, false, packetMessage(from+n-1)))
}

// oneOf is the topic of one of eight observers.
func oneOf(number int) string {
	return fmt.Sprintf("meshcore/SEA/AAAA%060X/packets", number/1000%8)
}

// scrollTest flings the list from its middle, 200 pixels a frame, and tells how
// the frames went; then it jumps through all of it, and tells whether rows were
// there.
const scrollTest = `(async () => {
	const list = document.querySelector(".list"), frames = [], tasks = [], frame = () => new Promise(requestAnimationFrame);
	const watch = new PerformanceObserver((l) => tasks.push(...l.getEntries().map((e) => e.duration)));
	watch.observe({ entryTypes: ["longtask"] });
	let last = await frame(), most = 0, blank = 0;
	const far = list.scrollHeight - list.clientHeight, box = list.getBoundingClientRect();
	const rowsAreThere = () => document.elementFromPoint(box.left + 200, box.top + box.height / 2)?.closest("tr.p");
	list.scrollTop = far / 2;
	await frame();
	last = await frame();
	for (let i = 0; i <= 240; i++) {
		list.scrollTop += 200;
		const now = await frame();
		frames.push(now - last);
		last = now;
	}
	watch.disconnect();
	for (let i = 0; i <= 40; i++) {
		list.scrollTop = (far * i) / 40;
		await frame();
		await frame(); // the rows are drawn in the frame after
		most = Math.max(most, document.querySelectorAll("*").length);
		if (!rowsAreThere()) blank++;
	}
	frames.sort((a, b) => a - b);
	return { Median: frames[120], P95: frames[228], Worst: frames[240], Long: frames.filter((f) => f > 34).length, Tasks: tasks.length, Most: most, Blank: blank, Tall: list.scrollHeight };
})()`

func TestTenThousandRowsScroll(t *testing.T) {
	needTool(t, "chromium")
	h := startHub(t, "")
	const rows = 10_000
	publishMany(t, h.client("observer"), 0, rows+200)
	b := newBrowser(t, 1440, 900)
	b.open(h.console)
	b.await(`(() => { const l = document.querySelector(".list"); l.scrollTop = l.scrollHeight; return l.scrollHeight > 30 * 10000 })()`)
	got := eval[struct {
		Median, P95, Worst             float64
		Long, Tasks, Most, Blank, Tall int
	}](b, scrollTest)
	t.Logf("%d rows, a list of %d pixels, flung: frames %.1f ms median, %.1f ms 95 %%, %.1f ms worst, %d longer than two of the screen's; %d long tasks; %d elements at most", rows, got.Tall, got.Median, got.P95, got.Worst, got.Long, got.Tasks, got.Most)
	if got.Most > 2500 {
		t.Errorf("%d elements are on the page", got.Most)
	}
	if got.Blank > 2 {
		t.Errorf("after %d of 41 jumps nothing was where rows should be", got.Blank)
	}
}

// usage is what a page holds after everything that can be let go is: the least of
// three looks, since browsers let go of what was replaced when they like.
type usage struct {
	heap             float64 // bytes
	nodes, listeners int64   // of the DOM, those that are on no page included
}

func (b *browser) usage() (least usage) {
	b.t.Helper()
	for i := range 3 {
		now := b.usageNow()
		if i == 0 {
			least = now
		}
		least = usage{min(least.heap, now.heap), min(least.nodes, now.nodes), min(least.listeners, now.listeners)}
	}
	return least
}

func (b *browser) usageNow() (u usage) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		if _, err := cdp.Call(ctx, tab, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
			return err
		}
		heap, err := cdp.Call(ctx, tab, runtime.GetHeapUsage, cdp.Empty{})
		if err != nil {
			return err
		}
		counted, err := cdp.Call(ctx, tab, dom.GetDOMCounters, cdp.Empty{})
		u = usage{heap.UsedSize, counted.Nodes, counted.JsEventListeners}
		return err
	}))
	return u
}

// grewFrom fails the test when a page holds more than it did, beyond what differs
// from one look to the next.
func (u usage) grewFrom(t *testing.T, before usage, what string) {
	t.Helper()
	t.Logf("%s: heap %.2f, then %.2f MB; nodes %d, then %d; listeners %d, then %d", what, before.heap/1e6, u.heap/1e6, before.nodes, u.nodes, before.listeners, u.listeners)
	if u.heap > 1.25*before.heap+0.5e6 || u.nodes > 2*before.nodes || u.listeners > 2*before.listeners+100 {
		t.Errorf("%s: the page grows", what)
	}
}

// HUB_ROWS is how many packets the page is to see; the default is a short day.
func TestPageThatIsOpenForLongDoesNotGrow(t *testing.T) {
	needTool(t, "chromium")
	rows := 15_000
	if n, err := strconv.Atoi(os.Getenv("HUB_ROWS")); err == nil {
		rows = n
	}
	h := startHub(t, "")
	client := h.client("observer")
	publishMany(t, client, 0, 1)
	b := newBrowser(t, 1440, 900)
	b.open(h.console)
	const wave = 1000
	var before usage
	for n := 1; n < rows; n += wave {
		publishMany(t, client, n, wave)
		newest := eval[string](b, `fetch("/api/v1/packets?limit=1").then(r => r.json()).then(l => l.packets[0].hash)`)
		b.await(`document.querySelector("tr.p .hash a").textContent === "` + newest + `"`)
		if n == 1+4*wave {
			before = b.usage()
		}
	}
	b.usage().grewFrom(t, before, strconv.Itoa(rows)+" rows on Live")
}

// Timers run a hundred times as fast, so that each page is drawn anew as often
// as in half an hour or in days.
func TestPagesThatAreDrawnAnewDoNotGrow(t *testing.T) {
	s := newSite(t)
	b := newBrowser(t, 1440, 900)
	pages := s.pages(t, b)
	b.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, pagedomain.AddScriptToEvaluateOnNewDocument, pagedomain.AddScriptToEvaluateOnNewDocumentParams{
			Source: `const slow = setInterval, ask = fetch; window.asked = 0; window.setInterval = (f, ms) => slow(f, ms / 100); window.fetch = (...a) => { window.asked++; return ask(...a) }`})
		return err
	}))
	for _, p := range pages {
		if p.name != "observers" && p.name != "node" && p.name != "sources" && p.name != "system" {
			continue
		}
		b.show(p)
		b.await(`window.asked >= 8`)
		before := b.usage()
		b.await(`window.asked >= 60`)
		b.usage().grewFrom(t, before, p.name+" drawn 60 times")
	}
}
