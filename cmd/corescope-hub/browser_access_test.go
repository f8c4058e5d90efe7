package main

import (
	"context"
	_ "embed"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// everybody.js looks at a page as people do who see little, or use no mouse.
//
//go:embed testdata/everybody.js
var everybodyJS string

// needsName are the roles, as browsers tell them to screen readers, of what is
// useless without a name.
var needsName = []string{"button", "link", "textbox", "searchbox", "combobox", "checkbox", "tab", "radio", "img", "image", "table", "dialog", "region"}

func TestEveryPageIsForEverybody(t *testing.T) {
	s := newSite(t)
	login, empty := withUsers(t), startHub(t, "")
	b := newBrowser(t, 1440, 900)
	pages := append(s.pages(t, b), page{"set-up", empty.console, `document.querySelector(".checks li")`}, page{"login", login.console + "/login", `document.querySelector(".login")`})
	for _, theme := range []string{"dark", "light"} {
		b.theme(theme)
		for _, p := range pages {
			b.show(p)
			for _, problem := range eval[[]string](b, everybodyJS+`; contrast()`) {
				t.Errorf("%s, %s: %s", p.name, theme, problem)
			}
		}
	}
	for _, p := range pages {
		b.show(p)
		for _, problem := range slices.Concat(eval[[]string](b, everybodyJS+`; structure()`), b.nameless(), b.tabThrough()) {
			t.Errorf("%s: %s", p.name, problem)
		}
	}
	b.theErrors() // a page that is not there is said by a status, which the browser logs
}

// show goes to a page and waits until it shows what it is to show.
func (b *browser) show(p page) {
	b.t.Helper()
	b.do(chromedp.Navigate(p.url))
	b.await(`document.readyState === "complete" && ` + p.ready)
}

// nameless lists what a screen reader could only call by its kind.
func (b *browser) nameless() (all []string) {
	b.t.Helper()
	var tree *accessibility.GetFullAXTreeResult
	b.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		got, err := cdp.Call(ctx, tab, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		tree = &got
		return err
	}))
	text := func(v *accessibility.Value) string {
		if v == nil {
			return ""
		}
		return strings.Trim(string(v.Value), `" `)
	}
	named := 0
	for _, n := range tree.Nodes {
		role := text(n.Role)
		if n.Ignored || !slices.Contains(needsName, role) {
			continue
		}
		if named++; text(n.Name) == "" {
			all = append(all, "a "+role+" has no name, node "+string(n.NodeID))
		}
	}
	if named < 2 {
		all = append(all, "the tree for screen readers is empty")
	}
	return all
}

// tabThrough presses Tab until the focus comes round, and lists the controls that
// it did not come to or at which nobody could see it.
func (b *browser) tabThrough() []string {
	b.t.Helper()
	if !eval[bool](b, everybodyJS+`; watchFocus()`) {
		b.t.Fatal("the focus is not watched")
	}
	for range 40 { // ten keys at a time
		for range 10 {
			b.do(chromedp.KeyEvent("\t"))
		}
		if eval[bool](b, everybodyJS+`; focusCameRound()`) {
			break
		}
	}
	return eval[[]string](b, everybodyJS+`; unreached()`)
}
