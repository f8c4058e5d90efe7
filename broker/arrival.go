package broker

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// admit serves a new connection on a goroutine of its own, or closes it when
// there are too many.
func (l *listener) admit(tcp net.Conn) {
	s := &socket{Conn: tcp}
	c := newConn(s, l.wayIn, l.b.opts)
	c.socket, c.abort = s, tcp.Close
	c.uncounted = l.trustedAt(c.remote)
	if !l.b.track(c) {
		tcp.Close()
		return
	}
	go l.receive(c, s)
}

// receive takes a connection from its first byte to where MQTT begins: the
// proxy's header, TLS. A deadline holds for all of it and for CONNECT.
func (l *listener) receive(c *conn, s *socket) {
	handedOn := false
	defer func() {
		if p := recover(); p != nil {
			l.b.panicked("receive "+c.remote, p)
		}
		if !handedOn {
			l.b.leave(c)
		}
	}()
	s.SetReadDeadline(l.b.deadline(c))
	who, err := l.introduced(s)
	if err != nil {
		l.b.notLetIn(c, err)
		return
	}
	if !l.b.relocate(c, who) {
		return
	}
	if l.secure {
		secured, err := l.handshake(s, l.b.deadline(c))
		if err != nil {
			l.b.notSecured(c, err)
			return
		}
		if !c.become(secured, false) {
			return
		}
	}
	handedOn = true
	if l.web {
		l.pass(c)
		return
	}
	l.b.serve(c)
}

// serve is the life of one connection that carries MQTT. A packet that makes the
// library panic ends this connection and no other.
func (b *Broker) serve(c *conn) {
	defer b.leave(c)
	defer func() {
		if p := recover(); p != nil {
			b.panicked("serve "+c.remote, p)
			b.abandon(c)
		}
	}()
	c.SetDeadline(b.deadline(c))
	if err := c.awaitConnect(b.opts.MaxPacketSize); err != nil {
		b.notLetIn(c, err)
		return
	}
	if err := b.server.EstablishConnection(c.listener, c); err != nil {
		b.ended(c, err)
	}
}

// maxConnect is the largest CONNECT that is taken, in bytes. The largest of a
// real client, with a device token and a will, is not a tenth of it. Clients
// that have not logged in hold this much memory and no more.
const maxConnect = 16 << 10

// A stranger is what speaks something else than MQTT; the error says what.
type stranger string

func (s stranger) Error() string { return string(s) }

// awaitConnect waits until a whole CONNECT is there, and leaves it to be read.
// Before that a connection costs little: the library makes a client, with its
// queues and goroutines, of every one it is given.
func (c *conn) awaitConnect(maxPacket int) error {
	const header = 0x10 // CONNECT; its flags are 0 (MQTT-2.2.2-1)
	start, err := c.peek(c.Conn, 2)
	if len(start) > 0 && start[0] != header {
		return stranger(speaks(start[0]))
	}
	if err != nil {
		return err
	}
	body, size, shift := 0, 0, 0
	for n := 2; ; n++ {
		if start, err = c.peek(c.Conn, n); err != nil {
			return err
		}
		size |= int(start[n-1]&0x7F) << shift
		if shift += 7; start[n-1] < 0x80 {
			body, size = n, size+n
			break
		}
		if n == 5 {
			return stranger("a CONNECT with a length of more than four bytes")
		}
	}
	if size > min(maxConnect, maxPacket) {
		return stranger(fmt.Sprintf("a CONNECT of %d bytes, %d is the most", size, min(maxConnect, maxPacket)))
	}
	if start, err = c.peek(c.Conn, size); err != nil {
		return err
	}
	c.bridge = takeBridgeMark(start[body:])
	return nil
}

// speaks is what a client takes this for that begins with such a byte.
func speaks(first byte) string {
	switch {
	case first == 0x16:
		return "TLS where plain MQTT is served"
	case first >= 'A' && first <= 'Z':
		return "HTTP, or another protocol of text, where MQTT is served"
	case first>>4 >= 1 && first>>4 <= 15:
		return "not CONNECT but another MQTT packet first"
	}
	return "no MQTT"
}

// notLetIn counts and tells of a connection that ended before it could log in.
func (b *Broker) notLetIn(c *conn, err error) {
	var odd stranger
	switch {
	case b.stopping():
		return
	case errors.Is(err, errStrangeProxy), errors.Is(err, errProxyHeader):
		b.stats.refusedProxies.Add(1)
		b.faults.warn(b.log, "connection refused", "listener", c.listener, "remote", c.remote, "err", err)
	case errors.As(err, &odd):
		b.stats.protocolErrors.Add(1)
		b.faults.warn(b.log, "connection ended: not MQTT as this broker takes it", "listener", c.listener, "remote", c.remote, "err", odd)
	case errors.Is(err, os.ErrDeadlineExceeded), time.Now().After(b.deadline(c)):
		b.stats.connectTimeouts.Add(1)
		b.log.Debug("connection ended: no CONNECT in time", "listener", c.listener, "remote", c.remote)
	case !errors.Is(err, io.EOF):
		b.log.Debug("connection ended before CONNECT", "listener", c.listener, "remote", c.remote, "err", err)
	}
}
