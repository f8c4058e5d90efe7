package console

import (
	_ "embed"
	"encoding/json"
	"html"
	"strconv"
	"strings"
)

// The parts of a page. What stands in braces is put in by fill.
var (
	//go:embed pages/shell.html
	shellHTML string
	//go:embed pages/login.html
	loginHTML string
	//go:embed pages/missing.html
	missingHTML string
	//go:embed pages/noscript.html
	noscriptHTML string
)

// markup is HTML as it is to be sent. Text becomes it through text, and in no
// other way.
type markup string

func text(s string) markup { return markup(html.EscapeString(s)) }

func number(n int) markup { return markup(strconv.Itoa(n)) }

// fill puts values in the place of their names in braces. Braces in a value stay
// what they are. html/template would make the program half a megabyte larger.
func fill(page string, values map[string]markup) markup {
	pairs := make([]string, 0, 2*len(values))
	for name, v := range values {
		pairs = append(pairs, "{"+name+"}", string(v))
	}
	return markup(strings.NewReplacer(pairs...).Replace(page))
}

// html is the whole page.
func (s *shell) html() ([]byte, error) {
	rest, err := s.rest()
	return append(s.head(), rest...), err
}

// head is a page up to its content: all that a browser needs to paint the bar. The
// style of the bar is inside, since a browser paints nothing while it fetches one;
// that of the content comes after the bar, and holds up only what follows it.
func (s *shell) head() []byte {
	before, _, _ := strings.Cut(shellHTML, "{main}")
	values := map[string]markup{
		"title": text(s.Title), "host": text(s.Host), "page": text(s.Page), "assets": text(s.Assets),
		"script": themeScript, "style": s.Style, "modules": s.modules(), "tabs": s.tabs(),
		"wait": " wait", "rate": "", "connected": "", "known": "",
	}
	if v := s.Vitals; v != nil {
		values["wait"], values["rate"], values["connected"], values["known"] = "", number(v.Rate), number(v.Connected), number(v.Known)
	}
	return []byte(fill(before, values))
}

// rest is a page from its content on.
func (s *shell) rest() ([]byte, error) {
	foot, err := s.foot()
	if err != nil {
		return nil, err
	}
	_, after, _ := strings.Cut(shellHTML, "{main}")
	return []byte(s.main() + fill(after, map[string]markup{"foot": foot})), nil
}

// modules is the style of the content, and what every page's script imports. What
// one page imports besides is fetched after the first picture, which it would hold
// up on a slow machine.
func (s *shell) modules() markup {
	if !s.Script {
		return ""
	}
	return fill(`<link rel="stylesheet" href="{assets}pages.css">
<link rel="modulepreload" href="{assets}app.js">
<link rel="modulepreload" href="{assets}dom.js">
`, map[string]markup{"assets": text(s.Assets)})
}

func (s *shell) tabs() (all markup) {
	for _, t := range s.Tabs {
		current, hidden := markup(""), markup("")
		if t.Current {
			current = ` aria-current="page"`
		}
		if t.Problems == 0 {
			hidden = " hidden"
		}
		all += fill(`<a href="{path}" data-tab="{name}"{current}>{icon}<span>{title}</span> <b class="badge"{hidden}>{problems}</b></a>`+"\n",
			map[string]markup{
				"path": text(t.Path), "name": text(t.Name), "title": text(t.Title), "icon": icon(t.Name),
				"current": current, "hidden": hidden, "problems": number(t.Problems),
			})
	}
	return all
}

// main is the content for browsers that run no script; to the others the page's
// module gives it.
func (s *shell) main() markup {
	switch s.Page {
	case "login":
		problem := markup("")
		if s.Problem != "" {
			problem = `<p class="problem" role="alert">` + text(s.Problem) + "</p>\n"
		}
		return fill(loginHTML, map[string]markup{"problem": problem})
	case "missing":
		return fill(missingHTML, map[string]markup{"title": text(s.Title), "problem": text(s.Problem)})
	}
	if s.Problem != "" {
		return fill(missingHTML, map[string]markup{"title": "Not to be shown now", "problem": text(s.Problem)})
	}
	v := s.State.Vitals
	return fill(noscriptHTML, map[string]markup{
		"title": text(s.Title), "packets": s.packets(),
		"rate": number(v.Rate), "connected": number(v.Connected), "known": number(v.Known),
	})
}

func (s *shell) packets() markup {
	if len(s.Packets) == 0 {
		return ""
	}
	rows := markup(`<table><caption>The last packets</caption><thead><tr><th scope="col">Time, UTC</th><th scope="col">Type</th>` +
		`<th scope="col">From</th><th scope="col">Content</th><th scope="col">Heard by</th></tr></thead><tbody>` + "\n")
	for _, p := range s.Packets {
		from := ""
		if p.From != nil {
			from = p.From.Name
			if from == "" {
				from = p.From.Hash
			}
		}
		rows += fill(`<tr><td>{time}</td><td>{type}</td><td>{from}</td><td><a href="/tx/{hash}">{channel} {text}</a></td><td>{heard}</td></tr>`+"\n",
			map[string]markup{
				"time": text(p.FirstSeen.Format("15:04:05")), "type": text(p.Type), "from": text(from), "hash": text(p.Hash),
				"channel": text(p.Channel), "text": text(p.Text), "heard": number(len(p.Observations)),
			})
	}
	return rows + "</tbody></table>"
}

// foot is what the page's script begins with, and the way out. encoding/json
// leaves no < in its texts, which could end the script.
func (s *shell) foot() (foot markup, err error) {
	if s.Script {
		state, err := json.Marshal(s.State)
		if err != nil {
			return "", err
		}
		foot = fill(`<div id="toasts" role="status" aria-live="polite"></div>
<script type="application/json" id="state">{state}</script>
<script type="module" src="{assets}app.js"></script>
`, map[string]markup{"state": markup(state), "assets": text(s.Assets)})
	}
	if s.LoggedIn != "" {
		foot += `<form class="logout" method="post" action="/logout"><button class="quiet">Log out ` + text(s.LoggedIn) + "</button></form>\n"
	}
	return foot, nil
}

// icon is the drawing of a tab.
func icon(tab string) markup {
	return `<svg viewBox="0 0 20 20" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">` +
		drawings[tab] + "</svg>"
}

var drawings = map[string]markup{
	"live":      `<path d="M2 10h3l2.5-6 4 12 2.5-6h4"/>`,
	"observers": `<circle cx="10" cy="8" r="1.4"/><path d="M10 9.5 7 17h6L10 9.500M6.500 11a4.500 4.500 0 0 1 0-6M13.500 5a4.500 4.500 0 0 1 0 6M4 13.200a8 8 0 0 1 0-10.400M16 2.800a8 8 0 0 1 0 10.400"/>`,
	"nodes":     `<circle cx="5" cy="5" r="2.2"/><circle cx="15" cy="6" r="2.2"/><circle cx="11" cy="15" r="2.200"/><path d="M7.200 5.300l5.600.5M6 7l4 6M14.200 8l-2.400 5"/>`,
	"sources":   `<path d="M3 6.500h13M13 3.500l3 3-3 3M17 13.500H4M7 10.500l-3 3 3 3"/>`,
	"system":    `<path d="M4.500 15.500a8 8 0 1 1 11 0M10 11l3.500-4.500"/><circle cx="10" cy="11.500" r="1.200"/>`,
}
