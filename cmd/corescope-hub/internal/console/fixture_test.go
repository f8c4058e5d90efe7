package console

import (
	"net/http"
	"path/filepath"
	"testing"

	"corescope-hub/broker"
	"corescope-hub/decoder/report"
	"corescope-hub/store"
)

// fillIn gives opts what it lacks.
func fillIn(t *testing.T, opts *Options) {
	t.Helper()
	if opts.Store == nil {
		path := filepath.Join(t.TempDir(), "meshcore.db")
		s := openStore(t, path)
		opts.Store, opts.Site.Database = func() *store.Store { return s }, path
	}
	if opts.NotYet == nil {
		opts.NotYet = func() []string { return nil }
	}
	if opts.Metrics == nil {
		opts.Metrics = http.NotFoundHandler()
	}
	if opts.Stats == nil {
		opts.Stats = func() Stats { return Stats{NotReady: []string{}, Ingest: IngestStats{ByReason: map[string]uint64{}}} }
	}
	if opts.Sources == nil {
		opts.Sources = func() Sources { return Sources{Sources: []Source{}} }
	}
	if opts.Sessions == nil {
		opts.Sessions = func() []broker.Session { return nil }
	}
	if opts.Observers == nil {
		opts.Observers = func() []broker.Observer { return nil }
	}
	if opts.Decisions.Rulings == nil {
		roll := broker.NewRoll(filepath.Join(t.TempDir(), "observers"))
		opts.Decisions = Decisions{Rulings: roll.Rulings, Change: roll.Change}
	}
	if opts.Report == nil {
		r, err := report.New(report.Keys{})
		if err != nil {
			t.Fatal(err)
		}
		opts.Report = r
	}
	if opts.Access.Auth == "" {
		opts.Access.Auth = AuthNone
	}
}

func openStore(t *testing.T, path string) *store.Store {
	t.Helper()
	opts := store.DefaultOptions()
	opts.CommitInterval = 0
	s, err := store.Open(t.Context(), path, opts)
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
