package broker

import (
	"errors"
	"os"
	"slices"
	"time"
)

// framing follows where control packets begin and end in what a connection
// reads. The library makes room for a packet as soon as its length is announced,
// and keeps it until the packet is whole or the keep-alive is over, which a
// client may do without; so it is given large ones whole.
type framing struct {
	left     int           // bytes of the control packet under way that are yet to be handed on
	ready    bool          // the large control packet that comes next is whole
	half     *half         // of the one under way; nil for a small one
	patience time.Duration // how long the library waits to read something; 0: for ever
}

// errSlowPacket is returned by Read, which has ended the connection.
var errSlowPacket = errors.New("a large control packet that did not come whole in time")

// Read reads for the library, after what was looked at first.
func (c *conn) Read(p []byte) (int, error) {
	if c.framing.left == 0 {
		c.endPacket()
	}
	for {
		n, err := c.read(c.Conn, p)
		if n == 0 {
			return 0, err
		}
		if whole := c.follow(p[:n]); whole > 0 {
			c.unread(p[whole:n])
			c.latest = p[whole-1]
			return whole, nil // an error comes again
		}
		c.unread(p[:n])
		if err := c.awaitPacket(); err != nil {
			return 0, err
		}
	}
}

// follow walks over control packets, and returns how many bytes of p may be
// handed on: up to the first packet whose length is not all there, or that is
// large.
func (c *conn) follow(p []byte) int {
	n := 0
	for n < len(p) {
		if c.framing.left == 0 {
			size := packetSize(p[n:])
			if size == 0 || c.large(size) && !c.framing.ready {
				return n
			}
			c.framing.left, c.framing.ready = size, false
		}
		some := min(c.framing.left, len(p)-n)
		c.framing.left -= some
		n += some
	}
	return n
}

// large says whether a control packet is to be read whole first. One that is too
// large for the library is not: it is refused by its length.
func (c *conn) large(size int) bool {
	const header = 5 // at most, and the library does not count it all
	return size > largePacket && size <= c.way.b.opts.MaxPacketSize+header
}

// packetSize is how many bytes the control packet has that p begins with, its
// header included; 0 when that is not all there. One that breaks the rule of four
// bytes ends there: the library refuses it.
func packetSize(p []byte) int {
	size := 0
	for i := 1; i < len(p) && i < 5; i++ {
		size |= int(p[i]&0x7F) << (7 * (i - 1))
		if p[i] < 0x80 || i == 4 {
			return 1 + i + size
		}
	}
	return 0
}

// awaitPacket waits until the control packet that comes next is there: a small
// one as far as its length, a large one whole.
func (c *conn) awaitPacket() error {
	size := 0
	for n := 2; size == 0; n++ {
		start, err := c.peek(c.Conn, n)
		if err != nil {
			return err
		}
		size = packetSize(start)
	}
	if !c.large(size) {
		return nil
	}
	b := c.way.b
	c.framing.half = b.intake.begin(c, size, b.accepting.Done())
	if c.framing.half == nil {
		return os.ErrDeadlineExceeded // the broker stops
	}
	in := &pieces{c: c, end: time.Now().Add(b.opts.PacketTimeout)}
	in.wait(time.Now())
	if _, err := c.peek(in, size); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) && !time.Now().Before(in.end) {
			c.cutFor(CutSlowPacket)
			err = errSlowPacket
		}
		return err
	}
	b.intake.whole(c.framing.half)
	c.framing.ready = true
	return nil
}

// pieces reads a large control packet as it comes over a link that may be slow:
// the client has the library's patience for each piece, and until end for the
// whole. What it waited for room before was not its own time.
type pieces struct {
	c   *conn
	end time.Time
}

func (in *pieces) Read(p []byte) (int, error) {
	n, err := in.c.Conn.Read(p)
	if n > 0 {
		now := time.Now()
		in.c.framing.half.moved.Store(now.UnixNano())
		in.wait(now)
	}
	return n, err
}

// wait gives the next piece its time.
func (in *pieces) wait(now time.Time) {
	until := in.end
	if patience := in.c.framing.patience; patience != 0 && now.Add(patience).Before(until) {
		until = now.Add(patience)
	}
	in.c.setReadDeadline(until)
}

// holdsRoom says whether the control packet under way has room in the intake.
func (c *conn) holdsRoom() bool { return c.framing.half != nil }

// endPacket gives the room of a large control packet back: the library has asked
// for the next.
func (c *conn) endPacket() {
	if c.framing.half != nil {
		c.way.b.intake.done(c.framing.half)
		c.framing.half = nil
	}
}

// SetDeadline sets the deadline for reading: each write has its own.
func (c *conn) SetDeadline(t time.Time) error {
	c.framing.patience = 0
	if !t.IsZero() {
		c.framing.patience = time.Until(t)
	}
	return c.setReadDeadline(t)
}

// unread puts bytes back that were read too early.
func (l *lookahead) unread(p []byte) {
	if len(p) > 0 {
		l.ahead = slices.Concat(p, l.ahead)
	}
}
