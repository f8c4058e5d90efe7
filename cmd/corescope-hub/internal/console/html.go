package console

import (
	_ "embed"
	"fmt"
	"html"
	"strings"
)

// pageHTML has a place in braces for each thing that differs. html/template would
// do it too, and keep half a megabyte in the binary that nothing else needs.
//
//go:embed page.html
var pageHTML string

// esc makes text of anything, in an element or a quoted attribute.
func esc(v any) string { return html.EscapeString(fmt.Sprint(v)) }

// html is the page. stateJSON is escaped as encoding/json does: no < in it.
func (sh *shell) html(stateJSON []byte) string {
	links, end := "", ""
	if len(sh.Modules) > 0 {
		links = `<link rel="stylesheet" href="` + sh.Assets + `pages.css">`
		for _, m := range append([]string{"dom.js"}, sh.Modules...) {
			links += "\n" + `<link rel="modulepreload" href="` + sh.Assets + m + `">`
		}
		end = `<div id="toasts" role="status" aria-live="polite"></div>` + "\n" +
			`<script type="application/json" id="state">` + string(stateJSON) + "</script>\n" +
			`<script type="module" src="` + sh.Assets + `app.js"></script>`
	}
	if sh.LoggedIn != "" {
		end += `<form class="logout" method="post" action="/logout"><button class="quiet">Log out ` + esc(sh.LoggedIn) + `</button></form>`
	}
	v := sh.State.Vitals
	return strings.NewReplacer(
		"{title}", esc(sh.Title), "{host}", esc(sh.Host), "{theme}", themeScript, "{assets}", sh.Assets, "{links}", links,
		"{page}", esc(sh.Page), "{tabs}", sh.tabs(), "{rate}", esc(v.Rate), "{connected}", esc(v.Connected), "{known}", esc(v.Known),
		"{main}", sh.main(), "{end}", end,
	).Replace(pageHTML)
}

func (sh *shell) tabs() string {
	var out strings.Builder
	for _, t := range sh.Tabs {
		current, hidden := "", ""
		if t.Current {
			current = ` aria-current="page"`
		}
		if t.Problems == 0 {
			hidden = " hidden"
		}
		fmt.Fprintf(&out, `<a href="%s" data-tab="%s"%s>%s<span>%s</span> <b class="badge"%s>%d</b></a>`+"\n", t.Path, t.Name, current, tabIcon(t.Name), t.Title, hidden, t.Problems)
	}
	return out.String()
}

// tabIcon is shown on phones.
func tabIcon(name string) string {
	return `<svg viewBox="0 0 20 20" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">` + tabShapes[name] + `</svg>`
}

var tabShapes = map[string]string{
	"live":      `<path d="M2 10h3l2.5-6 4 12 2.5-6h4"/>`,
	"observers": `<circle cx="10" cy="8" r="1.4"/><path d="M10 9.5 7 17h6L10 9.5M6.5 11a4.5 4.5 0 0 1 0-6M13.5 5a4.5 4.5 0 0 1 0 6M4 13.200a8 8 0 0 1 0-10.400M16 2.800a8 8 0 0 1 0 10.400"/>`,
	"nodes":     `<circle cx="5" cy="5" r="2.2"/><circle cx="15" cy="6" r="2.2"/><circle cx="11" cy="15" r="2.2"/><path d="M7.200 5.300l5.600.5M6 7l4 6M14.200 8l-2.400 5"/>`,
	"sources":   `<path d="M3 6.500h13M13 3.500l3 3-3 3M17 13.500H4M7 10.500l-3 3 3 3"/>`,
	"system":    `<path d="M4.500 15.500a8 8 0 1 1 11 0M10 11l3.500-4.500"/><circle cx="10" cy="11.500" r="1.200"/>`,
}

// main is what stands in the page before its script runs, or without one.
func (sh *shell) main() string {
	switch sh.Page {
	case "login":
		problem := ""
		if sh.Problem != "" {
			problem = `<p class="problem" role="alert">` + esc(sh.Problem) + "</p>\n"
		}
		return `<form class="login card" method="post" action="/login">
<h1>Log in</h1>
<p class="hint">As a user of this hub: corescope-hub passwd makes them.</p>
` + problem + `<label>Name <input name="name" autocomplete="username" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button class="button primary">Log in</button>
</form>`
	case "missing":
		return `<section class="missing">
<h1>Not found</h1>
<p>` + esc(sh.Problem) + `</p>
<form action="/" method="get"><label class="search"><span class="sr">Search packets</span><input name="q" type="search" placeholder="Name, key, hash or text"></label> <button class="button">Search</button></form>
</section>`
	}
	return sh.noScript()
}

func (sh *shell) noScript() string {
	var out strings.Builder
	fmt.Fprintf(&out, `<noscript><div class="noscript"><h1>%s</h1><p>The pages follow the hub with a script, which this browser does not run. The same is there as JSON: <a href="/api/v1/packets">packets</a>, <a href="/api/v1/observers">observers</a>, <a href="/api/v1/nodes">nodes</a>, <a href="/api/v1/sources">sources</a>, <a href="/api/v1/stats">stats</a>.</p>`, esc(sh.Title))
	if len(sh.Packets) > 0 {
		out.WriteString(`<table><caption>The last packets</caption><thead><tr><th scope="col">Time, UTC</th><th scope="col">Type</th><th scope="col">From</th><th scope="col">Content</th><th scope="col">Heard by</th></tr></thead><tbody>`)
		for i := range sh.Packets {
			p, from := &sh.Packets[i], ""
			if p.From != nil {
				if from = p.From.Name; from == "" {
					from = p.From.Hash
				}
			}
			fmt.Fprintf(&out, `<tr><td>%s</td><td>%s</td><td>%s</td><td><a href="/tx/%s">%s</a></td><td>%d</td></tr>`+"\n",
				p.FirstSeen.Format("15:04:05"), esc(p.Type), esc(from), esc(p.Hash), esc(strings.TrimSpace(p.Channel+" "+p.Text)), len(p.Observations))
		}
		out.WriteString("</tbody></table>")
	}
	out.WriteString("</div></noscript>")
	return out.String()
}
