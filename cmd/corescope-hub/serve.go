package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"corescope-hub/cmd/corescope-hub/internal/config"
)

type serveCmd struct {
	configFlag
	Demo    bool   `help:"Show an invented mesh: nothing else is stored, and no other broker is dialled."`
	DemoDir string `type:"path" placeholder:"DIR" help:"Where to keep the demo's database. Without it the demo's is deleted at the end."`
}

// Run runs the hub until SIGINT or SIGTERM.
func (c *serveCmd) Run(ctx context.Context, env environment) error {
	cfg, err := config.Load(c.Config, env.vars)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(env.stderr, &slog.HandlerOptions{Level: slog.Level(cfg.Hub.Log.Level)}))
	for _, w := range cfg.Warnings() {
		log.Warn(w)
	}
	if c.DemoDir != "" && !c.Demo {
		return fmt.Errorf("--demo-dir %s: it is for a demo, and this is none: give --demo, too", c.DemoDir)
	}
	var demo *demo
	if c.Demo {
		if demo, err = newDemo(cfg, c.DemoDir, log); err != nil {
			return err
		}
		defer demo.close()
	}
	limitMemory(cfg.Runtime.MaxMemoryMB, env.vars, os.DirFS("/"), log)
	ctx, release := untilSignal(ctx, log)
	defer release()

	h, err := openHub(ctx, cfg, c.Demo, log)
	if err != nil {
		return err
	}
	h.supervisor = supervisorOf(env.vars)
	if demo != nil {
		if err := demo.past(ctx, h); err != nil {
			return errors.Join(err, h.store.Close(), h.closeConsole())
		}
	}
	return h.run(ctx, func() {
		greet(env.stdout, h.greeting())
		debug.FreeOSMemory() // what only the start needed, rather than in a few minutes
		unmapProgram()
		if demo != nil {
			demo.start(ctx, h.plainAddress())
		}
	})
}

// oneWish is how long after the first signal another one means the same: some
// supervisors signal the process and then its group, and so do people who are
// not answered at once.
const oneWish = time.Second

// untilSignal returns a context that ends with the first SIGINT or SIGTERM. One
// that comes when oneWish has passed ends the process at once. release gives the
// signals back.
func untilSignal(ctx context.Context, log *slog.Logger) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	released, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case s := <-signals:
			log.Info("stopping: what was received is being stored", "signal", s.String())
			cancel()
		case <-released:
			return
		}
		for again := time.After(oneWish); again != nil; {
			select {
			case <-signals:
			case <-again:
				again = nil
			case <-released:
				return
			}
		}
		log.Info("still stopping; a signal now stops at once")
		select {
		case <-signals:
			log.Warn("stopped at once: what was not acknowledged is not stored and will come again")
			os.Exit(exitFailed)
		case <-released:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(released)
		<-done
		cancel()
	}
}
