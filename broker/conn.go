package broker

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

var errSlowClient = errors.New("client does not read what it is sent")

// conn is one client's connection, and all that the broker knows of the client.
// The library reads from it on the connection's goroutine and writes to it from
// any. A write never waits for the network: it goes to a buffer, which one
// goroutine at a time empties into the socket. So nobody who has something for
// this client can be held up by it.
type conn struct {
	net.Conn
	listener     string
	remote       string
	origin       netip.Prefix // the address of remote, for counting
	writeTimeout time.Duration
	soft, hard   int // bytes waiting: above soft messages are left out, above hard the connection ends
	since        time.Time
	closesWhole  bool // an expired read deadline ends writing, too: WebSocket

	out struct {
		sync.Mutex
		waiting  []byte
		spare    []byte // the other buffer, empty, kept to be used again
		flushing bool
		closed   bool
		err      error
	}
	waiting atomic.Int64 // len(out.waiting) plus what is being written

	client     atomic.Pointer[mqtt.Client] // set once it has logged in
	principal  Principal                   // set when it logs in
	will       *will
	stations   []*station    // observers that it speaks for; roster.mu guards it
	superseded atomic.Bool   // its session went to a newer connection: no will
	arrived    func()        // ends its turn to establish a session; nil when it has none
	gone       chan struct{} // closed when the connection's goroutine has ended
	deliveries deliveries
	offered    atomic.Int64 // messages for the client given to the library
	taken      atomic.Int64 // of those, written by it
}

// Bounds of what the library holds for one client, in messages. It leaves out
// what is more, even for a client that reads: a group of commits, or the retained
// messages of a large mesh, come faster than it writes.
const (
	writesPending     = 512
	maxUnacknowledged = 512 // QoS 1 and 2
)

// offer is asked before the library queues a message for the client, and waits
// while its queue is half full. The queue is emptied by a goroutine that waits
// for nobody, so this is short; when nothing moves, the queue is empty, and the
// messages counted as queued were left out for another reason.
func (c *conn) offer() {
	const patience, step = 10, 200 * time.Microsecond
	if c.offered.Add(1)-c.taken.Load() <= writesPending/2 {
		return
	}
	for still := 0; still < patience; still++ {
		before := c.taken.Load()
		time.Sleep(step)
		now := c.taken.Load()
		if c.offered.Load()-now <= writesPending/4 {
			return
		}
		if now != before {
			still = 0
		}
	}
	c.offered.Store(c.taken.Load())
}

func newConn(socket net.Conn, listener string, o Options) *conn {
	return &conn{
		Conn:         socket,
		listener:     listener,
		remote:       socket.RemoteAddr().String(),
		origin:       originOf(socket.RemoteAddr().String()),
		writeTimeout: o.WriteTimeout,
		soft:         o.MaxPendingBytes,
		hard:         2*o.MaxPendingBytes + o.MaxPacketSize,
		since:        time.Now(),
		gone:         make(chan struct{}),
		deliveries:   deliveries{slots: make(chan struct{}, o.MaxInFlight)},
	}
}

// connOf returns the connection of a client of this broker, nil for the inline
// ones and for sessions that have none.
func connOf(cl *mqtt.Client) *conn {
	c, _ := cl.Net.Conn.(*conn)
	return c
}

// Write takes p whole and returns at once.
func (c *conn) Write(p []byte) (int, error) {
	c.out.Lock()
	defer c.out.Unlock()
	if c.out.err != nil {
		return 0, c.out.err
	}
	if c.out.closed {
		return 0, net.ErrClosed
	}
	if int(c.waiting.Load())+len(p) > c.hard {
		c.fail(errSlowClient)
		return 0, errSlowClient
	}
	c.out.waiting = append(c.out.waiting, p...)
	c.waiting.Add(int64(len(p)))
	if !c.out.flushing {
		c.out.flushing = true
		go c.flush()
	}
	return len(p), nil
}

// flush writes until nothing waits, then ends. All that came together goes out
// in one write.
func (c *conn) flush() {
	c.out.Lock()
	defer c.out.Unlock()
	for len(c.out.waiting) > 0 && c.out.err == nil {
		p := c.out.waiting
		c.out.waiting, c.out.spare = c.out.spare[:0], nil
		c.out.Unlock()
		err := c.writeOut(p)
		c.out.Lock()
		c.waiting.Add(-int64(len(p)))
		const keep = 16 << 10
		if cap(p) <= keep {
			c.out.spare = p[:0]
		}
		if err != nil {
			c.fail(err)
		}
	}
	c.out.flushing = false
	if c.out.closed {
		c.Conn.Close()
	}
}

// writeOut writes p. The deadline is for progress, not for the whole: a slow
// link may take long, a dead one may not.
func (c *conn) writeOut(p []byte) error {
	const piece = 16 << 10
	for len(p) > 0 {
		c.Conn.SetWriteDeadline(time.Now().Add(c.writeTimeout))
		n, err := c.Conn.Write(p[:min(piece, len(p))])
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// fail ends the connection without waiting for what is still to be written.
// The caller holds out.
func (c *conn) fail(err error) {
	if c.out.err == nil {
		c.out.err = err
	}
	c.out.closed = true
	c.waiting.Store(0)
	c.out.waiting = nil
	c.Conn.Close()
}

// Close ends reading at once and lets what waits be written first.
func (c *conn) Close() error {
	c.out.Lock()
	defer c.out.Unlock()
	if c.out.closed {
		return nil
	}
	c.out.closed = true
	if c.out.flushing && c.closesWhole {
		return nil // flush closes it
	}
	if c.out.flushing {
		return c.Conn.SetReadDeadline(time.Unix(1, 0))
	}
	return c.Conn.Close()
}

// SetDeadline sets the deadline for reading: each write has its own.
func (c *conn) SetDeadline(t time.Time) error {
	c.out.Lock()
	defer c.out.Unlock()
	if c.out.closed { // it stands at a moment in the past, to end the reader
		return nil
	}
	return c.Conn.SetReadDeadline(t)
}

// behind says whether the client reads so slowly that messages for it are left
// out.
func (c *conn) behind() bool { return int(c.waiting.Load()) > c.soft }

// goodbye ends the connection from our side. MQTT 5 clients are told why; for
// older ones the protocol has no such packet.
func (c *conn) goodbye(server *mqtt.Server) {
	cl := c.client.Load()
	switch {
	case cl == nil:
		c.Close()
	case cl.Properties.ProtocolVersion >= 5:
		server.DisconnectClient(cl, packets.ErrServerShuttingDown)
	default:
		cl.Stop(packets.ErrServerShuttingDown)
	}
}
