package simulate

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// Bounds of one observer's connection.
const (
	stationQueue  = 256 // messages that wait to be published; what is more is missed
	inFlight      = 64  // that wait for their acknowledgement
	connectWithin = 10 * time.Second
	finishWithin  = 5 * time.Second
	leastPause    = time.Second // before another attempt to connect
	mostPause     = 30 * time.Second
)

// station is one observer's connection. It connects again when it is lost, and
// what was not acknowledged then counts as missed: an observer with QoS 1 and
// without a session loses it, too.
type station struct {
	node     *Node
	target   Target
	offline  Message
	queue    chan Message
	counters *counters
	notice   func(string)
	closing  <-chan struct{} // closed when nothing more comes
}

// counters are shared by the stations of a mesh.
type counters struct{ sent, acked, missed, connected atomic.Int64 }

// run connects and publishes until the queue is closed. first is told how the
// first attempt went.
func (s *station) run(ctx context.Context, first chan<- error) {
	connected := func(err error) { first <- err }
	for pause := leastPause; ; pause = min(2*pause, mostPause) {
		began := time.Now()
		err := s.connection(ctx, connected)
		if err == nil || ctx.Err() != nil || s.ends() {
			break
		}
		if lost := (*lostError)(nil); errors.As(err, &lost) {
			s.notice(fmt.Sprintf("observer %s: %v: connecting again", s.node.Name, err))
		}
		connected = s.again
		if time.Since(began) > mostPause {
			pause = leastPause
		}
		select {
		case <-time.After(pause):
		case <-s.closing:
		case <-ctx.Done():
		}
	}
	for range s.queue { // until it is closed
		s.counters.missed.Add(1)
	}
}

// ends says whether there is nothing more to connect for.
func (s *station) ends() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// again tells of a connection after an attempt that failed or one that was lost.
func (s *station) again(err error) {
	if err == nil {
		s.notice(fmt.Sprintf("observer %s is connected now", s.node.Name))
	}
}

// lostError is the end of a connection that was up.
type lostError struct{ err error }

func (e *lostError) Error() string { return fmt.Sprintf("connection lost: %v", e.err) }
func (e *lostError) Unwrap() error { return e.err }

// connection is one connection, to its end; nil when there is nothing more to do.
// connected is told whether it came up.
func (s *station) connection(ctx context.Context, connected func(error)) error {
	lost := make(chan error, 1)
	client := mqtt.NewClient(s.options(lost))
	token := client.Connect()
	token.Wait() // no longer than connectWithin
	connected(token.Error())
	if err := token.Error(); err != nil {
		return err
	}
	s.counters.connected.Add(1)
	defer s.counters.connected.Add(-1)
	acks := make(chan mqtt.Token, inFlight)
	settled, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(settled)
		for token := range acks {
			s.settle(token, over)
		}
	}()
	err := s.publish(ctx, client, acks, lost)
	if err == nil {
		acks <- s.send(client, s.offline)
	}
	close(acks)
	select {
	case <-settled:
	case <-lost:
	case <-time.After(finishWithin):
	}
	client.Disconnect(100)
	close(over)
	<-settled
	return err
}

// publish sends what comes, until the queue is closed or the connection lost.
func (s *station) publish(ctx context.Context, client mqtt.Client, acks chan<- mqtt.Token, lost <-chan error) error {
	for {
		select {
		case m, more := <-s.queue:
			if !more {
				return nil
			}
			select {
			case acks <- s.send(client, m):
			case err := <-lost:
				s.counters.missed.Add(1)
				return &lostError{err}
			}
		case err := <-lost:
			return &lostError{err}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *station) send(client mqtt.Client, m Message) mqtt.Token {
	s.counters.sent.Add(1)
	return client.Publish(m.Topic, 1, m.Retained, m.Payload)
}

// settle waits for an acknowledgement. The library forgets tokens that it gave out
// while a connection ended, so what is not acknowledged when it is over is missed.
func (s *station) settle(token mqtt.Token, over <-chan struct{}) {
	select {
	case <-token.Done():
	case <-over:
	}
	select {
	case <-token.Done():
		if token.Error() == nil {
			s.counters.acked.Add(1)
			return
		}
	default:
	}
	s.counters.missed.Add(1)
}

func (s *station) options(lost chan<- error) *mqtt.ClientOptions {
	return mqtt.NewClientOptions().
		AddBroker(s.target.address()).
		SetClientID("simulate-"+s.node.PublicKey()[:16]).
		SetUsername(s.target.Username).
		SetPassword(s.target.Password).
		SetProtocolVersion(4). // or every refusal would be followed by an attempt with 3.1
		SetTLSConfig(s.target.tlsConfig()).
		SetBinaryWill(s.offline.Topic, s.offline.Payload, 1, true).
		SetAutoReconnect(false). // run does it, and knows what was lost
		SetConnectTimeout(connectWithin).
		SetWriteTimeout(connectWithin).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) {
			lost <- err
		})
}
