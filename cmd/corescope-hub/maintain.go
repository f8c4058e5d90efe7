package main

import (
	"context"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"corescope-hub/cmd/corescope-hub/internal/corescope"
)

// maintain does what is not urgent, until ctx ends.
func (h *hub) maintain(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return h.store.Maintain(ctx) })
	g.Go(func() error {
		return corescope.New(corescope.Options{
			Dir:       filepath.Dir(h.cfg.DBPath),
			StatsFile: h.cfg.Hub.CoreScope.StatsFile,
			Sources:   h.sources(),
			Store:     h.store,
			Broker:    h.broker.Stats,
			Ingest:    h.ingest.Stats,
			Log:       h.log,
		}).Run(ctx)
	})
	return g.Wait()
}

// sources are the listeners and the bridges.
func (h *hub) sources() []corescope.Source {
	var sources []corescope.Source
	for _, l := range h.cfg.Hub.Broker.Listeners() {
		sources = append(sources, corescope.Source{Name: l, Broker: l})
	}
	for _, u := range h.broker.Stats().Upstreams {
		sources = append(sources, corescope.Source{Name: u.Name, Broker: u.Address, Bridge: true})
	}
	return sources
}
