package ingest

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"corescope-hub/store"
)

func TestAdjacent(t *testing.T) {
	t.Parallel()
	const text = "A1B2C3D436F60718293A4B5C6D7E8F901122"
	me := strings.ToLower(alpha)
	key := hex.EncodeToString(nodeKey()[32:])
	body := upper(advertFrame(appdata(0x82, []byte("N"))))[4:]
	cut := upper(advertFrame(appdata(0x92, []byte{1, 2})))[4:]
	tests := []struct {
		name, frame, direction string
		want                   []string
	}{
		{"flood, one hop", "0901A5" + text, "", []string{"a5 - " + me}},
		{"flood, three hops of two bytes", "0943111122223333" + text, "", []string{"3333 - " + me}},
		{"transport flood", "081111222201A5" + text, "", []string{"a5 - " + me}},
		{"flood, codes of 0", "080000000001A5" + text, "", []string{"a5 - " + me}},
		{"flood without hops: who sent it is not said", "0900" + text, "", nil},
		{"direct: the path lies ahead", "0A02A5B6" + text, "", nil},
		{"transport direct", "0B1111222201A5" + text, "", nil},
		{"direct without hops", "0A00" + text, "", nil},
		{"trace: the path is no path", "2602F0280102030405060708" + "00AABB", "", nil},
		{"trace by flood", "2502F0280102030405060708" + "00AABB", "", nil},
		{"flood advert without hops", "1100" + body, "", []string{key + " - " + me}},
		{"direct advert without hops", "1200" + body, "", []string{key + " - " + me}},
		{"transport direct advert without hops", "131111000000" + body, "", []string{key + " - " + me}},
		{"shared contact", "130000000000" + body, "", nil},
		{"flood advert over one hop", "1101A5" + body, "", []string{"a5 - " + me, key + " - a5"}},
		{"flood advert over two hops", "1142A5A5B6B6" + body, "", []string{"b6b6 - " + me, key + " - a5a5"}},
		{"transport flood advert, codes of 0", "100000000001A5" + body, "", []string{"a5 - " + me, key + " - a5"}},
		{"direct advert over hops", "1202A5B6" + body, "", nil},
		{"advert with cut appdata: its key is signed", "1100" + cut, "", []string{key + " - " + me}},
		{"advert too short for a key", "1100AABB", "", nil},
		{"sent by the observer: it heard nobody", "0901A5" + text, "TX", nil},
		{"sent by the observer: what others did stands", "1101A5" + body, "tx", []string{key + " - a5"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec, verdict := ingestOne(t, DefaultOptions(), packet(tt.frame, `"direction":"`+tt.direction+`"`))
			if verdict.Outcome != Stored {
				t.Fatalf("not stored: %+v", verdict)
			}
			if got := pairs(rec.Adjacent); !slices.Equal(got, tt.want) {
				t.Errorf("adjacent %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOldNewsShowsNoNeighbours(t *testing.T) {
	t.Parallel()
	m := packet(textHex)
	m.Replayed = true
	if rec, _ := ingestOne(t, DefaultOptions(), m); rec.Adjacent != nil || rec.Transmission == nil {
		t.Errorf("record %+v", rec)
	}
}

// pairs shows who is adjacent, path hashes as hex.
func pairs(adjacent []store.Adjacency) []string {
	show := func(p store.Party) string { return p.Key + lower(p.PathHash) }
	var all []string
	for _, a := range adjacent {
		all = append(all, show(a.A)+" - "+show(a.B))
	}
	return all
}
