package broker

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// A connection can answer every ping and bring nothing: the upstream has lost
// the subscription, or stuck with the session. To find that out, and to leave a
// quiet mesh alone, the hub sends a message round through the upstream, on a
// topic of its own. Not every login may do that, and some brokers end the
// connection of one that tries; so it is tried first on a second connection,
// which gets the same messages, too, if there are any.

// probeTopic begins the topic of a bridge's own.
const probeTopic = "corescope-hub/probe/"

// asking is how an upstream can be asked whether it lives.
type asking struct {
	topic    string
	echoWait time.Duration // for a message to come back
	window   time.Duration // for messages on a second connection
	echoes   echoes
	alone    bool // a second connection ends the first
	strikes  int  // times in a row that the upstream could not be asked

	mu    sync.Mutex
	nonce string
	back  chan struct{} // closed when the message with the nonce is back; nil when none is out
}

// echoes is whether a message to the bridge's own topic comes back.
type echoes int

const (
	echoesUnknown echoes = iota
	echoesWork
	echoesRefused
)

// maxStrikes is how often an upstream may be silent and impossible to ask before
// a new connection is made, which costs nothing where it keeps the session.
const maxStrikes = 3

func newAsking(clientID string, p pace) asking {
	sum := sha256.Sum256([]byte(clientID))
	return asking{
		topic:    fmt.Sprintf("%s%x", probeTopic, sum[:8]),
		echoWait: p.echoWait,
		window:   p.window,
	}
}

// send prepares a message; back is closed when it is here again.
func (a *asking) send() (nonce string, back <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.nonce, a.back = rand.Text(), make(chan struct{})
	return a.nonce, a.back
}

// answered says whether m is one of those, which are nobody else's business.
func (a *asking) answered(m paho.Message) bool {
	if m.Topic() != a.topic {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.back != nil && string(m.Payload()) == a.nonce {
		close(a.back)
		a.back = nil
	}
	return true
}

// errDead ends a connection that only looks alive.
var errDead = errors.New("the connection is dead")

// errCannotAsk means that an upstream lets nobody ask.
var errCannotAsk = errors.New("there is no way to ask the upstream")

// ask finds out whether a silent upstream lives. An error ends the connection l.
func (u *upstream) ask(ctx context.Context, l *link) error {
	now := time.Now()
	if now.Before(u.silence.due()) {
		return nil
	}
	if u.waiting.Load() > 0 { // it is the hub that is slow
		u.silence.alive(now)
		return nil
	}
	silent := u.silence.since(now)
	u.ledger.probing()
	proof, err := u.probe(ctx, l)
	switch {
	case errors.Is(err, errCannotAsk) && u.asking.strikes < maxStrikes:
		u.asking.strikes++
		u.silence.alive(time.Now())
		u.ledger.log.Debug("silent bridge: asking failed", "silent_for", silent.Round(time.Second), "err", err)
		return nil
	case errors.Is(err, errCannotAsk), errors.Is(err, errDead):
		u.asking.strikes = 0
		u.ledger.dead()
		return fmt.Errorf("nothing came for %s: %w", silent.Round(time.Second), err)
	case err != nil:
		return err
	}
	u.asking.strikes = 0
	u.silence.alive(time.Now())
	u.ledger.quiet(silent, proof)
	return nil
}

// probe returns a proof that l lives, or why it does not.
func (u *upstream) probe(ctx context.Context, l *link) (proof string, err error) {
	if u.asking.echoes == echoesWork || u.asking.echoes == echoesUnknown && u.asking.alone {
		return u.echo(ctx, l)
	}
	if u.asking.alone {
		return "", errCannotAsk
	}
	return u.second(ctx, l)
}

// echo sends a message round, over l.
func (u *upstream) echo(ctx context.Context, l *link) (proof string, err error) {
	a := &u.asking
	if !l.echoing {
		err := l.subscribe(ctx, map[string]byte{a.topic: 0}, a.echoWait)
		if errors.Is(err, errNotGranted) {
			a.echoes = echoesRefused
			return "", fmt.Errorf("%w: %w", errCannotAsk, err)
		}
		if err != nil {
			return "", fmt.Errorf("%w: %w", errDead, err)
		}
		l.echoing = true
	}
	nonce, back := a.send()
	l.client.Publish(a.topic, 0, false, nonce)
	timer := time.NewTimer(a.echoWait)
	defer timer.Stop()
	select {
	case <-back:
		a.echoes = echoesWork
		return "a message went round", nil
	case <-u.silence.broken():
		return "messages came", nil
	case err := <-l.lost:
		if a.echoes == echoesUnknown {
			a.echoes = echoesRefused
		}
		return "", err
	case <-ctx.Done():
		return "", ctx.Err()
	case <-timer.C:
	}
	if a.echoes == echoesUnknown {
		a.echoes = echoesRefused
		return "", errCannotAsk
	}
	return "", fmt.Errorf("%w: a message sent round does not come back, though pings do", errDead)
}

// second looks what a fresh connection gets that l does not.
func (u *upstream) second(ctx context.Context, l *link) (proof string, err error) {
	a := &u.asking
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-l.gone:
			cancel()
		case <-ctx.Done():
		}
	}()
	defer func() {
		select {
		case lost := <-l.lost:
			a.alone = true // perhaps the upstream lets nobody in twice
			proof, err = "", lost
		default:
		}
	}()
	login, err := u.login()
	if err != nil {
		return "", fmt.Errorf("%w: %w", errCannotAsk, err)
	}
	got := make(chan struct{}, 1)
	other, err := u.connect(ctx, linkOptions{clientID: u.probeID(), clean: true, receive: func(_ *link, m paho.Message) {
		if !a.answered(m) && !m.Retained() {
			poke(got)
		}
	}}, login)
	if err != nil {
		return "", fmt.Errorf("%w: second connection: %w", errCannotAsk, err)
	}
	defer func() { other.close(err == nil) }()
	if err := other.subscribe(ctx, u.filters(0), a.echoWait); err != nil {
		return "", fmt.Errorf("%w: second connection: %w", errCannotAsk, err)
	}
	var back <-chan struct{}
	if a.echoes == echoesUnknown {
		if back, err = u.try(ctx, other); err != nil {
			return "", err
		}
	}
	return u.compare(ctx, l, other, got, back)
}

// try sends a message round over the second connection, if that is allowed.
func (u *upstream) try(ctx context.Context, other *link) (back <-chan struct{}, err error) {
	a := &u.asking
	if err := other.subscribe(ctx, map[string]byte{a.topic: 0}, a.echoWait); ctx.Err() != nil {
		return nil, ctx.Err()
	} else if err != nil {
		a.echoes = echoesRefused
		if errors.Is(err, errNotGranted) {
			return nil, nil
		}
		return nil, fmt.Errorf("%w: second connection: %w", errCannotAsk, err) // the next one will not try
	}
	nonce, back := a.send()
	other.client.Publish(a.topic, 0, false, nonce)
	return back, nil
}

// compare waits for a difference between the two connections.
func (u *upstream) compare(ctx context.Context, l, other *link, got, back <-chan struct{}) (proof string, err error) {
	a := &u.asking
	alive := u.silence.broken()
	timer := time.NewTimer(a.window)
	defer timer.Stop()
	overtaken := false
	for {
		select {
		case <-alive:
			return "messages came", nil
		case <-back:
			a.echoes = echoesWork
			return u.echo(ctx, l)
		case <-got: // l may get the same a little later
			if overtaken {
				continue
			}
			overtaken = true
			timer.Reset(a.echoWait)
		case <-timer.C:
			if overtaken {
				return "", fmt.Errorf("%w: a second connection gets messages that it does not", errDead)
			}
			if back != nil {
				a.echoes = echoesRefused
			}
			return "a second connection gets nothing, either", nil
		case err := <-other.lost:
			if back != nil {
				a.echoes = echoesRefused
			}
			return "", fmt.Errorf("%w: second connection: %w", errCannotAsk, err)
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// probeID is the client id of the second connection.
func (u *upstream) probeID() string {
	if u.nameless {
		return ""
	}
	return u.clientID() + "-probe"
}

// poke makes a note in a channel that holds one.
func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
