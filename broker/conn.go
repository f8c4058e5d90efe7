package broker

import (
	"container/list"
	"errors"
	"net"
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
	net.Conn // what MQTT is carried by
	lookahead
	framing framing // the reader's goroutine alone uses it
	paces   paces
	caller
	way          *wayIn
	listener     string
	socket       *socket       // below everything; nil on the console's port
	abort        func() error  // ends the connection at once, without a word; it waits for nobody
	place        *list.Element // among those that have not logged in
	uncounted    bool          // by address: a proxy that has not said yet for whom it calls
	writeTimeout time.Duration
	soft, hard   int // bytes waiting: above soft messages are left out, above hard the connection ends
	since        time.Time
	latest       byte // that was read; the reader's goroutine alone uses it
	bridge       bool // it is of a broker that is bridged to this one, and said so
	closesWhole  bool // an expired read deadline ends writing, too: WebSocket

	out struct {
		sync.Mutex
		waiting  []byte
		spare    []byte // the other buffer, empty, kept to be used again
		flushing bool
		idle     chan struct{} // closed when flushing ends
		closed   bool
		err      error
	}
	waiting atomic.Int64 // len(out.waiting) plus what is being written
	moved   atomic.Int64 // when its client last took some of that; ns since 1970

	client     atomic.Pointer[mqtt.Client] // set once it has logged in
	principal  Principal                   // set when it logs in
	will       *will
	stations   []*station    // observers that it speaks for, or did; roster.mu guards it
	departed   bool          // roster.mu guards it
	statuses   *statuses     // of its session
	takeovers  int           // how often in a row its session has changed hands
	superseded atomic.Bool   // its session went to a newer connection: no will
	arrived    func()        // ends its turn to establish a session; nil when it has none
	gone       chan struct{} // closed when no more comes from the connection
	left       sync.Once
	denial     *denial // of its login; nil when it was not refused
	asked      asked
	deliveries deliveries
	outbox     *outbox                // of its session
	drained    atomic.Pointer[func()] // called by flush when the client has taken something

	wantsRetained []bool // of the filters in the SUBSCRIBE under way, which are to begin with retained messages
}

func newConn(carrier net.Conn, way *wayIn, o Options) *conn {
	return &conn{
		Conn:         carrier,
		paces:        newPaces(time.Now()),
		caller:       callerAt(carrier.RemoteAddr().String()),
		way:          way,
		listener:     way.name,
		abort:        carrier.Close,
		writeTimeout: o.WriteTimeout,
		soft:         o.MaxPendingBytes,
		hard:         2*o.MaxPendingBytes + o.MaxPacketSize,
		since:        time.Now(),
		gone:         make(chan struct{}),
		outbox:       new(outbox),
		statuses:     new(statuses),
		deliveries:   deliveries{slots: make(chan struct{}, o.MaxInFlight), quiet: make(chan struct{}, quietShare*o.MaxInFlight)},
	}
}

// connOf returns the connection of a client of this broker, nil for the inline
// ones and for sessions that have none.
func connOf(cl *mqtt.Client) *conn {
	c, _ := cl.Net.Conn.(*conn)
	return c
}

// become makes another carrier of the connection; closesWhole is for one that an
// expired read deadline ends altogether. It returns false when the connection
// was closed in the meantime.
func (c *conn) become(carrier net.Conn, closesWhole bool) bool {
	c.out.Lock()
	defer c.out.Unlock()
	if c.out.closed {
		return false
	}
	c.Conn, c.closesWhole = carrier, closesWhole
	return true
}

// RemoteAddr is where the client is, by the word of a trusted proxy.
func (c *conn) RemoteAddr() net.Addr { return c.caller }

// Write takes p whole and returns at once.
func (c *conn) Write(p []byte) (int, error) {
	n, err := c.put(p)
	if b := c.way.b; b.unwritten.Load() > maxUnwritten {
		b.relieve(time.Now())
	}
	return n, err
}

func (c *conn) put(p []byte) (int, error) {
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
	if !c.out.flushing { // before there is something to take
		c.moved.Store(time.Now().UnixNano())
	}
	c.out.waiting = append(c.out.waiting, p...)
	c.await(len(p))
	if !c.out.flushing {
		c.out.flushing, c.out.idle = true, make(chan struct{})
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
		if c.out.err == nil {
			c.await(-len(p))
		}
		c.out.Unlock()
		if drained := c.drained.Load(); drained != nil && err == nil {
			(*drained)()
		}
		c.out.Lock()
		const keep = 16 << 10
		if cap(p) <= keep {
			c.out.spare = p[:0]
		}
		if err != nil {
			c.fail(err)
		}
	}
	if c.out.closed && c.out.err == nil {
		c.out.Unlock()
		c.hangUp()
		c.out.Lock()
	}
	c.out.flushing = false
	close(c.out.idle)
}

// writeOut writes p. The deadline is for progress, not for the whole: a slow
// link may take long, a dead one may not.
func (c *conn) writeOut(p []byte) error {
	const piece = 16 << 10
	for len(p) > 0 {
		now := time.Now()
		c.moved.Store(now.UnixNano())
		c.Conn.SetWriteDeadline(now.Add(c.writeTimeout))
		n, err := c.Conn.Write(p[:min(piece, len(p))])
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// await counts n bytes more, or less, that wait. The caller holds out.
func (c *conn) await(n int) {
	c.waiting.Add(int64(n))
	c.way.b.unwritten.Add(int64(n))
}

// fail ends the connection without waiting for what is still to be written.
// The caller holds out.
func (c *conn) fail(err error) {
	if c.out.err == nil {
		c.out.err = err
	}
	c.out.closed = true
	c.await(-int(c.waiting.Load()))
	c.out.waiting = nil
	c.abort()
}

// cut ends the connection at once, for another to have its place.
func (c *conn) cut() {
	c.out.Lock()
	defer c.out.Unlock()
	c.fail(net.ErrClosed)
}

// finish comes after Close: when all is written it gives the connection back to
// the operating system.
func (c *conn) finish(patience bool) {
	c.out.Lock()
	idle, failed := c.out.idle, c.out.err != nil
	if !c.out.flushing {
		idle = nil
	}
	c.out.Unlock()
	if idle != nil {
		<-idle
	}
	if c.socket != nil {
		c.socket.finish(patience && !failed)
	}
}

// Close ends reading at once and lets what waits be written first. It waits for
// nobody: messages for all go past here, and whoever writes one would wait, too.
func (c *conn) Close() error {
	c.out.Lock()
	defer c.out.Unlock()
	if c.out.closed {
		return nil
	}
	c.out.closed = true
	if _, plain := c.Conn.(*socket); plain && !c.out.flushing {
		return c.Conn.Close()
	}
	if !c.out.flushing {
		c.out.flushing, c.out.idle = true, make(chan struct{})
		go c.flush()
	}
	if c.closesWhole {
		return nil // flush closes it
	}
	return c.Conn.SetReadDeadline(longAgo)
}

// setReadDeadline sets it unless the connection is closed.
func (c *conn) setReadDeadline(t time.Time) error {
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

// busy says whether enough waits for the client, for now. The more waits for all,
// the less is enough.
func (c *conn) busy() bool {
	share := max(fewUnwritten, (maxUnwritten-c.way.b.unwritten.Load())/4)
	return c.waiting.Load() > min(int64(c.soft/4), share)
}

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
