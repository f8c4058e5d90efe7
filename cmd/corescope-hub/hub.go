package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"runtime"
	runtimemetrics "runtime/metrics"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"corescope-hub/broker"
	"corescope-hub/cmd/corescope-hub/internal/config"
	"corescope-hub/cmd/corescope-hub/internal/console"
	"corescope-hub/cmd/corescope-hub/internal/metrics"
	"corescope-hub/decoder"
	"corescope-hub/ingest"
	"corescope-hub/store"
)

// hub is everything that runs, in the order that the data takes.
type hub struct {
	cfg     *config.Config
	machine config.Machine
	log     *slog.Logger
	started time.Time

	broker  *broker.Broker
	ingest  *ingest.Ingester
	store   *store.Store
	console *console.Console // nil when it is off
	mqtt    http.Handler     // the broker on the console's port

	supervisor supervisor  // is told how the hub is
	demo       bool        // every packet is invented
	serving    atomic.Bool // the MQTT listeners are open and the hub is not stopping
}

// openHub opens everything, what is downstream first. Nothing is written when a
// setting cannot be used or an address is taken.
func openHub(ctx context.Context, cfg *config.Config, isDemo bool, log *slog.Logger) (*hub, error) {
	h := &hub{cfg: cfg, demo: isDemo, machine: thisMachine(), log: log, started: time.Now()}
	channels, _ := cfg.Channels() // its warnings are among those of the settings
	keys, err := decoder.NewKeyring(channels...)
	if err != nil {
		return nil, fmt.Errorf("make the keyring: %w", err)
	}
	if err := h.openConsole(ctx, channels); err != nil {
		return nil, err
	}
	if err := h.openRest(ctx, keys); err != nil {
		return nil, errors.Join(err, h.closeConsole())
	}
	return h, nil
}

func (h *hub) openRest(ctx context.Context, keys *decoder.Keyring) error {
	if err := addressesAreFree(ctx, h.cfg.Hub.Broker.Listeners()); err != nil {
		return err
	}
	var err error
	h.store, err = store.Open(ctx, h.cfg.DBPath, h.cfg.StoreOptions(h.log))
	if err != nil {
		return err
	}
	h.ingest = ingest.New(h.store, keys, h.cfg.IngestOptions(h.machine))
	for _, w := range h.cfg.SelfWarnings(h.machine) {
		h.log.Warn(w)
	}
	opts := h.cfg.BrokerOptions(h.machine, h.log)
	if opts.Statuses, err = h.lastStatuses(ctx, opts.MaxRetained); err != nil {
		return errors.Join(err, h.store.Close())
	}
	h.broker, err = broker.New(h.ingest, opts)
	if err != nil {
		return errors.Join(err, h.store.Close())
	}
	h.mqtt = h.broker.WebSocket(onConsole)
	return nil
}

// lastStatuses is what observers said last before the hub was started, as far as
// it was committed.
func (h *hub) lastStatuses(ctx context.Context, most int) ([]broker.RetainedStatus, error) {
	rows, err := h.store.ObserverStatuses(ctx, most)
	if err != nil {
		return nil, err
	}
	var all []broker.RetainedStatus
	for _, row := range rows {
		topic, payload, ok := ingest.LastStatus(row)
		key, err := broker.ObserverKey(row.ID)
		if ok && err == nil {
			all = append(all, broker.RetainedStatus{Key: key, Topic: topic, Payload: payload})
		}
	}
	return all, nil
}

// addressesAreFree opens every listener's address for a moment, so that one that
// is taken, by another program or by another of ours, is known before a database
// is made. The broker opens them for good.
func addressesAreFree(ctx context.Context, listeners []string) error {
	for _, listener := range listeners {
		u, err := url.Parse(listener)
		if err != nil {
			return fmt.Errorf("listener %q: %w", listener, err)
		}
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", u.Host)
		if err != nil {
			return &broker.ListenError{Listener: listener, Err: err}
		}
		defer l.Close() // when all of them have been open at once
	}
	return nil
}

// serveMQTT is the broker on the console's port. The console is opened before
// there is a broker, and is closed after it.
func (h *hub) serveMQTT(w http.ResponseWriter, r *http.Request) {
	if !h.serving.Load() {
		http.Error(w, "MQTT is not served now", http.StatusServiceUnavailable)
		return
	}
	h.mqtt.ServeHTTP(w, r)
}

// onConsole is the name of connections over the console's port, as of a
// listener.
const onConsole = "console"

func (h *hub) closeConsole() error {
	if h.console == nil {
		return nil
	}
	return h.console.Close()
}

// run serves until ctx ends, then stops what is upstream first: the broker takes
// nothing more and waits for its commits, the store is closed, the console goes
// last. ready is called once the listeners are open.
func (h *hub) run(ctx context.Context, ready func()) error {
	consoleCtx, stopConsole := context.WithCancel(context.WithoutCancel(ctx))
	defer stopConsole()
	g, ctx := errgroup.WithContext(ctx)
	if h.console != nil {
		g.Go(func() error { return h.console.Run(consoleCtx) })
	}
	g.Go(func() error { return h.maintain(ctx) })
	serving := make(chan struct{})
	g.Go(func() error {
		select {
		case <-serving: // systemd counts from here
			h.supervisor.watch(ctx, h.store.Stats, h.log)
		case <-ctx.Done():
		}
		return nil
	})
	g.Go(func() error {
		defer stopConsole()
		err := h.broker.Run(ctx, func() {
			h.serving.Store(true)
			context.AfterFunc(ctx, func() { h.serving.Store(false) })
			ready()
			h.supervisor.report(h.log, stateReady, "Listening for MQTT on "+strings.Join(h.cfg.Hub.Broker.Listeners(), ", "))
			close(serving)
		})
		return errors.Join(err, h.store.Close())
	})
	return g.Wait()
}

// notReady says what keeps the hub from taking and keeping messages; it is never
// nil.
func (h *hub) notReady() []string {
	reasons := []string{}
	if !h.serving.Load() {
		reasons = append(reasons, "MQTT: the listeners are not open")
	}
	if s := h.store.Stats(); s.Failing {
		reasons = append(reasons, "database: the last commit failed: "+s.LastError)
	}
	return reasons
}

// snapshot is what the metrics are computed from.
func (h *hub) snapshot() metrics.Snapshot {
	return metrics.Snapshot{
		Process: metrics.Process{Version: version(), Started: h.started, Goroutines: runtime.NumGoroutine(), Memory: memory()},
		Broker:  h.broker.Stats(),
		Ingest:  h.ingest.Stats(),
		Store:   h.store.Stats(),
	}
}

// memory is what the Go runtime has from the operating system, in bytes.
func memory() uint64 {
	sample := []runtimemetrics.Sample{{Name: "/memory/classes/total:bytes"}}
	runtimemetrics.Read(sample)
	return sample[0].Value.Uint64()
}

// greeting describes the running hub.
func (h *hub) greeting() greeting {
	g := greeting{
		demo: h.demo,
		data: h.cfg.DBPath,
		lan:  lanAddresses(h.machine.Addresses, outwardAddress()),
	}
	if abs, err := filepath.Abs(h.cfg.DBPath); err == nil {
		g.data = abs
	}
	settings := h.cfg.Hub.Broker
	for _, l := range settings.Listen {
		scheme, _, _ := strings.Cut(l.Address, "://")
		g.listeners = append(g.listeners, listening{scheme: scheme + "://", bound: h.broker.Addr(l.Address), who: settings.AuthOf(l).Who()})
	}
	if h.console != nil {
		g.console = h.console.Addr().String()
		if h.cfg.Hub.Console.MQTT {
			g.listeners = append(g.listeners, listening{"ws://", g.console, "/mqtt", settings.Auth.Who()})
		}
	}
	for _, s := range h.cfg.SelfSources(h.machine) {
		g.self = append(g.self, s.Address())
	}
	for _, u := range h.broker.Stats().Upstreams {
		g.bridged = append(g.bridged, u.Address)
	}
	return g
}
