package broker

import (
	"io"
	"net"
	"time"
)

// socket is a client's TCP connection below TLS and WebSocket. It can be looked
// into before it is read, and its end reaches the client: one that is closed
// while something of the client is unread would be reset, and a reset takes back
// what the client has not read yet, such as its last acknowledgements.
type socket struct {
	net.Conn
	lookahead
	bounded bool // during the TLS handshake
	left    int  // bytes that may still be read then
}

// Read reads what was looked at first.
func (s *socket) Read(p []byte) (int, error) {
	if !s.bounded {
		return s.read(s.Conn, p)
	}
	if s.left == 0 {
		return 0, errLongHandshake
	}
	n, err := s.read(s.Conn, p[:min(len(p), s.left)])
	s.left -= n
	return n, err
}

// Close ends what we send, and our reading; finish has to follow.
func (s *socket) Close() error {
	half, ok := s.Conn.(interface{ CloseWrite() error })
	if !ok {
		return s.Conn.Close()
	}
	err := half.CloseWrite()
	s.Conn.SetReadDeadline(longAgo)
	return err
}

// longAgo is a deadline that ends a read at once.
var longAgo = time.Unix(1, 0)

// Bounds of how long finish waits for the client to end its side.
const (
	lingerTime  = time.Second
	lingerBytes = 256 << 10
)

// finish closes the connection for good. With patience it waits for the client
// to end its side, too, and throws away what still comes.
func (s *socket) finish(patience bool) {
	if patience {
		s.Conn.SetReadDeadline(time.Now().Add(lingerTime))
		io.CopyN(io.Discard, s.Conn, lingerBytes)
	}
	s.Conn.Close()
}

// hangUp closes what MQTT is carried by. WebSocket waits for its client to close,
// too, and TLS for room to say goodbye: a client that lets them wait is cut.
func (c *conn) hangUp() {
	patience := time.AfterFunc(lingerTime, func() { c.abort() })
	defer patience.Stop()
	c.Conn.Close()
}

// lookahead holds bytes that were read before their time.
type lookahead struct{ ahead []byte }

// peek returns the next n bytes of r without taking them. It reads no more than
// it must, and a little.
func (l *lookahead) peek(r io.Reader, n int) ([]byte, error) {
	const least = 512
	for len(l.ahead) < n {
		if len(l.ahead) == cap(l.ahead) {
			grown := make([]byte, len(l.ahead), min(max(n, least), max(2*cap(l.ahead), least)))
			copy(grown, l.ahead)
			l.ahead = grown
		}
		got, err := r.Read(l.ahead[len(l.ahead):cap(l.ahead)])
		l.ahead = l.ahead[:len(l.ahead)+got]
		if err != nil && len(l.ahead) < n {
			return l.ahead, err
		}
	}
	return l.ahead[:n], nil
}

// skip takes n bytes that were looked at.
func (l *lookahead) skip(n int) { l.ahead = l.ahead[n:] }

func (l *lookahead) read(r io.Reader, p []byte) (int, error) {
	if len(l.ahead) == 0 {
		l.ahead = nil
		return r.Read(p)
	}
	n := copy(p, l.ahead)
	l.ahead = l.ahead[n:]
	return n, nil
}
