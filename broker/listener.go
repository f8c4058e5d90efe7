package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Listener is one way in.
type Listener struct {
	Address string // tcp, tls, ws or wss://HOST:PORT; port 0 asks for a free one

	Auth    *Auth          // nil for Options.Auth
	Proxies []netip.Prefix // nil for Options.Proxies, empty for none
}

// Listeners are listeners at those addresses, and nothing about them is special.
func Listeners(addresses ...string) []Listener {
	all := make([]Listener, len(addresses))
	for i, a := range addresses {
		all[i].Address = a
	}
	return all
}

// listener accepts connections for the broker. It is ours and not the
// library's: that one has no deadline for CONNECT, and ends for good at the
// first failed accept.
type listener struct {
	*wayIn
	address string // HOST:PORT
	web     bool   // MQTT over WebSocket
	secure  bool   // TLS
	ln      net.Listener
	guests  *guests // of web
	bound   atomic.Pointer[string]
	once    sync.Once
}

func newListener(b *Broker, o Listener) (*listener, error) {
	name := o.Address
	u, err := url.Parse(name)
	if err != nil || u.Port() == "" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("listen on %q: use SCHEME://HOST:PORT, for example tcp://:1883", name)
	}
	l := &listener{address: u.Host}
	switch u.Scheme {
	case "tcp", "tls", "ws", "wss":
		l.web, l.secure = strings.HasPrefix(u.Scheme, "ws"), u.Scheme == "tls" || u.Scheme == "wss"
	default:
		return nil, fmt.Errorf("listen on %q: the scheme is tcp, tls, ws or wss", name)
	}
	if l.secure && b.tls == nil {
		return nil, fmt.Errorf("listen on %q: it needs a certificate (hub.broker.tls)", name)
	}
	if l.wayIn, err = b.newWayIn(o); err != nil {
		return nil, fmt.Errorf("listen on %q: %w", name, err)
	}
	if l.web {
		l.guests = newGuests()
	}
	return l, nil
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
// process has no file descriptors left, is followed by a growing pause.
func (l *listener) serve() {
	if l.web {
		stop := l.serveHTTP()
		defer stop()
	}
	const first, most = 5 * time.Millisecond, time.Second
	pause := first
	for {
		tcp, err := l.ln.Accept()
		switch {
		case err == nil:
			pause = first
			l.admit(tcp)
			continue
		case l.b.stopping() || errors.Is(err, net.ErrClosed):
			return
		}
		l.b.acceptFailed(l, err)
		select {
		case <-time.After(pause):
		case <-l.b.accepting.Done():
			return
		}
		pause = min(2*pause, most)
	}
}

// acceptFailed counts and tells. When it is for want of file descriptors, one
// that serves nobody is given up.
func (b *Broker) acceptFailed(l *listener, err error) {
	b.stats.acceptErrors.Add(1)
	b.full.warn(b.log, "cannot accept connections", "listener", l.name, "err", err)
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.makeRoom(nil)
	}
}
