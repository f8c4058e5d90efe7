package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// pictures are the views that are kept in deploy/reference/console.
var pictures = []string{
	"live-dark", "live-light", "pane-dark", "packet-dark", "observers-dark", "node-dark", "sources-light", "system-light", "set-up-light",
	"live-phone-dark", "pane-phone-dark", "observers-phone-light",
}

func TestEveryPageInBothThemesAndOnAPhone(t *testing.T) {
	s := newSite(t)
	empty := startHub(t, "")
	wide := newBrowser(t, 1600, 900)
	s.m.advert(0, time.Now())
	s.m.settle(t)
	everywhere(t, append(s.pages(t, wide), setUp(empty)), wide)
}

// HUB_PICTURES names the directory that the pictures are made in, of a demo.
func TestPicturesOfADemo(t *testing.T) {
	if os.Getenv("HUB_PICTURES") == "" {
		t.Skip("makes the pictures of the reference: name their directory in HUB_PICTURES")
	}
	needTool(t, "chromium")
	empty := startHub(t, "")
	s := &site{hub: startHubWith(t, []string{"--demo"}, "", "TMPDIR=/tmp")}
	s.age(t, 130*time.Second) // for the charts of minutes
	wide := newBrowser(t, 1600, 900)
	everywhere(t, append(s.pages(t, wide), setUp(empty)), wide)
}

// setUp is the page of a hub that has no packets.
func setUp(empty *hubProcess) page {
	return page{"set-up", empty.console, `document.querySelector(".checks li")`}
}

// everywhere opens each page as wide has it and on a phone, in both themes.
func everywhere(t *testing.T, pages []page, wide *browser) {
	t.Helper()
	phone := newBrowser(t, 390, 844)
	for _, theme := range []string{"dark", "light"} {
		wide.theme(theme)
		phone.theme(theme)
		for _, p := range pages {
			wide.show(p)
			wide.picture(p.name + "-" + theme)
			phone.show(p)
			phone.picture(p.name + "-phone-" + theme)
		}
	}
	for _, b := range []*browser{wide, phone} {
		b.theErrors() // a page that is not there is said by a status, which the browser logs
	}
}

func TestEveryPictureIsKeptAndSmall(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(filepath.Join("..", "..", "deploy", "reference", "console"))
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, f := range files {
		kept = append(kept, strings.TrimSuffix(f.Name(), ".png"))
		if info, err := f.Info(); err != nil || info.Size() > 150_000 {
			t.Errorf("%s: %v, or it is large", f.Name(), err)
		}
	}
	if want := slices.Sorted(slices.Values(pictures)); !slices.Equal(kept, want) {
		t.Errorf("kept are %v, and not %v: make them anew, as the README says", kept, want)
	}
}

// age waits until the hub has run for so long.
func (s *site) age(t *testing.T, length time.Duration) {
	t.Helper()
	next := time.NewTicker(time.Second)
	defer next.Stop()
	for {
		var stats struct{ Started, Now time.Time }
		if err := json.Unmarshal([]byte(get(t, s.hub.console+"/api/v1/stats")), &stats); err != nil {
			t.Fatal(err)
		}
		if stats.Now.Sub(stats.Started) > length {
			return
		}
		<-next.C
	}
}

// picture saves what is in sight when it is one of the pictures, and HUB_PICTURES
// names a directory.
func (b *browser) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("HUB_PICTURES")
	if dir == "" || !slices.Contains(pictures, name) {
		return
	}
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	full, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		b.t.Fatal(err)
	}
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, fewColours(full)); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), small.Bytes(), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// fewColours is a picture in at most 256 colours: the most frequent of those that
// differ, and the nearest of them for the rest.
func fewColours(full image.Image) *image.Paletted {
	counts := map[color.RGBA]int{}
	bounds := full.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[color.RGBAModel.Convert(full.At(x, y)).(color.RGBA)]++
		}
	}
	palette := color.Palette{}
	for _, c := range slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int { return cmp.Compare(counts[b], counts[a]) }) {
		if len(palette) < 256 && !slices.ContainsFunc(palette, func(p color.Color) bool { return alike(p.(color.RGBA), c) }) {
			palette = append(palette, c)
		}
	}
	out := image.NewPaletted(bounds, palette)
	draw.Draw(out, bounds, full, bounds.Min, draw.Src)
	return out
}

// alike says whether nobody sees two colours apart that stand side by side in
// text.
func alike(a, b color.RGBA) bool {
	difference := 0
	for _, d := range []int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B)} {
		difference += d * d
	}
	return difference < 8*8
}
