package corescope

import (
	"encoding/json"
	"fmt"

	"corescope-hub/broker"
)

// statsWriter writes the stats file.
type statsWriter struct {
	x       *Exchange
	sources []*sourceWatch
	io      *ioCounts // a moment ago
	failing bool      // told already
}

func newStatsWriter(x *Exchange) *statsWriter {
	w := &statsWriter{x: x, io: readIO(procIO, x.now())}
	for _, s := range x.opts.Sources {
		w.sources = append(w.sources, newSourceWatch(s, x.now()))
	}
	return w
}

// write puts a new file in place of the old one.
func (w *statsWriter) write() {
	err := w.replace()
	switch log := w.x.opts.Log; {
	case err != nil && !w.failing:
		log.Warn("stats file not written; check that the hub's user may write to its directory", "err", err)
	case err == nil && w.failing:
		log.Info("stats file is written again")
	}
	w.failing = err != nil
}

// replace makes a file that only the hub's user can read: CoreScope's server has
// to run as that user.
func (w *statsWriter) replace() error {
	text, err := json.Marshal(w.sample())
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	f, err := anywhere().create(w.x.opts.StatsFile, 0o600)
	if err != nil {
		return err
	}
	return anywhere().replace(f, w.x.opts.StatsFile, text)
}

func (w *statsWriter) sample() stats {
	now := w.x.now()
	in := w.x.opts.Ingest()
	s := countersOf(now, w.x.opts.Store.Stats(), in, w.x.opts.Store.Uses())
	before := w.io
	w.io = readIO(procIO, now)
	s.ProcIO = w.io.since(before)

	bridges := map[string]*broker.UpstreamStats{}
	for _, u := range w.x.opts.Broker().Upstreams {
		bridges[u.Name] = &u
	}
	s.SourceLiveness = map[string]liveness{}
	for _, source := range w.sources {
		source.look(now, in.BySource[source.status.Name], bridges[source.status.Name])
		s.SourceStatuses = append(s.SourceStatuses, source.status)
		s.SourceLiveness[source.status.Name] = source.live
	}
	return s
}
