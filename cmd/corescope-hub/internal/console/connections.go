package console

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
)

// How many connections may be open at once. Browsers make six each.
const (
	maxConnections = 256
	maxFromOne     = 48 // of one address
)

// cappedListener closes connections that are too many, so that the ones open go
// on. It counts none that was taken over for MQTT: the broker has caps of its own.
type cappedListener struct {
	net.Listener
	total, fromOne int

	mu   sync.Mutex
	open map[*cappedConn]struct{}
	from map[netip.Addr]int
}

func newCappedListener(l net.Listener, total, fromOne int) *cappedListener {
	return &cappedListener{Listener: l, total: total, fromOne: fromOne, open: make(map[*cappedConn]struct{}), from: make(map[netip.Addr]int)}
}

// Accept returns the next connection that is not too many.
func (l *cappedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := l.take(conn); c != nil {
			return c, nil
		}
		conn.Close()
	}
}

func (l *cappedListener) take(conn net.Conn) *cappedConn {
	c := &cappedConn{Conn: conn, listener: l}
	if ap, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
		c.addr = ap.Addr().Unmap().WithZone("")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) >= l.total || l.from[c.addr] >= l.fromOne {
		return nil
	}
	l.open[c] = struct{}{}
	l.from[c.addr]++
	return c
}

// noticeHijack frees the place of a connection that is HTTP's no more.
func noticeHijack(conn net.Conn, state http.ConnState) {
	if c, ok := conn.(*cappedConn); ok && state == http.StateHijacked {
		c.leave()
	}
}

// cappedConn is a connection with a place.
type cappedConn struct {
	net.Conn
	listener *cappedListener
	addr     netip.Addr
	left     sync.Once
}

// Close closes the connection and frees its place.
func (c *cappedConn) Close() error {
	c.leave()
	return c.Conn.Close()
}

func (c *cappedConn) leave() {
	c.left.Do(func() {
		l := c.listener
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.open, c)
		if l.from[c.addr]--; l.from[c.addr] <= 0 {
			delete(l.from, c.addr)
		}
	})
}
