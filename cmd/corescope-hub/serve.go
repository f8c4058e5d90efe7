package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"corescope-hub/cmd/corescope-hub/internal/config"
)

type serveCmd struct{ configFlag }

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
	limitMemory(cfg, env.vars)
	ctx, release := untilSignal(ctx, log)
	defer release()

	h, err := openHub(ctx, cfg, log)
	if err != nil {
		return err
	}
	return h.run(ctx, func() { greet(env.stdout, h.greeting()) })
}

// untilSignal returns a context that ends with the first SIGINT or SIGTERM. A
// second one ends the process at once. release gives the signals back.
func untilSignal(ctx context.Context, log *slog.Logger) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	released, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case s := <-signals:
			log.Info("stopping: what was received is being stored; once more stops at once", "signal", s.String())
			cancel()
		case <-released:
			return
		}
		select {
		case <-signals:
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

// limitMemory sets the soft limit of runtime.maxMemoryMB, unless GOMEMLIMIT has
// set one.
func limitMemory(cfg *config.Config, vars []string) {
	given := slices.ContainsFunc(vars, func(kv string) bool { return strings.HasPrefix(kv, "GOMEMLIMIT=") })
	if mb := cfg.Runtime.MaxMemoryMB; mb > 0 && !given {
		debug.SetMemoryLimit(int64(mb) << 20)
	}
}
