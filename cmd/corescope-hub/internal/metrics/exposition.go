package metrics

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"corescope-hub/store"
)

// contentType is the text format of Prometheus.
const contentType = "text/plain; version=0.0.4; charset=utf-8"

// Handler serves every metric of the table, computed from one snapshot.
func Handler(snapshot func() Snapshot) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var page bytes.Buffer
		expose(&page, snapshot())
		w.Header().Set("Content-Type", contentType)
		_, _ = page.WriteTo(w) // the scraper's loss
	})
}

// escapeHelp and escapeLabel are the escapes of the text format.
var (
	escapeHelp  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	escapeLabel = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

func expose(w io.Writer, s Snapshot) {
	for _, m := range Table() {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", m.Name, escapeHelp.Replace(m.Help), m.Name, m.Kind)
		if m.histogram != nil {
			exposeHistogram(w, m.Name, m.histogram(s))
			continue
		}
		m.each(s, func(label string, value float64) {
			labels := ""
			if m.Label != "" {
				labels = fmt.Sprintf(`{%s="%s"}`, m.Label, escapeLabel.Replace(strings.ToValidUTF8(label, "\uFFFD")))
			}
			fmt.Fprintf(w, "%s%s %s\n", m.Name, labels, number(value))
		})
	}
}

func exposeHistogram(w io.Writer, name string, h store.Histogram) {
	for _, b := range h.Buckets {
		fmt.Fprintf(w, "%s_bucket{le=\"%s\"} %d\n", name, number(b.UpperBound), b.Count)
	}
	fmt.Fprintf(w, "%[1]s_bucket{le=\"+Inf\"} %[2]d\n%[1]s_sum %[3]s\n%[1]s_count %[2]d\n", name, h.Count, number(h.Sum))
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
