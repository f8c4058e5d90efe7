package store

import (
	"fmt"
	"testing"
)

func TestDeletedNodesAreGoneUntilTheyAdvertise(t *testing.T) {
	s := openTest(t)
	var keys []string
	for i := range byte(100) {
		put(t, s, announcement(fmt.Sprint(i), i))
		if i >= 10 {
			keys = append(keys, keyOf(i))
		}
	}
	deleted, err := s.DeleteNodes(t.Context(), append(keys, "unknown", "", "' OR 1=1 --"))
	if err != nil || deleted != 90 {
		t.Errorf("%d deleted, %v; want 90", deleted, err)
	}
	wantRows(t, s.path, "SELECT (SELECT count(*) FROM nodes), (SELECT count(*) FROM inactive_nodes), (SELECT count(*) FROM transmissions)", "10|0|100")
	put(t, s, announcement("again", 50))
	wantRows(t, s.path, "SELECT first_seen, advert_count FROM nodes WHERE public_key = '"+keyOf(50)+"'", noonText+"|1")
}

func TestMultibyteCapabilityIsWrittenWhereTheNodeIs(t *testing.T) {
	s := openTest(t)
	put(t, s, announcement("01", 1), announcement("02", 2), announcement("03", 3))
	execSQL(t, s.path, "INSERT INTO inactive_nodes SELECT * FROM nodes WHERE public_key = ?; DELETE FROM nodes WHERE public_key = ?1", keyOf(2))
	execSQL(t, s.path, "INSERT INTO inactive_nodes (public_key) VALUES (?)", keyOf(3)) // in both: the active row counts
	capable := []Multibyte{{keyOf(1), 2, "path"}, {keyOf(2), 1, ""}, {keyOf(3), 1, "advert"}, {"unknown", 2, ""}}
	for _, want := range []int{3, 0} { // what is known already is not written again
		if changed, err := s.SetMultibyte(t.Context(), capable); err != nil || changed != want {
			t.Errorf("%d changed, %v; want %d", changed, err, want)
		}
	}
	wantRows(t, s.path, "SELECT multibyte_sup, multibyte_evidence FROM nodes ORDER BY public_key", "2|path", "1|advert")
	wantRows(t, s.path, "SELECT multibyte_sup, multibyte_evidence FROM inactive_nodes ORDER BY public_key", "1|", "0|NULL")
}
