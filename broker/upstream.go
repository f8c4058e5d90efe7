package broker

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// Upstream is another broker whose messages are taken over a bridge.
type Upstream struct {
	Name               string // for logs and counters; the URL's host when empty
	URL                string // mqtt, mqtts, tcp, ssl, ws or wss
	Username           string
	Password           string
	Login              func(now time.Time) (Login, error) // makes a login that expires; nil: Username and Password
	TLS                UpstreamTLS
	InsecureSkipVerify bool // take any TLS certificate

	ClientID  string   // "" makes one of this machine, Name and URL
	Topics    []string // filters
	QoS       byte     // of the subscriptions: 0, 1 or 2
	Region    string   // of messages whose topic and payload name none
	Republish bool     // show the messages to local subscribers

	ConnectTimeout time.Duration // of one attempt, from dialling to the answer to SUBSCRIBE
	Silence        time.Duration // least silence after which the upstream is asked whether it lives
}

// UpstreamTLS names files in PEM form, which are read at each connection.
type UpstreamTLS struct {
	CAFile   string // who may have signed the upstream's certificate; "": those whom this machine trusts
	CertFile string // of this client, "" for none
	KeyFile  string
}

// Login is what a bridge logs in with, and until when that is good.
type Login struct {
	Username, Password string
	Expires            time.Time
}

// DefaultUpstream is an upstream without a name and an address.
func DefaultUpstream() Upstream {
	return Upstream{Topics: []string{"meshcore/#"}, QoS: 1, ConnectTimeout: 30 * time.Second, Silence: 2 * time.Minute}
}

const (
	// maxWaitingBytes bounds what messages of one upstream that wait for their
	// commit take, each with messageBytes besides its payload. An upstream that
	// sends more is not read for a while.
	maxWaitingBytes = 8 << 20
	messageBytes    = 512
)

// upstream is a bridge to one broker. What it brings is acknowledged after the
// commit, and an unacknowledged message comes again: the session is persistent,
// its client id always the same.
type upstream struct {
	b       *Broker
	opts    Upstream
	address *url.URL // without a login
	ledger  *ledger
	silence *silence
	window  *semaphore.Weighted // bytes of messages that wait for their commit
	waiting atomic.Int64        // those messages

	knocking atomic.Pointer[knock] // nil while no connection waits for the answer to its CONNECT
	nameless bool                  // the upstream refuses our client id: let it choose one
	asking   asking
}

// upstreamSchemes maps the schemes of a config to those that we dial.
var upstreamSchemes = map[string]string{
	"mqtt": "tcp", "tcp": "tcp", "mqtts": "ssl", "ssl": "ssl", "ws": "ws", "wss": "wss",
}

func newUpstream(b *Broker, o Upstream) (*upstream, error) {
	address, err := url.Parse(o.URL)
	if err != nil || address.Hostname() == "" || upstreamSchemes[address.Scheme] == "" {
		return nil, fmt.Errorf("bridge %q: not a broker address: use mqtt://HOST:PORT, or mqtts, tcp, ssl, ws, wss", o.Name)
	}
	if o.QoS > 2 || len(o.Topics) == 0 || o.ConnectTimeout <= 0 || o.Silence <= 0 {
		return nil, fmt.Errorf("bridge %q: QoS %d, %d topics, connect timeout %s, silence %s: start from DefaultUpstream", o.Name, o.QoS, len(o.Topics), o.ConnectTimeout, o.Silence)
	}
	if address.User != nil && o.Username == "" {
		o.Username = address.User.Username()
		o.Password, _ = address.User.Password()
	}
	address.User = nil
	if o.Name == "" {
		o.Name = address.Host
	}
	u := &upstream{
		b: b, opts: o, address: address,
		ledger:  newLedger(b.log, o.Name, shown(*address), time.Now),
		silence: newSilence(o.Silence),
		window:  semaphore.NewWeighted(maxWaitingBytes),
	}
	u.asking = newAsking(u.clientID(), b.opts.pace)
	if _, err := u.tlsConfig(); err != nil {
		return nil, err
	}
	if _, err := u.login(); err != nil {
		return nil, err
	}
	return u, nil
}

// shown is what of an upstream's URL may be shown: some hold a login, or a token
// in the query.
func shown(u url.URL) string { return u.Scheme + "://" + u.Host + u.EscapedPath() }

// clientID is the same at every start, so that the upstream knows the session,
// and another on another machine with the same configuration.
func (u *upstream) clientID() string {
	if u.opts.ClientID != "" {
		return u.opts.ClientID
	}
	host, _ := os.Hostname()
	sum := sha256.Sum256([]byte(host + "\x00" + u.opts.Name + "\x00" + u.opts.URL))
	return fmt.Sprintf("hub-%x", sum[:8])
}

// login is what to log in with now.
func (u *upstream) login() (Login, error) {
	if u.opts.Login == nil {
		return Login{Username: u.opts.Username, Password: u.opts.Password}, nil
	}
	l, err := u.opts.Login(time.Now())
	if err != nil {
		return Login{}, fmt.Errorf("bridge %q: make a login: %w", u.opts.Name, err)
	}
	return l, nil
}

// errRenew ends a connection whose login expires soon.
var errRenew = errors.New("login renewed")

// run connects, and connects again, until ctx ends.
func (u *upstream) run(ctx context.Context) {
	pace := u.b.opts.pace
	pause := pace.leastPause
	for ctx.Err() == nil {
		lasted, err := u.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if lasted > pace.mostPause {
			pause = pace.leastPause
		}
		if errors.Is(err, errRenew) {
			u.ledger.renewed(lasted)
			continue
		}
		wait := pause/2 + rand.N(pause/2)
		if errors.Is(err, errSelf) {
			wait = pace.selfPause // what a name stands for can change
		}
		u.ledger.failed(err, lasted, wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
		pause = min(2*pause, pace.mostPause)
	}
}

func (u *upstream) snapshot() UpstreamStats {
	s := u.ledger.snapshot()
	s.Waiting = u.waiting.Load()
	return s
}
