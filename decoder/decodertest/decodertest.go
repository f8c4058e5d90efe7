// Package decodertest gives tests the decoder's vectors: frames, the keys to
// read them with, and what a decoder must say of them.
package decodertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"testing"
)

// Vector is one case.
type Vector struct {
	Name   string          `json:"name"`   // unique
	Hex    string          `json:"hex"`    // the frame; deliberately not hex in some cases
	Keys   json.RawMessage `json:"keys"`   // a keys object, as report.ParseKeys reads it; {} when there is none
	Expect json.RawMessage `json:"expect"` // fields that a report must have; others it may have
	Source string          `json:"source"` // where the frame comes from
	Note   string          `json:"note"`
}

// Vectors yields every case of decoder/testdata/vectors, file by file in order
// of name. A field that Vector does not have, a name used twice, or no case at
// all fails the test.
func Vectors(t testing.TB) iter.Seq[Vector] {
	t.Helper()
	var all []Vector
	seen := make(map[string]bool)
	for _, name := range files(t) {
		for _, v := range read(t, name) {
			if seen[v.Name] {
				t.Fatalf("%s: the name %q is used twice", name, v.Name)
			}
			seen[v.Name] = true
			all = append(all, v)
		}
	}
	return slices.Values(all)
}

func files(t testing.TB) []string {
	t.Helper()
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("no source path to find the vectors by")
	}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(here), "..", "testdata", "vectors", "*.json"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no vectors found (%v)", err)
	}
	return names
}

func read(t testing.TB, name string) []Vector {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	var vs []Vector
	if err := dec.Decode(&vs); err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	if len(vs) == 0 {
		t.Fatalf("%s holds no vectors", name)
	}
	for i := range vs {
		if vs[i].Keys == nil {
			vs[i].Keys = json.RawMessage("{}")
		}
	}
	return vs
}

// Diff says where the JSON value got lacks or contradicts want, one line each.
// Members that only got has do not count: a vector names what it defines.
func Diff(want, got []byte) []string {
	var w, g any
	if err := json.Unmarshal(want, &w); err != nil {
		return []string{fmt.Sprintf("want: %v", err)}
	}
	if err := json.Unmarshal(got, &g); err != nil {
		return []string{fmt.Sprintf("got: %v", err)}
	}
	return diff("", w, g)
}

func diff(at string, want, got any) []string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		return diffObject(at, w, g)
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			break
		}
		var lines []string
		for i := range w {
			lines = append(lines, diff(at+"["+strconv.Itoa(i)+"]", w[i], g[i])...)
		}
		return lines
	default:
		if want == got {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s: want %v, got %v", at, text(want), text(got))}
}

func diffObject(at string, want, got map[string]any) []string {
	var lines []string
	for name, w := range want {
		g, ok := got[name]
		if !ok {
			lines = append(lines, fmt.Sprintf("%s.%s: want %s, got nothing", at, name, text(w)))
			continue
		}
		lines = append(lines, diff(at+"."+name, w, g)...)
	}
	sort.Strings(lines)
	return lines
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
