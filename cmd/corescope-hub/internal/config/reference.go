package config

import (
	"strings"

	"github.com/tailscale/hujson"
)

// Key is one setting, as default.json documents it.
type Key struct {
	Path    string // such as hub.broker.listen
	Default string // JSON
	Env     string // the variable that sets it too; "" outside hub
	Doc     string // the comment above it, on one line; "" when there is none
	Section bool   // it holds other settings and has no value of its own
}

// Keys lists every setting in the order of default.json.
func Keys() []Key {
	root, err := hujson.Parse(defaultJSON)
	if err != nil {
		panic("embedded default.json: " + err.Error())
	}
	return appendKeys(nil, root, "")
}

func appendKeys(keys []Key, section hujson.Value, path string) []Key {
	for _, m := range section.Value.(*hujson.Object).Members {
		k := Key{
			Path: join(path, m.Name.Value.(hujson.Literal).String()),
			Doc:  comment(m.Name.BeforeExtra),
		}
		if sub, ok := m.Value.Value.(*hujson.Object); ok && len(sub.Members) > 0 {
			k.Section = true
			keys = appendKeys(append(keys, k), m.Value, k.Path)
			continue
		}
		value := m.Value.Clone()
		value.Minimize()
		k.Default = string(value.Pack())
		k.Env = EnvName(k.Path)
		keys = append(keys, k)
	}
	return keys
}

// comment joins the lines of a // comment.
func comment(extra hujson.Extra) string {
	var words []string
	for line := range strings.Lines(string(extra)) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "//"); ok {
			words = append(words, strings.Fields(text)...)
		}
	}
	return strings.Join(words, " ")
}
