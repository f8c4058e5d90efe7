package store

import (
	"bytes"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Each kind of maintenance begins at once and comes back in its time, the
// cutoff with it.
func TestMaintenanceComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	synctest.Test(t, func(t *testing.T) {
		opts := DefaultOptions()
		opts.Retention = Retention{NodeDays: 1, PacketDays: 1}
		s, err := Open(t.Context(), path, opts)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		start := time.Now()
		put(t, s, announcement("01", 1, at(start.Add(30*time.Minute))), announcement("02", 2, at(start.Add(-25*time.Hour))))
		go s.Maintain(t.Context())
		counts := func() string {
			return strings.Join(dump(t, path, "SELECT (SELECT count(*) FROM nodes), (SELECT count(*) FROM transmissions)"), " ")
		}
		for _, step := range []struct {
			at                        time.Duration
			nodes, packets, observers uint64
			left                      string
		}{
			{time.Second, 1, 1, 1, "1|1"},
			{time.Hour - time.Second, 1, 1, 1, "1|1"},
			{time.Hour + time.Second, 2, 1, 1, "1|1"},
			{24*time.Hour + time.Minute, 25, 2, 2, "1|1"}, // not yet a day old when they were looked at
			{25*time.Hour + time.Minute, 26, 2, 2, "0|1"},
			{48*time.Hour + time.Minute, 49, 3, 3, "0|0"},
		} {
			time.Sleep(step.at - time.Since(start))
			synctest.Wait()
			// What finds something takes a piece more than once only when it is long.
			u := s.Stats().Upkeep
			if u["nodes"].Chores != step.nodes || u["packets"].Chores != step.packets || u["observers"].Chores != step.observers {
				t.Errorf("after %s: nodes %d times, packets %d, observers %d", step.at, u["nodes"].Chores, u["packets"].Chores, u["observers"].Chores)
			}
			if got := counts(); got != step.left {
				t.Errorf("after %s: %s nodes and transmissions, want %s", step.at, got, step.left)
			}
		}
	})
}

func TestFailedMaintenanceIsToldOnceAndTriedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	var logged bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		opts := DefaultOptions()
		opts.Retention = Retention{NodeDays: 1}
		opts.Log = slog.New(slog.NewTextHandler(&logged, nil))
		s, err := Open(t.Context(), path, opts)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		put(t, s, announcement("01", 1, at(time.Now().Add(-30*time.Hour))))
		execSQL(t, path, "CREATE TRIGGER refuse BEFORE DELETE ON nodes BEGIN SELECT RAISE(ABORT, 'refused'); END")
		go s.Maintain(t.Context())
		time.Sleep(3*time.Minute + time.Second)
		synctest.Wait()
		if got := s.Stats().Upkeep["nodes"]; got != (Upkeep{Errors: 4}) {
			t.Errorf("%+v, want a failure each minute", got)
		}
		wantRows(t, path, "SELECT (SELECT count(*) FROM nodes), (SELECT count(*) FROM inactive_nodes)", "1|0")
		execSQL(t, path, "DROP TRIGGER refuse")
		time.Sleep(time.Minute)
		synctest.Wait()
		wantRows(t, path, "SELECT (SELECT count(*) FROM nodes), (SELECT count(*) FROM inactive_nodes)", "0|1")
	})
	if got := strings.Count(logged.String(), "maintenance fails"); got != 1 {
		t.Errorf("failure logged %d times, want once:\n%s", got, &logged)
	}
	if got := logged.String(); !strings.Contains(got, `msg="maintenance done" what=nodes rows=1`) {
		t.Errorf("success not told:\n%s", got)
	}
}

// Free pages go back to the file system, no more of them each time than wanted.
func TestFreePagesAreGivenBack(t *testing.T) {
	s := retained(t, func(o *Options) { o.VacuumPages = 30 })
	big := func(r *Record) { r.Transmission.DecodedJSON = fmt.Sprintf(`{"type":"X","raw":"%0100000d"}`, 1) }
	for i := range 5 {
		put(t, s, packet(alpha, fmt.Sprint(i), at(ago(11)), big))
	}
	size := func() (pages, free int) {
		fmt.Sscan(dump(t, s.path, "PRAGMA page_count")[0], &pages)
		fmt.Sscan(dump(t, s.path, "PRAGMA freelist_count")[0], &free)
		return pages, free
	}
	before, _ := size()
	maintain(t, s)
	pages, free := size()
	if freed := before - pages; freed < 30 || freed > 31 || free < 60 { // a page of the map of pages goes too
		t.Errorf("%d pages given back, want 30; %d are free", freed, free)
	}
	for range 10 {
		maintain(t, s)
	}
	if pages, free := size(); free != 0 || before-pages < 100 {
		t.Errorf("%d pages of %d are left, %d of them free", pages, before, free)
	}
	wantRows(t, s.path, "PRAGMA integrity_check", "ok")
	wantUpkeep(t, s, map[string]uint64{"packets": 10, "observers": 1, "vacuum": s.Stats().Upkeep["vacuum"].Rows})
}

// A file from before CoreScope's ingestor set auto_vacuum has no map of pages.
func TestFreePagesOfAFileThatCannotShrinkAreLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	makeDatabase(t, path, "PRAGMA auto_vacuum = NONE; PRAGMA journal_mode = WAL;"+coreScopeScript(t)+
		"; CREATE TABLE big(x); INSERT INTO big VALUES (zeroblob(100000)); DROP TABLE big")
	s := openAt(t, path)
	maintain(t, s)
	wantUpkeep(t, s, nil)
	if free := dump(t, path, "PRAGMA freelist_count")[0]; free == "0" {
		t.Error("no page is free: nothing was tried")
	}
}

func TestVacuumOnOpenShrinksTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	s := openAt(t, path)
	put(t, s, packet(bravo, "01", func(r *Record) { r.Transmission.DecodedJSON = strings.Repeat("x", 1<<20) }), packet(alpha, "02"))
	s.Close()
	execSQL(t, path, "PRAGMA foreign_keys = OFF; DELETE FROM transmissions WHERE hash = '01'; DELETE FROM observations WHERE transmission_id = 1; DELETE FROM observers WHERE id = '"+bravo+"'")
	before := fileSize(path)
	s = openAt(t, path, func(o *Options) { o.VacuumOnOpen = true })
	put(t, s, packet(alpha, "02", via(1)))
	wantRows(t, path, "SELECT observer_idx, observers.id FROM observations JOIN observers ON observers.rowid = observer_idx", "2|"+alpha, "2|"+alpha)
	wantRows(t, path, "PRAGMA auto_vacuum", "2")
	wantRows(t, path, "PRAGMA journal_mode", "wal")
	if after := fileSize(path); after > before/2 {
		t.Errorf("%d bytes, before %d", after, before)
	}
}

// VACUUM may renumber observers that declare no rowid, as CoreScope's do, and
// then observations would be somebody else's.
func TestVacuumOnOpenKeepsTheNumbersOfCoreScopesObservers(t *testing.T) {
	path := coreScopeFile(t, `INSERT INTO observers (rowid, id) VALUES (1, 'A'), (2, 'B'), (7, 'C');
		DELETE FROM observers WHERE id = 'B'`)
	before := dump(t, path, "SELECT rowid, id FROM observers")
	var logged bytes.Buffer
	openAt(t, path, func(o *Options) {
		o.VacuumOnOpen = true
		o.Log = slog.New(slog.NewTextHandler(&logged, nil))
	})
	wantRows(t, path, "SELECT rowid, id FROM observers", before...)
	if !strings.Contains(logged.String(), "database vacuumed") {
		t.Errorf("not vacuumed:\n%s", &logged)
	}
}
