package store

import (
	"fmt"
	"path/filepath"
	"testing"
)

// BenchmarkTakeOver measures how long a hub keeps its listeners closed when it
// meets a file of CoreScope's: of the first ingestor, of today's, and of one
// whose observations all have a frame and no path.
// -bench TakeOver/.*/1000000 is for a busy mesh.
func BenchmarkTakeOver(b *testing.B) {
	first, head := adoptScript(b, "first.sql"), coreScopeScript(b)
	frames := `UPDATE observations SET raw_hex = (SELECT raw_hex FROM transmissions WHERE id = transmission_id)`
	filled := `UPDATE transmissions SET
		last_seen = (SELECT max(timestamp) FROM observations WHERE transmission_id = transmissions.id),
		from_pubkey = iif(payload_type = 4, decoded_json ->> '$.pubKey', NULL),
		channel_hash = iif(payload_type = 5, 'Public', NULL)`
	for _, bc := range []struct {
		name, tables string
		edit         []string
	}{
		{"first", first, nil},
		{"today's", head, []string{frames, filled}},
		{"without paths", head, []string{frames, filled, "UPDATE observations SET path_json = NULL"}},
	} {
		for _, n := range []int{20_000, 1_000_000} {
			b.Run(fmt.Sprintf("%s/%d", bc.name, n), func(b *testing.B) {
				source := filepath.Join(b.TempDir(), "source.db")
				makeLargeFile(b, source, bc.tables, n, bc.edit...)
				path := filepath.Join(b.TempDir(), "meshcore.db")
				b.ResetTimer()
				for range b.N {
					b.StopTimer()
					copyFile(b, source, path)
					b.StartTimer()
					s, err := Open(b.Context(), path, DefaultOptions())
					if err != nil {
						b.Fatal(err)
					}
					b.StopTimer()
					s.Close()
					b.StartTimer()
				}
				b.ReportMetric(float64(fileSize(source))/1e6, "MB")
			})
		}
	}
}
