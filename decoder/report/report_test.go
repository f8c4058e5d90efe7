package report_test

import (
	"encoding/json"
	"testing"

	"corescope-hub/decoder/decodertest"
	"corescope-hub/decoder/report"
)

func TestReportsMatchVectors(t *testing.T) {
	t.Parallel()
	for v := range decodertest.Vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			keys, err := report.ParseKeys(v.Keys)
			if err != nil {
				t.Fatal(err)
			}
			r, err := report.New(keys)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(r.Hex(v.Hex))
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range decodertest.Diff(v.Expect, got) {
				t.Error(line)
			}
		})
	}
}
