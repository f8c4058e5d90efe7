package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "corescope-hub"

// mayImport is which rooms of the module each room may import; packages below a
// room belong to it. The data flows along these edges and nothing points back.
var mayImport = map[string][]string{
	"decoder":                              {},
	"store":                                {},
	"ingest":                               {"decoder", "store"},
	"broker":                               {"ingest"},
	"cmd/corescope-hub/internal/config":    {"decoder", "store", "ingest", "broker"},
	"cmd/corescope-hub/internal/console":   {"decoder", "store", "broker"},
	"cmd/corescope-hub/internal/metrics":   {"store", "ingest", "broker"},
	"cmd/corescope-hub/internal/corescope": {"store", "ingest", "broker"},
	"cmd/corescope-hub/internal/simulate":  {"decoder"},
	"cmd/corescope-hub": {"decoder", "store", "ingest", "broker", "cmd/corescope-hub/internal/config",
		"cmd/corescope-hub/internal/console", "cmd/corescope-hub/internal/corescope", "cmd/corescope-hub/internal/metrics", "cmd/corescope-hub/internal/simulate"},
}

// onlyIn is which packages may touch a third-party module or a technology of the
// standard library, by prefix of the import path. What is in nobody's list may
// not be imported at all.
var onlyIn = map[string][]string{
	"filippo.io/edwards25519":              {"decoder"},
	"modernc.org/":                         {"store"},
	"database/sql":                         {"store"},
	"github.com/buger/jsonparser":          {"ingest"},
	"github.com/mochi-mqtt/server/":        {"broker"},
	"github.com/eclipse/paho.mqtt.golang":  {"broker", "cmd/corescope-hub/internal/simulate"},
	"github.com/coder/websocket":           {"broker"},
	"golang.org/x/crypto/argon2":           {"broker"},
	"golang.org/x/crypto/acme":             {"broker"},
	"golang.org/x/term":                    {"cmd/corescope-hub"},
	"golang.org/x/sync/":                   {"store", "ingest", "broker", "cmd/corescope-hub"},
	"github.com/alecthomas/kong":           {"cmd/corescope-hub"},
	"github.com/tailscale/hujson":          {"cmd/corescope-hub/internal/config"},
	"github.com/prometheus/client_golang/": {"cmd/corescope-hub/internal/metrics"},
}

func TestImportsPointTheWayTheDataFlows(t *testing.T) {
	t.Parallel()
	eachImport(t, func(pkg, file, imported string, test bool) {
		from, ok := room(pkg)
		if !ok {
			t.Errorf("%s: package %s is in no room", file, pkg)
			return
		}
		if inner, ok := strings.CutPrefix(imported, module+"/"); ok {
			to, _ := room(inner)
			if to != from && !slices.Contains(mayImport[from], to) && !(test && strings.HasSuffix(inner, "test")) {
				t.Errorf("%s: %s must not import %s", file, from, inner)
			}
			return
		}
		if !test {
			checkThirdParty(t, from, file, imported)
		}
	})
}

// room is the entry of mayImport that a package belongs to.
func room(pkg string) (string, bool) {
	for ; pkg != "."; pkg = path.Dir(pkg) {
		if _, ok := mayImport[pkg]; ok {
			return pkg, true
		}
	}
	return "", false
}

func checkThirdParty(t *testing.T, pkg, file, imported string) {
	t.Helper()
	first, _, _ := strings.Cut(imported, "/")
	foreign := strings.Contains(first, ".")
	for prefix, owners := range onlyIn {
		if strings.HasPrefix(imported, prefix) {
			if !slices.Contains(owners, pkg) {
				t.Errorf("%s: only %v may import %s", file, owners, imported)
			}
			return
		}
	}
	if foreign {
		t.Errorf("%s: no package may import %s", file, imported)
	}
}

// eachImport calls f for every import clause of the module.
func eachImport(t *testing.T, f func(pkg, file, imported string, test bool)) {
	t.Helper()
	root := filepath.Join("..", "..")
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != "..") {
			return filepath.SkipDir
		}
		if filepath.Ext(file) != ".go" {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(rel)
		seen[pkg] = true
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f(pkg, file, imported, strings.HasSuffix(file, "_test.go"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range []string{"decoder", "store", "ingest", "broker", "cmd/corescope-hub"} {
		if !seen[pkg] {
			t.Errorf("no Go file of package %s was looked at", pkg)
		}
	}
}
