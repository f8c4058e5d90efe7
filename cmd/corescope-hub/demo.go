package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"corescope-hub/cmd/corescope-hub/internal/config"
	"corescope-hub/cmd/corescope-hub/internal/simulate"
	"corescope-hub/ingest"
)

// demoMark is the file that tells a directory that a demo made from others.
const demoMark = "this-is-a-demo"

// demoRate is how lively a demo is, in packets a minute without those that answer
// them.
const demoRate = 16

// demo is an invented mesh that publishes to the hub of the same process.
type demo struct {
	dir       string
	temporary bool
	log       *slog.Logger
	running   sync.WaitGroup
}

// newDemo changes the settings so that the hub has a database of its own and
// takes nothing from anywhere else. dir is where; "" is a new directory.
func newDemo(cfg *config.Config, dir string, log *slog.Logger) (*demo, error) {
	d := &demo{dir: dir, log: log}
	if dir == "" {
		made, err := os.MkdirTemp("", "corescope-hub-demo-")
		if err != nil {
			return nil, fmt.Errorf("make a directory for the demo: %w: name one with --demo-dir", err)
		}
		d.dir, d.temporary = made, true
	}
	if err := d.claim(); err != nil {
		return nil, err
	}
	cfg.DBPath = filepath.Join(d.dir, "meshcore.db")
	cfg.MQTTSources, cfg.MQTT = nil, config.Default().MQTT
	cfg.HashChannels = append(cfg.HashChannels, simulate.Channels()...)
	cfg.ObserverIATAWhitelist, cfg.GeoFilter = config.Default().ObserverIATAWhitelist, config.Default().GeoFilter
	cfg.Hub.Sources, cfg.Hub.CoreScope.StatsFile = config.Default().Hub.Sources, ""
	cfg.Hub.Broker.IATAFilter, cfg.Hub.Broker.ObserversFile, cfg.Hub.Broker.Observers = config.Default().Hub.Broker.IATAFilter, "", config.Default().Hub.Broker.Observers
	return d, nil
}

// claim refuses a directory with anything in it that no demo made.
func (d *demo) claim() error {
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return fmt.Errorf("demo directory %q: %w: name another with --demo-dir", d.dir, cause(err))
	}
	mark := filepath.Join(d.dir, demoMark)
	_, err := os.Stat(mark)
	if err == nil {
		return nil
	}
	if entries, err := os.ReadDir(d.dir); err != nil || len(entries) > 0 {
		return fmt.Errorf("demo directory %q: there are files in it that no demo made, and a demo writes into no real database: name an empty or a new one, or leave --demo-dir out", d.dir)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("demo directory %q: %w", d.dir, cause(err))
	}
	if err := os.WriteFile(mark, []byte("corescope-hub serve --demo made this directory.\n"), 0o644); err != nil {
		return fmt.Errorf("demo directory %q: %w: name another with --demo-dir", d.dir, cause(err))
	}
	return nil
}

// past stores what an invented mesh said in the day before now, so that there is
// something to look at from the first moment. A database that has packets stays as
// it is.
func (d *demo) past(ctx context.Context, h *hub) error {
	if h.store.LastObservation() > 0 {
		return nil
	}
	mesh, err := simulate.New(simulate.DefaultOptions())
	if err != nil {
		return err
	}
	d.log.Info("inventing what the mesh said in the last day")
	var kept sync.WaitGroup
	for m := range mesh.Past(time.Now(), demoRate) {
		kept.Add(1)
		h.ingest.Ingest(ctx, ingest.Message{Source: "past", Topic: m.Topic, Payload: m.Payload, QoS: 1, Received: m.At}, func(ingest.Verdict) { kept.Done() })
		if ctx.Err() != nil {
			break
		}
	}
	kept.Wait()
	return nil
}

// start publishes to a listener of the hub until ctx ends.
func (d *demo) start(ctx context.Context, address string) {
	d.running.Go(func() {
		if err := d.publish(ctx, address); err != nil && ctx.Err() == nil {
			d.log.Warn("the demo's mesh is silent", "err", err)
		}
	})
}

func (d *demo) publish(ctx context.Context, address string) error {
	if address == "" {
		return errors.New("no listener is plain TCP: add tcp://127.0.0.1:1883 to hub.broker.listen")
	}
	mesh, err := simulate.New(simulate.DefaultOptions())
	if err != nil {
		return err
	}
	target, err := simulate.ParseTarget("mqtt://" + address)
	if err != nil {
		return err
	}
	notice := func(text string) {
		if ctx.Err() == nil {
			d.log.Warn("demo: " + text)
		}
	}
	return simulate.NewPublisher(mesh, target, notice).Run(ctx, simulate.Limits{PerMinute: demoRate})
}

// close waits for the mesh, and deletes what the demo made for itself.
func (d *demo) close() {
	d.running.Wait()
	if !d.temporary {
		return
	}
	if err := os.RemoveAll(d.dir); err != nil {
		d.log.Warn("the demo's directory is left behind", "dir", d.dir, "err", err)
	}
}

// plainAddress is where this machine reaches a listener without TLS; "" when there
// is none.
func (h *hub) plainAddress() string {
	for _, l := range h.cfg.Hub.Broker.Listeners() {
		if strings.HasPrefix(l, "tcp://") {
			address, err := consoleAddress(h.broker.Addr(l))
			if err == nil {
				return address
			}
		}
	}
	return ""
}
