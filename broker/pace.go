package broker

import (
	"net"
	"sync/atomic"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// What a connection may do that costs time and is in no observer's account. It
// is read more slowly beyond that, and loses nothing. Real clients ping every
// half minute and subscribe when they come.
const (
	requestsPerSecond = 50   // PINGREQ, SUBSCRIBE and the like, and messages that are refused
	requestsAtOnce    = 500  // before that counts
	foreignPerSecond  = 200  // messages that are of no observer, of other programs of the local network
	foreignAtOnce     = 2000 // before that counts
)

// paces are what one connection may do. Its reader's goroutine alone uses them.
type paces struct{ requests, foreign bucket }

func newPaces(now time.Time) paces {
	return paces{newBucket(requestsPerSecond, requestsAtOnce, now), newBucket(foreignPerSecond, foreignAtOnce, now)}
}

// asks says whether a control packet wants something of the broker without
// bringing a message, or ending the way of one.
func asks(cl *mqtt.Client, pk packets.Packet) bool {
	switch pk.FixedHeader.Type {
	case packets.Publish, packets.Connect, packets.Disconnect:
		return false
	case packets.Puback, packets.Pubrec, packets.Pubrel, packets.Pubcomp:
		_, expected := cl.State.Inflight.Get(pk.PacketID)
		return !expected
	}
	return true
}

// Bounds of what a WebSocket may carry besides MQTT: frames have headers, and
// there are pings, and fragments of nothing.
const (
	idleBytes   = 64 << 10               // without one byte of MQTT
	bytesOfOne  = 16                     // more for each byte of MQTT
	idlePause   = 100 * time.Millisecond // for what is read beyond that, at most 4 KiB at a time
	idleReading = 4 << 10
)

// framed is the connection below a WebSocket. What brings no MQTT is read
// slowly.
type framed struct {
	net.Conn
	spare atomic.Int64 // bytes that may come yet without MQTT
}

func newFramed(below net.Conn) *framed {
	f := &framed{Conn: below}
	f.spare.Store(idleBytes)
	return f
}

func (f *framed) Read(p []byte) (int, error) {
	if f.spare.Load() <= 0 {
		time.Sleep(idlePause)
		p = p[:min(len(p), idleReading)]
	}
	n, err := f.Conn.Read(p)
	f.spare.Add(-int64(n))
	return n, err
}

// brought counts n bytes of MQTT.
func (f *framed) brought(n int) {
	f.spare.Store(min(max(f.spare.Load(), 0)+bytesOfOne*int64(n), idleBytes))
}

// unframed is the MQTT that a WebSocket carries.
type unframed struct {
	net.Conn
	below *framed
}

func (u *unframed) Read(p []byte) (int, error) {
	n, err := u.Conn.Read(p)
	u.below.brought(n)
	return n, err
}
