package broker

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"golang.org/x/sync/errgroup"

	"corescope-hub/ingest"
)

// Sink receives every accepted PUBLISH, from local clients and from upstreams.
// Ingest queues it and returns; it blocks only while the queue is full, until
// ctx ends. done is called exactly once, when the message's fate is known: for
// messages that reach the database in commit order. done may be nil.
type Sink interface {
	Ingest(ctx context.Context, m ingest.Message, done func(ingest.Verdict))
}

// Broker is an MQTT broker and its bridges.
type Broker struct {
	opts  Options
	sink  Sink
	log   *slog.Logger
	door  *door        // of ways in that have none of their own
	certs certificates // nil when there are none to be had
	tls   *tls.Config  // of secure listeners

	server    *mqtt.Server
	listeners []*listener
	upstreams []*upstream
	shown     *shownRecently

	republishes bool // an upstream's messages are shown to subscribers

	accepting context.Context // ends when the broker begins to stop: nothing new is taken
	stop      context.CancelFunc

	crowd
	arriving map[string]chan struct{} // client ids whose session is being established; closed when it is
	delayed  map[string]*time.Timer   // last wills that wait, by client id
	inFlight atomic.Int64             // messages whose fate is not known

	intake    *intake
	courier   *courier
	unwritten atomic.Int64 // bytes that wait for all connections to take them
	backlog   atomic.Int64 // bytes in all outboxes, and sent and not acknowledged
	shelf     shelf
	held      holdings
	roster    *roster
	roll      Roll // the decisions in roster; unused without a file
	rollStamp stamp

	stats      counters
	full       limiter // connections that there is no room for
	handshakes limiter // that failed
	refusals   limiter // of logins
	faults     limiter // of the protocol
	panics     limiter // a client that knows how can cause them at will
}

// New makes a Broker that hands what it accepts to sink. Nothing is opened
// before Run.
func New(sink Sink, opts Options) (*Broker, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	b := &Broker{opts: opts, sink: sink, log: opts.Log, crowd: newCrowd(), arriving: make(map[string]chan struct{}), delayed: make(map[string]*time.Timer)}
	b.intake, b.courier = newIntake(opts.MaxPacketSize), newCourier()
	b.shelf.costs = make(map[string]int)
	b.shown = newShownRecently()
	b.roster = newRoster(opts.Observers.KnownOnly, opts.Observers.Limits)
	b.stats.init()
	var err error
	if err = b.readRulings(); err != nil {
		return nil, err
	}
	if b.door, err = newDoor(opts.Auth); err != nil {
		return nil, err
	}
	if b.certs, err = newCertificates(opts.TLS, opts.Log); err != nil {
		return nil, err
	}
	if b.certs != nil {
		b.tls = b.certs.config()
	}
	b.accepting, b.stop = context.WithCancel(context.Background())
	for _, o := range opts.Listen {
		l, err := newListener(b, o)
		if err != nil {
			return nil, err
		}
		b.listeners = append(b.listeners, l)
	}
	for _, o := range opts.Upstreams {
		u, err := newUpstream(b, o)
		if err != nil {
			return nil, err
		}
		b.upstreams = append(b.upstreams, u)
		b.republishes = b.republishes || o.Republish
	}
	b.server = mqtt.New(&mqtt.Options{
		Capabilities:             capabilities(opts),
		Logger:                   slog.New(slog.DiscardHandler), // it logs whole packets, passwords included
		SysTopicResendInterval:   30,
		ClientNetReadBufferSize:  2 << 10,
		ClientNetWriteBufferSize: 2 << 10,
	})
	if err := b.server.AddHook(&hook{b: b}, nil); err != nil {
		return nil, fmt.Errorf("install broker hook: %w", err)
	}
	return b, nil
}

// Run opens the listeners, calls ready, and serves until ctx ends. Then it
// stops taking messages, waits until those it has are committed and answered,
// and ends the sessions. A listener that cannot be opened is an error.
func (b *Broker) Run(ctx context.Context, ready func()) error {
	defer b.stop()
	defer b.closeListeners()
	for _, l := range b.listeners {
		if err := l.open(ctx); err != nil {
			return err
		}
	}
	challenges, err := b.opts.TLS.ACME.listen(ctx)
	if err != nil {
		return err
	}
	if challenges != nil {
		defer challenges.Close()
	}
	if err := b.server.Serve(); err != nil {
		return fmt.Errorf("start broker: %w", err)
	}
	b.restore()
	var loops errgroup.Group
	for _, l := range b.listeners {
		loops.Go(func() error { l.serve(); return nil })
	}
	for _, u := range b.upstreams {
		loops.Go(func() error { u.run(b.accepting); return nil })
	}
	loops.Go(func() error { b.courier.run(b.bring); return nil })
	loops.Go(func() error { b.keepRoster(b.accepting); return nil })
	loops.Go(func() error { b.keepCount(b.accepting); return nil })
	if a, ok := b.certs.(*automatic); ok {
		loops.Go(func() error { a.run(b.accepting, challenges); return nil })
	}
	ready()
	<-ctx.Done()
	return b.shutdown(&loops)
}

// shutdown ends everything in the order that loses nothing: first the ways in,
// then the wait for commits, then the sessions.
func (b *Broker) shutdown(loops *errgroup.Group) error {
	b.mu.Lock()
	b.stop()
	b.mu.Unlock()
	b.closeListeners()
	if n := b.drain(); n > 0 {
		b.log.Warn("stopped before every message was committed; those were not acknowledged and will come again", "messages", n)
	}
	b.endSessions()
	served := waitAtMost(b.opts.WriteTimeout+time.Second, b.serving.Wait)
	if !served {
		b.log.Warn("stopped before every connection had ended")
	}
	b.courier.end()
	loops.Wait()
	if served { // the library waits without limit for connections it has
		b.server.Close()
	}
	return nil
}

func (b *Broker) closeListeners() {
	for _, l := range b.listeners {
		l.close()
	}
}

// endSessions tells MQTT 5 clients why, and closes every connection, logged in
// or not.
func (b *Broker) endSessions() {
	for _, c := range b.openConns() {
		c.goodbye(b.server)
	}
}

func (b *Broker) openConns() []*conn {
	b.mu.Lock()
	defer b.mu.Unlock()
	open := make([]*conn, 0, len(b.conns))
	for c := range b.conns {
		open = append(open, c)
	}
	return open
}

// drain waits until the fate of every message is known and the subscribers have
// it, and returns of how many it is not known after DrainTimeout.
func (b *Broker) drain() int64 {
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for deadline := time.Now().Add(b.opts.DrainTimeout); b.inFlight.Load()+b.courier.waiting() > 0 && time.Now().Before(deadline); {
		<-poll.C
	}
	return b.inFlight.Load()
}

// waitAtMost reports whether wait returned within d.
func waitAtMost(d time.Duration, wait func()) bool {
	done := make(chan struct{})
	go func() { wait(); close(done) }()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// Addr returns the bound HOST:PORT of a listener by its address in Options.Listen,
// "" before Run has opened it.
func (b *Broker) Addr(listener string) string {
	for _, l := range b.listeners {
		if l.name == listener {
			if a := l.bound.Load(); a != nil {
				return *a
			}
		}
	}
	return ""
}

// stopping says whether the broker has begun to stop.
func (b *Broker) stopping() bool { return b.accepting.Err() != nil }

// panicked tells of a panic that was stopped.
func (b *Broker) panicked(act string, p any) {
	b.stats.panics.Add(1)
	b.panics.tell(b.log, slog.LevelError, "broker panic", "act", act, "err", p, "stack", string(debug.Stack()))
}
