package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// listener accepts connections for the broker. It is ours and not the
// library's: that one has no deadline for CONNECT, and ends for good at the
// first failed accept.
type listener struct {
	b       *Broker
	name    string // as configured
	address string // HOST:PORT
	ln      net.Listener
	bound   atomic.Pointer[string]
	once    sync.Once
}

func newListener(b *Broker, name string) (*listener, error) {
	u, err := url.Parse(name)
	if err != nil || u.Scheme != "tcp" || u.Port() == "" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("listen on %q: use tcp://HOST:PORT, for example tcp://:1883", name)
	}
	return &listener{b: b, name: name, address: u.Host}, nil
}

func (l *listener) open(ctx context.Context) error {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", l.address)
	if err != nil {
		return &ListenError{Listener: l.name, Err: err}
	}
	l.ln = ln
	bound := ln.Addr().String()
	l.bound.Store(&bound)
	return nil
}

// ListenError says which listener could not be opened and what to do about it.
type ListenError struct {
	Listener string
	Err      error
}

func (e *ListenError) Error() string {
	return fmt.Sprintf("listen on %s: %v: %s", e.Listener, e.cause(), e.hint())
}

// Unwrap returns the network error.
func (e *ListenError) Unwrap() error { return e.Err }

// cause is the error without the words that Error has said already.
func (e *ListenError) cause() error {
	var op *net.OpError
	if errors.As(e.Err, &op) {
		return op.Err
	}
	return e.Err
}

func (e *ListenError) hint() string {
	switch {
	case errors.Is(e.Err, syscall.EADDRINUSE):
		return "another program has this port; stop it (often mosquitto) or listen elsewhere (hub.broker.listen)"
	case errors.Is(e.Err, syscall.EACCES):
		return "ports below 1024 need a privilege; use a higher port (hub.broker.listen)"
	case errors.Is(e.Err, syscall.EADDRNOTAVAIL):
		return "this machine does not have that address (hub.broker.listen)"
	default:
		return "check hub.broker.listen"
	}
}

func (l *listener) close() {
	l.once.Do(func() {
		if l.ln != nil {
			l.ln.Close()
		}
	})
}

// serve accepts until the listener is closed. A failed accept, as when the
// process has no file descriptors left, is tried again with a growing pause.
func (l *listener) serve() {
	const first, most = 5 * time.Millisecond, time.Second
	pause := first
	for {
		socket, err := l.ln.Accept()
		if err == nil {
			pause = first
			l.admit(socket)
			continue
		}
		if l.b.stopping() || errors.Is(err, net.ErrClosed) {
			return
		}
		if pause == first {
			l.b.log.Warn("cannot accept connections", "listener", l.name, "err", err)
		}
		l.b.stats.acceptErrors.Add(1)
		select {
		case <-time.After(pause):
		case <-l.b.accepting.Done():
			return
		}
		pause = min(2*pause, most)
	}
}

// admit serves a new connection on a goroutine of its own, or closes it when
// there are too many.
func (l *listener) admit(socket net.Conn) {
	c := newConn(socket, l.name, l.b.opts)
	if !l.b.track(c) {
		socket.Close()
		return
	}
	go l.b.serve(c)
}

// track counts c in; it refuses when the broker is full or stopping, or when c
// is one too many of its address: one machine must not be able to shut out all
// others by holding connections open.
func (b *Broker) track(c *conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopping() {
		return false
	}
	if len(b.conns) >= b.opts.MaxConnections || b.from[c.origin] >= b.opts.MaxPerAddress {
		b.stats.refusedFull.Add(1)
		return false
	}
	b.conns[c] = struct{}{}
	b.from[c.origin]++
	b.serving.Add(1)
	b.stats.accepted.Add(1)
	return true
}

// serve is the life of one connection. A packet that makes the library panic
// ends this connection and no other.
func (b *Broker) serve(c *conn) {
	defer func() {
		if p := recover(); p != nil {
			b.panicked("serve "+c.remote, p)
		}
		c.Close()
		b.mu.Lock()
		delete(b.conns, c)
		if b.from[c.origin]--; b.from[c.origin] == 0 {
			delete(b.from, c.origin)
		}
		b.mu.Unlock()
		close(c.gone)
		b.serving.Done()
	}()
	c.Conn.SetReadDeadline(time.Now().Add(b.opts.ConnectTimeout))
	if err := b.server.EstablishConnection(c.listener, c); err != nil {
		b.ended(c, err)
	}
}
