package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
)

// link is one connection to an upstream, made by a client of the library that is
// used for nothing else: one that was disconnected may still be busy.
type link struct {
	client  paho.Client
	wire    *wire         // nil when nobody answered
	lost    chan error    // holds why it ended
	gone    chan struct{} // closed with that
	ended   chan struct{} // closed when the link is
	resumed bool          // the upstream knew the session
	echoing bool          // subscribed to the topic that echoes come on
	failed  error         // what the library would word badly

	once     sync.Once   // closes gone
	loggedIn func() bool // from here on the end of connect's context ends nothing
}

// linkOptions tell the connection of a bridge from the one that probes.
type linkOptions struct {
	clientID string
	clean    bool // keep no session
	receive  func(*link, paho.Message)
}

// connect dials and logs in.
func (u *upstream) connect(ctx context.Context, o linkOptions, login Login) (*link, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, u.opts.ConnectTimeout, fmt.Errorf("no answer in %s", u.opts.ConnectTimeout))
	defer cancel()
	l := &link{lost: make(chan error, 1), gone: make(chan struct{}), ended: make(chan struct{})}
	l.client = paho.NewClient(u.clientOptions(ctx, l, o, login))
	token := l.client.Connect()
	<-token.Done() // by ctx, if by nothing else
	u.knocking.Store(nil)
	if err := token.Error(); err != nil {
		l.close(false)
		if err = l.reason(ctx, err, u.opts.TLS); errors.Is(err, errSelf) {
			return nil, err
		}
		return nil, fmt.Errorf("connect: %w", err)
	}
	l.loggedIn()
	l.resumed = token.(*paho.ConnectToken).SessionPresent()
	return l, nil
}

func (u *upstream) clientOptions(ctx context.Context, l *link, o linkOptions, login Login) *paho.ClientOptions {
	return paho.NewClientOptions().
		AddBroker("tcp://upstream"). // open knows better
		SetCustomOpenConnectionFn(func(*url.URL, paho.ClientOptions) (net.Conn, error) { return u.open(ctx, l, o.clientID) }).
		SetClientID(o.clientID).
		SetUsername(login.Username).
		SetPassword(login.Password).
		SetCleanSession(o.clean).
		SetProtocolVersion(4).   // or every refusal would be followed by an attempt with 3.1
		SetAutoReconnect(false). // run does it, with the pauses and the log that we want
		SetAutoAckDisabled(true).
		SetStore(forgetful{}).
		SetKeepAlive(u.b.opts.pace.pingAfter).
		SetPingTimeout(24 * time.Hour). // the wire waits for the answer, and only while it is being read
		SetConnectTimeout(u.opts.ConnectTimeout).
		SetWriteTimeout(u.b.opts.WriteTimeout).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) { o.receive(l, m) }).
		SetConnectionLostHandler(func(_ paho.Client, err error) { l.end(err) })
}

// open is called once, by the library.
func (u *upstream) open(ctx context.Context, l *link, clientID string) (net.Conn, error) {
	conn, err := u.dial(ctx)
	if err != nil {
		l.failed = err
		return nil, err
	}
	l.loggedIn = context.AfterFunc(ctx, func() { conn.Close() }) // wakes who waits for the answer
	l.wire = newWire(conn, u.b.opts.MaxPacketSize, u.b.opts.pace.idle, u.b.opts.WriteTimeout)
	k := newKnock(clientID)
	l.wire.mark = k.mark
	u.knocking.Store(k)
	return l.wire, nil
}

// reason words why there is no connection.
func (l *link) reason(ctx context.Context, err error, files UpstreamTLS) error {
	switch {
	case l.wire != nil && l.wire.self:
		return errSelf
	case l.wire != nil && l.wire.refusal != 0:
		return refusal(l.wire.refusal)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case l.failed != nil:
		err = l.failed
	}
	if said := secureReason(err, files); said != nil {
		return said
	}
	const cutOff = "cut off before there was an answer; check the scheme and the port of the address: %w"
	if cut := (*net.OpError)(nil); errors.As(err, &cut) && cut.Op != "dial" { // its text has our port, which is another each time
		return fmt.Errorf(cutOff, cut.Err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf(cutOff, err)
	}
	if l.failed != nil {
		return l.failed
	}
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// refusal is a CONNACK that says no.
type refusal byte

func (r refusal) Error() string {
	switch r {
	case packets.ErrRefusedBadProtocolVersion:
		return "the upstream does not speak MQTT 3.1.1"
	case packets.ErrRefusedIDRejected:
		return "the upstream refuses the client id (code 2); choose another with clientId"
	case packets.ErrRefusedServerUnavailable:
		return "the upstream is not available (code 3)"
	}
	return fmt.Sprintf("the upstream refuses the login (code %d); check user name and password, or the token's key and audience", byte(r))
}

// subscribe asks for filters, and believes it only when every one is granted.
func (l *link) subscribe(ctx context.Context, filters map[string]byte, within time.Duration) error {
	token := l.client.SubscribeMultiple(filters, nil)
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-token.Done():
	case <-timer.C:
		return fmt.Errorf("subscribe: no answer in %s", within)
	case err := <-l.lost:
		return fmt.Errorf("subscribe: %w", err)
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := token.Error(); err != nil {
		return fmt.Errorf("subscribe: %w", l.lostBecause(err))
	}
	const refused = 0x80
	granted := token.(*paho.SubscribeToken).Result()
	for filter := range filters {
		if code, ok := granted[filter]; !ok || code >= refused {
			return fmt.Errorf("subscribe to %s: %w; check what this login may read", filter, errNotGranted)
		}
	}
	return nil
}

// errNotGranted means a filter that the upstream does not let us have.
var errNotGranted = errors.New("the upstream refuses")

// lostBecause is why the connection ended, where that is known; the library
// tells of an end only a moment later.
func (l *link) lostBecause(err error) error {
	select {
	case lost := <-l.lost:
		return lost
	case <-time.After(time.Second):
		return err
	}
}

// end takes down why the connection ends. The first reason counts.
func (l *link) end(err error) {
	select {
	case l.lost <- err:
		l.once.Do(func() { close(l.gone) })
	default: // it is ending already
	}
}

// close ends the connection; politely, when it is in order.
func (l *link) close(polite bool) {
	close(l.ended)
	quiesce := uint(0)
	if polite {
		quiesce = 250 // milliseconds, for the DISCONNECT
	}
	l.client.Disconnect(quiesce)
	if l.wire != nil {
		l.wire.Close() // the library may take its time
	}
}

// forgetful is the library's store of messages. It keeps nothing: what is not
// acknowledged is the upstream's to keep, and what we publish, nobody's.
type forgetful struct{}

func (forgetful) Open()                             {}
func (forgetful) Put(string, packets.ControlPacket) {}
func (forgetful) Get(string) packets.ControlPacket  { return nil }
func (forgetful) All() []string                     { return nil }
func (forgetful) Del(string)                        {}
func (forgetful) Close()                            {}
func (forgetful) Reset()                            {}
