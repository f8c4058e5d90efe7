package console

import "testing"

// Packets with long paths make batches large.
func TestLiveKeepsBatchesAsFarAsTheyAreSmall(t *testing.T) {
	for name, c := range map[string]struct{ size, want int }{
		"small": {100, keptBatches},
		"large": {keptBytes / 3, 3},
		"huge":  {keptBytes + 1, 0},
	} {
		l := &live{}
		for i := range int64(40) {
			l.keep(batch{after: i, data: make([]byte, c.size)})
		}
		if len(l.kept) != c.want || c.want > 0 && l.kept[c.want-1].after != 39 {
			t.Errorf("%s: %d batches are kept, want the latest %d", name, len(l.kept), c.want)
		}
	}
}
