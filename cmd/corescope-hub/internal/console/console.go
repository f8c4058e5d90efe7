// Package console serves the hub over HTTP: pages for its operator, the same as
// JSON for programs, its metrics, and whether it is alive and ready.
//
// Pages are one HTML document each, with what they show first inside, and plain
// modules that follow what is committed over server-sent events. They show rows
// of the database and snapshots of the broker, and are never on a packet's path.
package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"corescope-hub/broker"
	"corescope-hub/decoder/report"
	"corescope-hub/store"
)

// Limits on what a client may hold on to. Without them idle or slow clients add up.
const (
	headerTimeout   = 5 * time.Second
	readTimeout     = 10 * time.Second
	writeTimeout    = 30 * time.Second
	idleTimeout     = 2 * time.Minute
	maxHeaderBytes  = 16 << 10
	shutdownTimeout = 5 * time.Second
)

// Options is what a Console shows, and to whom. The functions are called only
// while the hub runs.
type Options struct {
	Listen  string          // HOST:PORT
	NotYet  func() []string // what is not ready, one sentence each; empty when the hub is ready
	Metrics http.Handler
	MQTT    http.Handler // MQTT over WebSocket, under /mqtt; nil for none
	Stats   func() Stats // without NotReady
	Sources func() Sources
	Log     *slog.Logger

	Access    Access
	Site      Site
	Store     func() *store.Store
	Sessions  func() []broker.Session
	Observers func() []broker.Observer
	Decisions Decisions
	Report    *report.Reporter // takes frames apart
	Profiling bool             // serve pprof to this machine
}

// Console is one HTTP server, bound to its address.
type Console struct {
	listener net.Listener
	server   *http.Server
	pages    *server
	stop     context.CancelFunc
}

// Open binds the address. It serves nobody until Run.
func Open(ctx context.Context, opts Options) (*Console, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", opts.Listen)
	if err != nil {
		remedy := "choose another address"
		if errors.Is(err, syscall.EADDRINUSE) {
			remedy = "another program has this port, or another hub; stop it, or choose another address"
		}
		return nil, fmt.Errorf("listen for HTTP on %q: %w: %s (hub.console.listen), or \"\" for none", opts.Listen, cause(err), remedy)
	}
	stopping, stop := context.WithCancel(context.WithoutCancel(ctx))
	pages := newServer(stopping, opts)
	return &Console{
		listener: newCappedListener(l, maxConnections, maxFromOne),
		pages:    pages,
		stop:     stop,
		server: &http.Server{
			Handler:           pages.routes(opts),
			ConnState:         noticeHijack,
			ReadHeaderTimeout: headerTimeout,
			ReadTimeout:       readTimeout,
			WriteTimeout:      writeTimeout,
			IdleTimeout:       idleTimeout,
			MaxHeaderBytes:    maxHeaderBytes,
			ErrorLog:          slog.NewLogLogger(opts.Log.Handler(), slog.LevelDebug),
		},
	}, nil
}

// cause is a network error without the words that its message would repeat.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// Addr is the bound address, for port 0.
func (c *Console) Addr() net.Addr { return c.listener.Addr() }

// Run serves until ctx ends, then ends the streams and lets other requests
// finish for a moment.
func (c *Console) Run(ctx context.Context) error {
	removeOldBackups(c.pages.site.Database)
	var sampling sync.WaitGroup
	defer sampling.Wait()
	defer c.stop()
	sampling.Go(c.pages.sampleUntilStopped)
	served := make(chan error, 1)
	go func() { served <- c.server.Serve(c.listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve HTTP on %s: %w", c.Addr(), err)
	case <-ctx.Done():
	}
	c.stop()
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := c.server.Shutdown(deadline); err != nil {
		_ = c.server.Close() // only slow clients are left
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP on %s: %w", c.Addr(), err)
	}
	return nil
}

// Close gives the address back without having served.
func (c *Console) Close() error {
	c.stop()
	return c.listener.Close()
}
