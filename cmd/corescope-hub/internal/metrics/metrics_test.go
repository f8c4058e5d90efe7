package metrics

import (
	"fmt"
	"io"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"corescope-hub/broker"
	"corescope-hub/ingest"
	"corescope-hub/store"
)

// scrape returns the lines that a scrape of s gives.
func scrape(t *testing.T, s Snapshot) []string {
	t.Helper()
	w := httptest.NewRecorder()
	Handler(func() Snapshot { return s }).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Result().Header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain; version=0.0.4; charset=utf-8") {
		t.Errorf("content type %q", got)
	}
	return strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
}

// numbered is a snapshot in which every number is another, and those numbers.
func numbered(t *testing.T) (Snapshot, map[string]string) {
	t.Helper()
	s := Snapshot{
		Broker: broker.Stats{Upstreams: make([]broker.UpstreamStats, 1)},
		Ingest: ingest.Stats{ByReason: map[ingest.Reason]uint64{}},
	}
	names := map[string]string{}
	next := 1000
	number := func(name string) int {
		next++
		names[fmt.Sprint(next)] = name
		return next
	}
	var source ingest.Counts
	for _, part := range []any{&s.Process, &s.Broker, &s.Broker.Upstreams[0], &source, &s.Store} {
		v := reflect.ValueOf(part).Elem()
		for i := range v.NumField() {
			name := v.Type().String() + "." + v.Type().Field(i).Name
			switch f := v.Field(i); f.Interface().(type) {
			case int, int64:
				f.SetInt(int64(number(name)))
			case uint64:
				f.SetUint(uint64(number(name)))
			case store.Histogram:
				bucket := store.Bucket{UpperBound: float64(number(name + ".UpperBound")), Count: uint64(number(name + ".Buckets.Count"))}
				f.Set(reflect.ValueOf(store.Histogram{Count: uint64(number(name + ".Count")), Sum: float64(number(name + ".Sum")), Buckets: []store.Bucket{bucket}}))
			case time.Time:
				f.Set(reflect.ValueOf(time.Unix(int64(number(name)), 0)))
			}
		}
	}
	s.Ingest.DropsNotKept = uint64(number("DropsNotKept"))
	s.Ingest.BySource = map[string]ingest.Counts{"tcp://:1883": source}
	for _, reason := range ingest.Reasons() {
		s.Ingest.ByReason[reason] = uint64(number(string(reason)))
	}
	s.Broker.RefusedMessages = map[broker.Reason]int64{}
	for _, reason := range broker.Reasons() {
		s.Broker.RefusedMessages[reason] = int64(number("broker " + string(reason)))
	}
	s.Broker.TLSFailures = map[broker.TLSFailure]int64{}
	for _, why := range broker.TLSFailures {
		s.Broker.TLSFailures[why] = int64(number(string(why)))
	}
	return s, names
}

func TestEveryNumberOfASnapshotIsExported(t *testing.T) {
	t.Parallel()
	s, names := numbered(t)
	exported := map[string]bool{}
	for _, line := range scrape(t, s) {
		exported[line[strings.LastIndexByte(line, ' ')+1:]] = true
		if _, bound, ok := strings.Cut(line, `{le="`); ok {
			bound, _, _ = strings.Cut(bound, `"`)
			exported[bound] = true
		}
	}
	for number, name := range names {
		if !exported[number] {
			t.Errorf("%s is in no metric", name)
		}
	}
}

func TestLinesAreInTheTextFormat(t *testing.T) {
	t.Parallel()
	s, _ := numbered(t)
	const hostile = "up\"\\\nstream\xff"
	s.Broker.Upstreams[0].Name = hostile
	s.Broker.Upstreams[0].Connected = true
	lines := scrape(t, s)
	form := regexp.MustCompile(`^(# HELP corescope_hub_[a-z_]+ .+|# TYPE corescope_hub_[a-z_]+ (counter|gauge|histogram)|corescope_hub_[a-z_]+(\{[a-z]+="([^"\\]|\\["\\n])*"\})? [0-9.e+]+)$`)
	for _, line := range lines {
		if !form.MatchString(line) {
			t.Errorf("not a line of the text format: %q", line)
		}
	}
	want := `corescope_hub_upstream_connected{upstream="up\"\\\nstream` + "\uFFFD" + `"} 1`
	if !slices.Contains(lines, want) {
		t.Errorf("no line %q", want)
	}
}

func TestPrometheusOwnLinterHasNothingToSay(t *testing.T) {
	t.Parallel()
	s, _ := numbered(t)
	problems, err := promlint.New(strings.NewReader(strings.Join(scrape(t, s), "\n") + "\n")).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestNamesFollowTheConventions(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, m := range Table() {
		if seen[m.Name] {
			t.Errorf("%s is there twice", m.Name)
		}
		seen[m.Name] = true
		if !strings.HasPrefix(m.Name, prefix) || strings.HasSuffix(m.Name, "_total") != (m.Kind == Counter) {
			t.Errorf("%s: a %s is not named so", m.Name, m.Kind)
		}
		if (m.Unit == "seconds" || m.Unit == "bytes") && !strings.Contains(m.Name, "_"+m.Unit) {
			t.Errorf("%s: its unit %s is not in its name", m.Name, m.Unit)
		}
		if !strings.HasSuffix(m.Help, ".") {
			t.Errorf("%s: help is not a sentence: %q", m.Name, m.Help)
		}
	}
}
