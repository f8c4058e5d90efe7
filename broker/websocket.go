package broker

import (
	"bufio"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// WebSocket serves MQTT over WebSocket, whatever the path: clients use several.
// name is the listener that its connections have in logs and counters; the rules
// are those of Options.
//
// A browser's page may connect only to the host that it came from, and those of
// Options.Origins. Without that rule any page of the internet could publish
// here, through the browser of somebody on the local network.
func (b *Broker) WebSocket(name string) http.Handler {
	way := &wayIn{b: b, name: name, door: b.door, proxies: b.opts.Proxies}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		way.restoreHost(r)
		who := way.requested(callerAt(r.RemoteAddr), r)
		ws, below := b.upgrade(w, r, way)
		if ws == nil {
			return
		}
		c := newConn(carrier(ws, below), way, b.opts)
		c.caller, c.closesWhole, c.abort = who, true, below.Close
		if !b.track(c) {
			time.AfterFunc(lingerTime, func() { c.abort() })
			ws.Close(websocket.StatusTryAgainLater, "too many connections")
			return
		}
		b.serve(c)
	})
}

// hijack keeps the connection that is taken from the HTTP server: a WebSocket can
// only be ended with patience.
type hijack struct {
	http.ResponseWriter
	conn *framed
}

// Hijack takes it.
func (h *hijack) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rest, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.conn = newFramed(conn)
	return h.conn, rest, nil
}

// upgrade makes a WebSocket of a request, or answers why not and returns nil.
func (b *Broker) upgrade(w http.ResponseWriter, r *http.Request, way *wayIn) (*websocket.Conn, *framed) {
	taken := &hijack{ResponseWriter: w}
	ws, err := websocket.Accept(taken, r, &websocket.AcceptOptions{
		Subprotocols:    []string{"mqtt", "mqttv3.1"},
		OriginPatterns:  b.opts.Origins,
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil { // Accept has answered
		b.stats.refusedUpgrades.Add(1)
		b.log.Debug("no MQTT over WebSocket", "listener", way.name, "remote", r.RemoteAddr, "err", bounded(err.Error()))
		return nil, nil
	}
	return ws, taken.conn
}

// carrier is what MQTT is carried by, in frames over below.
func carrier(ws *websocket.Conn, below *framed) net.Conn {
	return &unframed{websocket.NetConn(context.Background(), ws, websocket.MessageBinary), below}
}

// guest is a connection in the hands of the HTTP server.
type guest struct {
	net.Conn
	c *conn
}

// RemoteAddr is where the client is, by the word of a trusted proxy.
func (g *guest) RemoteAddr() net.Addr { return g.c.RemoteAddr() }

// guests hand connections to an HTTP server.
type guests struct {
	next   chan *guest
	closed chan struct{}
	once   sync.Once
}

func newGuests() *guests { return &guests{next: make(chan *guest), closed: make(chan struct{})} }

// Accept waits for the next connection.
func (g *guests) Accept() (net.Conn, error) {
	select {
	case c := <-g.next:
		return c, nil
	case <-g.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (g *guests) Close() error { g.once.Do(func() { close(g.closed) }); return nil }

// Addr is asked for by nobody.
func (g *guests) Addr() net.Addr { return caller{} }

// pass hands c to the HTTP server, which leaves it.
func (l *listener) pass(c *conn) {
	select {
	case l.guests.next <- &guest{c.Conn, c}:
	case <-l.guests.closed:
		l.b.leave(c)
	}
}

// ofRequest is the key of a request's connection in its context.
type ofRequest struct{}

// serveHTTP begins to serve WebSocket to those that are passed on.
func (l *listener) serveHTTP() (stop func()) {
	server := &http.Server{
		Handler:           http.HandlerFunc(l.request),
		ReadHeaderTimeout: l.b.opts.ConnectTimeout,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          quiet(),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, ofRequest{}, c.(*guest).c)
		},
		ConnState: func(c net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				l.b.leave(c.(*guest).c)
			}
		},
	}
	server.SetKeepAlivesEnabled(false)
	done := make(chan struct{})
	go func() { defer close(done); server.Serve(l.guests) }()
	return func() { l.guests.Close(); <-done }
}

// request takes MQTT over WebSocket, at any path, from a connection that was
// passed on.
func (l *listener) request(w http.ResponseWriter, r *http.Request) {
	c := r.Context().Value(ofRequest{}).(*conn)
	l.restoreHost(r)
	if !l.b.relocate(c, l.requested(c.caller, r)) {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "too many connections", http.StatusServiceUnavailable)
		return
	}
	ws, below := l.b.upgrade(w, r, l.wayIn)
	if ws == nil {
		return
	}
	if !c.become(carrier(ws, below), true) {
		ws.CloseNow()
		l.b.leave(c)
		return
	}
	l.b.serve(c)
}

// quiet is for servers whose complaints are about strangers.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
