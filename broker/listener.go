package broker

import (
	"context"
	"crypto/tls"
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
	web     bool   // MQTT over WebSocket
	secure  bool   // TLS
	ln      net.Listener
	bound   atomic.Pointer[string]
	once    sync.Once
}

func newListener(b *Broker, name string) (*listener, error) {
	u, err := url.Parse(name)
	if err != nil || u.Port() == "" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("listen on %q: use SCHEME://HOST:PORT, for example tcp://:1883", name)
	}
	l := &listener{b: b, name: name, address: u.Host}
	switch u.Scheme {
	case "tcp", "tls", "ws", "wss":
		l.web, l.secure = strings.HasPrefix(u.Scheme, "ws"), u.Scheme == "tls" || u.Scheme == "wss"
	default:
		return nil, fmt.Errorf("listen on %q: the scheme is tcp, tls, ws or wss", name)
	}
	if l.secure && b.tls == nil {
		return nil, fmt.Errorf("listen on %q: it needs a certificate (hub.broker.tls.certFile and keyFile)", name)
	}
	return l, nil
}

func (l *listener) open(ctx context.Context) error {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", l.address)
	if err != nil {
		return &ListenError{Listener: l.name, Err: err}
	}
	l.ln = ln
	if l.secure {
		l.ln = tls.NewListener(ln, l.b.tls) // the handshake is done by the first read, on the connection's goroutine
	}
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

// serve accepts until the listener is closed.
func (l *listener) serve() {
	if l.web {
		l.serveHTTP()
		return
	}
	patient := &patientListener{l}
	for {
		socket, err := patient.Accept()
		if err != nil {
			return
		}
		l.admit(socket)
	}
}

// patientListener goes on after a failed accept, as when the process has no
// file descriptors left, with a growing pause. Its error means that the
// listener is closed.
type patientListener struct{ *listener }

// Accept waits for the next connection.
func (p *patientListener) Accept() (net.Conn, error) {
	const first, most = 5 * time.Millisecond, time.Second
	for pause := first; ; pause = min(2*pause, most) {
		socket, err := p.ln.Accept()
		if err == nil || p.b.stopping() || errors.Is(err, net.ErrClosed) {
			return socket, err
		}
		if pause == first {
			p.b.log.Warn("cannot accept connections", "listener", p.name, "err", err)
		}
		p.b.stats.acceptErrors.Add(1)
		select {
		case <-time.After(pause):
		case <-p.b.accepting.Done():
			return nil, net.ErrClosed
		}
	}
}

// Close closes the listener.
func (p *patientListener) Close() error { p.close(); return nil }

// Addr is where the listener is bound.
func (p *patientListener) Addr() net.Addr { return p.ln.Addr() }

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
			b.abandon(c)
		}
		c.Close()
		b.mu.Lock()
		delete(b.conns, c)
		if b.from[c.origin]--; b.from[c.origin] == 0 {
			delete(b.from, c.origin)
		}
		b.mu.Unlock()
		if c.arrived != nil {
			c.arrived()
		}
		b.roster.leave(c)
		close(c.gone)
		b.serving.Done()
	}()
	c.Conn.SetReadDeadline(time.Now().Add(b.opts.ConnectTimeout))
	if err := b.server.EstablishConnection(c.listener, c); err != nil {
		b.ended(c, err)
	}
}
