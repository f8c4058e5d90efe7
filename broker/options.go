package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
)

// Options of a Broker. DefaultOptions gives the values an appliance wants.
type Options struct {
	Listen    []Listener
	TLS       TLS
	Auth      Auth // of listeners that have none of their own
	Observers Enrolment
	Proxies   []netip.Prefix   // whose word on the address of a client is taken
	Origins   []string         // hosts whose pages may connect, besides the one asked: patterns of path.Match
	Statuses  []RetainedStatus // to begin with, the most important first
	Upstreams []Upstream
	Log       *slog.Logger

	ConnectTimeout time.Duration // from accept to a complete CONNECT
	WriteTimeout   time.Duration // a client that takes none of its data for so long is cut off
	PacketTimeout  time.Duration // from the begin of a large control packet until it is whole
	DrainTimeout   time.Duration // at stop, how long messages may wait for their commit

	MaxConnections   int // open connections of all listeners, logged in or not
	MaxPerAddress    int // of those, from one address; of IPv6, from one /64
	MaxSessions      int // clients known, those that left and keep a session included
	MaxAbsent        int // sessions kept for clients that left; those that left first go first
	MaxPacketSize    int // bytes of one control packet
	MaxInFlight      int // messages of one connection that wait for their commit
	MaxPendingBytes  int // bytes waiting for one client; twice as much ends its connection
	MaxRetained      int // topics with a retained message
	MaxRetainedBytes int // of one such message; a larger one is forwarded and not retained
	MaxSubscriptions int // topic filters of one client

	pace pace
}

// pace is how fast bridges find out and try again.
type pace struct {
	leastPause time.Duration // between two attempts to connect; it grows to mostPause, and is spread at random below it
	mostPause  time.Duration
	selfPause  time.Duration // before an address that turned out to be the hub itself is tried again
	pingAfter  time.Duration // of silence; whole seconds
	idle       time.Duration // an upstream that sends no whole control packet for so long is gone
	echoWait   time.Duration // for a message to come back that was sent round
	window     time.Duration // for messages on a second connection
}

func defaultPace() pace {
	return pace{
		leastPause: time.Second, mostPause: time.Minute, selfPause: 10 * time.Minute,
		pingAfter: 30 * time.Second, idle: 45 * time.Second,
		echoWait: 15 * time.Second, window: time.Minute,
	}
}

// DefaultOptions listens on every address at MQTT's port and lets the local
// network in. No real observer reaches one of the limits.
func DefaultOptions() Options {
	return Options{
		Listen:           Listeners("tcp://:1883"),
		Auth:             DefaultAuth(),
		Observers:        DefaultEnrolment(),
		Log:              slog.New(slog.DiscardHandler),
		ConnectTimeout:   15 * time.Second,
		WriteTimeout:     10 * time.Second,
		PacketTimeout:    2 * time.Minute,
		DrainTimeout:     10 * time.Second,
		MaxConnections:   2048,
		MaxPerAddress:    1024,
		MaxSessions:      3072,
		MaxAbsent:        256,
		MaxPacketSize:    64 << 10,
		MaxInFlight:      256,
		MaxPendingBytes:  512 << 10,
		MaxRetained:      10_000,
		MaxRetainedBytes: 4 << 10,
		MaxSubscriptions: 64,
		pace:             defaultPace(),
	}
}

func (o Options) check() error {
	if o.Log == nil {
		return errors.New("broker options: Log is nil")
	}
	for _, limit := range []struct {
		name string
		n    int
		most int
	}{
		{"MaxConnections", o.MaxConnections, math.MaxInt32},
		{"MaxPerAddress", o.MaxPerAddress, math.MaxInt32},
		{"MaxSessions", o.MaxSessions, math.MaxInt32},
		{"MaxAbsent", o.MaxAbsent, math.MaxInt32},
		{"MaxPacketSize", o.MaxPacketSize, 256 << 20},
		{"MaxInFlight", o.MaxInFlight, math.MaxUint16},
		{"MaxPendingBytes", o.MaxPendingBytes, math.MaxInt32},
		{"MaxRetained", o.MaxRetained, math.MaxInt32},
		{"MaxRetainedBytes", o.MaxRetainedBytes, math.MaxInt32},
		{"MaxSubscriptions", o.MaxSubscriptions, math.MaxInt32},
	} {
		if limit.n < 1 || limit.n > limit.most {
			return fmt.Errorf("broker options: %s is %d: use 1 to %d", limit.name, limit.n, limit.most)
		}
	}
	return o.Observers.check()
}

// capabilities sets every limit of the library: its own defaults suit a broker
// among friends.
func capabilities(o Options) *mqtt.Capabilities {
	c := mqtt.NewDefaultServerCapabilities()
	c.MaximumClients = math.MaxInt64 // the listeners count, before a CONNECT is read
	c.MaximumPacketSize = uint32(o.MaxPacketSize)
	c.MaximumClientWritesPending = 64 // only the library's own messages, under $SYS, go that way
	c.MaximumInflight = maxUnacknowledged
	c.ReceiveMaximum = uint16(o.MaxInFlight)
	c.MaximumSessionExpiryInterval = 24 * 3600
	c.MaximumMessageExpiryInterval = 0 // anything else deletes retained statuses
	c.TopicAliasMaximum = 0
	c.Compatibilities.NoInheritedPropertiesOnAck = true
	return c
}
