package corescope

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corescope-hub/broker"
	"corescope-hub/ingest"
	"corescope-hub/store"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// exchanged is an Exchange beside a database with some nodes, and its log.
func exchanged(t *testing.T, nodes ...byte) (x *Exchange, logged *bytes.Buffer) {
	t.Helper()
	opts := store.DefaultOptions()
	opts.CommitInterval = 0
	dir := t.TempDir()
	st, err := store.Open(t.Context(), filepath.Join(dir, "meshcore.db"), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	for _, n := range nodes {
		advertise(t, st, n)
	}
	logged = &bytes.Buffer{}
	x = New(Options{
		Dir: dir, Store: st, Log: slog.New(slog.NewTextHandler(logged, nil)),
		Broker: func() broker.Stats { return broker.Stats{} },
		Ingest: func() ingest.Stats { return ingest.Stats{} },
	})
	x.now = func() time.Time { return noon }
	return x, logged
}

func advertise(t *testing.T, st *store.Store, node byte) {
	t.Helper()
	settled := make(chan error, 1)
	key := [32]byte{node}
	err := st.Append(t.Context(), store.Record{
		ReceivedAt:   time.Now(),
		Observer:     store.Observer{ID: "OBS", Heard: true},
		Transmission: &store.Transmission{Hash: fmt.Sprint(node), Raw: []byte{1}, PayloadType: 4, From: &key},
		Observation:  &store.Observation{},
		Advert:       &store.NodeAdvert{PublicKey: key, Name: "Rep", Role: "repeater"},
	}, func(_ store.Result, err error) { settled <- err })
	if err != nil {
		t.Fatal(err)
	}
	if err := <-settled; err != nil {
		t.Fatal(err)
	}
}

func key(node byte) string { return fmt.Sprintf("%02x", node) + strings.Repeat("00", 31) }

// capable is how many nodes there are, told by asking for a change to each.
func left(t *testing.T, x *Exchange, nodes ...byte) int {
	t.Helper()
	var all []store.Multibyte
	for _, n := range nodes {
		all = append(all, store.Multibyte{Key: key(n), Support: 1, Evidence: t.Name()})
	}
	n, err := x.opts.Store.SetMultibyte(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// put writes a file below the directory of the database.
func put(t *testing.T, x *Exchange, name, text string) {
	t.Helper()
	path := filepath.Join(x.opts.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// get reads one; "" when there is none.
func get(t *testing.T, x *Exchange, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(x.opts.Dir, name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

func there(t *testing.T, x *Exchange, name string) bool {
	t.Helper()
	_, err := os.Lstat(filepath.Join(x.opts.Dir, name))
	return err == nil
}

func TestFilesAreLookedAfterInTheirTime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		opts := store.DefaultOptions()
		opts.CommitInterval, opts.CheckpointInterval = 0, 0
		st, err := store.Open(t.Context(), filepath.Join(dir, "meshcore.db"), opts)
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		advertise(t, st, 1)
		x := New(Options{
			Dir: dir, Store: st, Log: slog.New(slog.DiscardHandler), StatsFile: filepath.Join(dir, "stats.json"),
			Broker: func() broker.Stats { return broker.Stats{} },
			Ingest: func() ingest.Stats { return ingest.Stats{} },
		})
		put(t, x, "mbcap-snapshot/snapshot.json", `{"entries":[{"public_key":"`+key(1)+`","status":"confirmed"}]}`)
		done := make(chan error, 1)
		go func() { done <- x.Run(t.Context()) }()
		applied := func() bool { return st.Stats().Upkeep["multibyte"].Rows > 0 }

		time.Sleep(time.Second / 2)
		first := get(t, x, "stats.json")
		put(t, x, "prune-requests/request-ab.json", `{"id":"ab"}`)
		time.Sleep(time.Second)
		if second := get(t, x, "stats.json"); first == "" || second == first {
			t.Errorf("stats file after half a second %q, a second later %q", first, second)
		}
		if there(t, x, "prune-requests/result-ab.json") {
			t.Error("a request is answered at once")
		}
		time.Sleep(15 * time.Second)
		if !there(t, x, "prune-requests/result-ab.json") {
			t.Error("a request is not answered in 15 seconds")
		}
		if applied() {
			t.Error("the snapshot is applied at once")
		}
		time.Sleep(2 * time.Minute)
		if !applied() {
			t.Error("the snapshot is not applied in 2 minutes")
		}
	})
}

func TestNoStatsFileUnlessWanted(t *testing.T) {
	x, _ := exchanged(t)
	synctest.Test(t, func(t *testing.T) {
		y := New(x.opts)
		go y.Run(t.Context())
		time.Sleep(time.Minute)
	})
	entries, err := os.ReadDir(x.opts.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "meshcore.db") {
			t.Errorf("%s was made", e.Name())
		}
	}
}
