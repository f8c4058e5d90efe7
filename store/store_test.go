package store

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// noon is when the records of these tests are received, unless they say
// otherwise, and what the writer's clock shows.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 765e6, time.UTC)

const (
	noonText = "2026-11-24T12:00:00Z"
	alpha    = "AAAA0000000000000000000000000000000000000000000000000000000000A1"
	bravo    = "BBBB0000000000000000000000000000000000000000000000000000000000B2"
)

func testOptions() Options {
	opts := DefaultOptions()
	opts.CommitInterval = 0
	opts.now = func() time.Time { return noon }
	return opts
}

// openTest opens a fresh database that is closed when the test ends.
func openTest(t *testing.T, edit ...func(*Options)) *Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "meshcore.db"), edit...)
}

func openAt(t *testing.T, path string, edit ...func(*Options)) *Store {
	t.Helper()
	opts := testOptions()
	for _, e := range edit {
		e(&opts)
	}
	s, err := Open(t.Context(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// try appends r and returns what became of it.
func try(t *testing.T, s *Store, r Record) (Result, error) {
	t.Helper()
	type verdict struct {
		result Result
		err    error
	}
	settled := make(chan verdict, 1)
	err := s.Append(t.Context(), r, func(res Result, err error) { settled <- verdict{res, err} })
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	v := <-settled
	return v.result, v.err
}

// put appends records one after another, each in its own transaction.
func put(t *testing.T, s *Store, records ...Record) (last Result) {
	t.Helper()
	for _, r := range records {
		var err error
		if last, err = try(t, s, r); err != nil {
			t.Fatalf("not stored: %v", err)
		}
	}
	return last
}

// gate holds the writer back. Its pass goes into Options.before.
type gate struct {
	mu      sync.Mutex
	entered chan struct{}
	held    chan struct{} // nil: nobody is held
}

func (g *gate) pass(*writeConn) error {
	g.mu.Lock()
	entered, held := g.entered, g.held
	g.held = nil
	g.mu.Unlock()
	if held != nil {
		close(entered)
		<-held
	}
	return nil
}

// hold stops the writer before its next transaction, which is that of a record
// of its own, until release is called.
func (g *gate) hold(t *testing.T, s *Store) (release func()) {
	t.Helper()
	entered, held := make(chan struct{}), make(chan struct{})
	g.mu.Lock()
	g.entered, g.held = entered, held
	g.mu.Unlock()
	if err := s.Append(t.Context(), Record{ReceivedAt: noon, Drop: &Drop{Reason: "held"}}, nil); err != nil {
		t.Fatal(err)
	}
	<-entered
	return sync.OnceFunc(func() { close(held) })
}

// openGated opens a fresh database whose writer can be held back.
func openGated(t *testing.T, edit ...func(*Options)) (*Store, *gate) {
	t.Helper()
	g := &gate{}
	return openTest(t, append(edit, func(o *Options) { o.before = g.pass })...), g
}

// putTogether appends records so that one transaction holds them all.
func putTogether(t *testing.T, s *Store, g *gate, records ...Record) {
	t.Helper()
	before := s.Stats().Commits
	release := g.hold(t, s)
	defer release()
	settled := make(chan error, len(records))
	for _, r := range records {
		if err := s.Append(t.Context(), r, func(_ Result, err error) { settled <- err }); err != nil {
			t.Fatalf("append: %v", err)
		}
	}
	release()
	for range records {
		if err := <-settled; err != nil {
			t.Fatalf("not stored: %v", err)
		}
	}
	if got := s.Stats().Commits - before; got != 2 { // one is of the held record
		t.Fatalf("%d transactions, want 2", got)
	}
}

// execSQL changes the file behind the store's back.
func execSQL(t *testing.T, path, query string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path, "mode=rw", "_pragma=busy_timeout(5000)"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// dump returns the rows of a query as text, columns separated by "|".
func dump(t *testing.T, path, query string, args ...any) []string {
	t.Helper()
	db, err := sql.Open("sqlite", readerDSN(path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	return dumpFrom(t, db, query, args...)
}

func dumpFrom(t *testing.T, db querier, query string, args ...any) (out []string) {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values := make([]any, len(names))
		targets := make([]any, len(names))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		cells := make([]string, len(names))
		for i, v := range values {
			if cells[i] = fmt.Sprint(v); v == nil {
				cells[i] = "NULL"
			}
		}
		out = append(out, strings.Join(cells, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// wantRows compares the rows of a query with want.
func wantRows(t *testing.T, path, query string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, dump(t, path, query)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", query, diff)
	}
}

// packet is a record of an observer hearing a packet, both told by name.
func packet(observer, hash string, edit ...func(*Record)) Record {
	r := Record{
		ReceivedAt: noon,
		Observer:   Observer{ID: observer, Name: "Obs", IATA: "SEA", Heard: true},
		Transmission: &Transmission{
			Hash: hash, Raw: []byte{0x09, 0x02, 0x1A, 0x2B, 0xFF}, RouteType: 1, PayloadType: 2,
			DecodedJSON: `{"type":"TXT_MSG"}`,
		},
		Observation: &Observation{
			Direction: ptr("rx"), SNR: ptr(8.5), RSSI: ptr(-92.0), Score: ptr(int64(1000)),
			Hops: []byte{0x1A, 0x2B}, HopSize: 1, Raw: []byte{0x09, 0x02, 0x1A, 0x2B, 0xFF},
		},
	}
	for _, e := range edit {
		e(&r)
	}
	return r
}

func at(when time.Time) func(*Record) { return func(r *Record) { r.ReceivedAt = when } }

func unheard(r *Record) { r.Observer.Heard = false }

func via(size int, hops ...byte) func(*Record) {
	return func(r *Record) { r.Observation.Hops, r.Observation.HopSize = hops, size }
}

func ptr[T any](v T) *T { return &v }
