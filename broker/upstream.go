package broker

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"corescope-hub/ingest"
)

// Upstream is another broker whose messages are taken over a bridge.
type Upstream struct {
	Name               string // for logs and counters; the URL's host when empty
	URL                string // mqtt, mqtts, tcp, ssl, ws or wss
	Username           string
	Password           string
	Topics             []string // filters; empty means meshcore/#
	Region             string   // of messages whose topic and payload name none
	InsecureSkipVerify bool     // take any TLS certificate
	ConnectTimeout     time.Duration
}

// The pause between two attempts to connect to an upstream grows from the first
// of these to the second, and is spread at random below it.
const (
	leastPause = time.Second
	mostPause  = time.Minute
)

// upstream is a bridge to one broker. What it brings is acknowledged after the
// commit, and an unacknowledged message comes again: the session is persistent,
// its client id always the same.
type upstream struct {
	b      *Broker
	opts   Upstream
	name   string
	client paho.Client
	acks   ackQueue
	lost   chan error // why the connection ended
	ledger *ledger
}

// upstreamSchemes maps the schemes of a config to those of the client library.
var upstreamSchemes = map[string]string{
	"mqtt": "tcp", "tcp": "tcp", "mqtts": "ssl", "ssl": "ssl", "ws": "ws", "wss": "wss",
}

func newUpstream(b *Broker, o Upstream) (*upstream, error) {
	address, err := url.Parse(o.URL)
	if err != nil || address.Host == "" || upstreamSchemes[address.Scheme] == "" {
		return nil, fmt.Errorf("bridge %q: not a broker address: use mqtt://HOST:PORT, or mqtts, tcp, ssl, ws, wss", o.Name)
	}
	if len(o.Topics) == 0 {
		o.Topics = []string{"meshcore/#"}
	}
	u := &upstream{
		b:    b,
		opts: o,
		name: o.Name,
		acks: ackQueue{wake: make(chan struct{}, 1)},
		lost: make(chan error, 1),
	}
	if u.name == "" {
		u.name = address.Host
	}
	u.ledger = newLedger(b.log, u.name, shown(*address), time.Now)
	u.client = paho.NewClient(u.clientOptions(address))
	return u, nil
}

// shown is what of an upstream's URL may be shown: some hold a login, or a token
// in the query.
func shown(u url.URL) string { return u.Scheme + "://" + u.Host + u.EscapedPath() }

func (u *upstream) clientOptions(address *url.URL) *paho.ClientOptions {
	address.Scheme = upstreamSchemes[address.Scheme]
	o := paho.NewClientOptions().
		AddBroker(address.String()).
		SetClientID(u.clientID()).
		SetUsername(u.opts.Username).
		SetPassword(u.opts.Password).
		SetCleanSession(false).
		SetAutoReconnect(false). // run does it, with the pauses and the log that we want
		SetAutoAckDisabled(true).
		SetKeepAlive(30 * time.Second).
		SetPingTimeout(10 * time.Second).
		SetWriteTimeout(10 * time.Second).
		SetConnectTimeout(10 * time.Second).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) { u.receive(m) }).
		SetConnectionLostHandler(func(_ paho.Client, err error) { u.end(err) })
	if u.opts.InsecureSkipVerify {
		o.SetTLSConfig(&tls.Config{InsecureSkipVerify: true}) // the operator's rejectUnauthorized: false
	}
	return o
}

// clientID is the same at every start, so that the upstream knows the session,
// and another on another machine with the same configuration.
func (u *upstream) clientID() string {
	host, _ := os.Hostname()
	sum := sha256.Sum256([]byte(host + "\x00" + u.opts.Name + "\x00" + u.opts.URL))
	return fmt.Sprintf("hub-%x", sum[:8])
}

// run connects, and connects again, until ctx ends.
func (u *upstream) run(ctx context.Context) {
	go u.acks.run(ctx)
	pause := leastPause
	for ctx.Err() == nil {
		began := time.Now()
		lasted, err := u.session(ctx)
		if ctx.Err() != nil {
			break
		}
		if time.Since(began) > mostPause {
			pause = leastPause
		}
		wait := pause/2 + rand.N(pause/2)
		u.ledger.failed(err, lasted, wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
		pause = min(2*pause, mostPause)
	}
	u.client.Disconnect(250)
}

// session is one connection, from dialling to its end; lasted is how long it was
// up.
func (u *upstream) session(ctx context.Context) (lasted time.Duration, err error) {
	select { // of the connection before
	case <-u.lost:
	default:
	}
	if err := u.wait(ctx, u.client.Connect(), "connect"); err != nil {
		return 0, err
	}
	if err := u.subscribe(ctx); err != nil {
		u.client.Disconnect(0)
		return 0, err
	}
	began := time.Now()
	u.ledger.up("topics", u.opts.Topics)
	select {
	case err := <-u.lost:
		u.client.Disconnect(0)
		return time.Since(began), err
	case <-ctx.Done():
		return time.Since(began), ctx.Err()
	}
}

// subscribe asks for every topic, and believes it only when it is granted.
func (u *upstream) subscribe(ctx context.Context) error {
	filters := make(map[string]byte, len(u.opts.Topics))
	for _, t := range u.opts.Topics {
		filters[t] = 1
	}
	token := u.client.SubscribeMultiple(filters, nil)
	if err := u.wait(ctx, token, "subscribe"); err != nil {
		return err
	}
	const refused = 0x80
	for topic, granted := range token.(*paho.SubscribeToken).Result() {
		if granted >= refused {
			return fmt.Errorf("subscribe to %s: the upstream refuses; check what this login may read", topic)
		}
	}
	return nil
}

// wait waits for an answer of the upstream.
func (u *upstream) wait(ctx context.Context, token paho.Token, act string) error {
	timeout := u.opts.ConnectTimeout
	if timeout <= 0 {
		timeout = 30 * time.Second
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-token.Done():
		if err := token.Error(); err != nil {
			return fmt.Errorf("%s: %w", act, err)
		}
		return nil
	case <-timer.C:
		u.client.Disconnect(0)
		return fmt.Errorf("%s: no answer in %s", act, timeout)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// receive is called for each message, in order, and must not wait long.
func (u *upstream) receive(m paho.Message) {
	now := time.Now()
	u.ledger.message(now, m.Retained())
	a := u.b.roster.arrival(nil, u.name, m.Topic(), m.Payload(), now)
	if reason, _ := u.b.roster.judge(a); reason != "" {
		u.b.stats.refusedMessages[reason].Add(1)
		if m.Qos() > 0 {
			u.acks.add(m)
		}
		return
	}
	u.b.inFlight.Add(1)
	u.b.sink.Ingest(u.b.accepting, ingest.Message{
		Source: u.name, Topic: m.Topic(), Payload: m.Payload(), QoS: m.Qos(),
		Replayed: m.Retained(), Region: u.opts.Region, Received: now,
	}, func(v ingest.Verdict) {
		defer u.b.inFlight.Add(-1)
		u.b.stats.count(v)
		u.b.roster.settled(nil, a.ID, v, time.Now())
		if v.Outcome == ingest.NotSafe {
			u.end(fmt.Errorf("a message could not be kept: %w", v.Err))
			return
		}
		if m.Qos() > 0 {
			u.acks.add(m)
		}
	})
}

// end asks for the connection to be ended and made again.
func (u *upstream) end(err error) {
	select {
	case u.lost <- err:
	default: // it is ending already
	}
}
