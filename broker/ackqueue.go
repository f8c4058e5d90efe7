package broker

import (
	"context"
	"sync"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// ackQueue holds messages of an upstream that are committed and not yet
// acknowledged: at most as many as MQTT has packet ids. Their acknowledgements
// are sent from a goroutine that may wait for the upstream, because the one
// that tells of commits may not.
type ackQueue struct {
	mu      sync.Mutex
	waiting []paho.Message
	wake    chan struct{} // holds one
}

func (q *ackQueue) add(m paho.Message) {
	q.mu.Lock()
	q.waiting = append(q.waiting, m)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *ackQueue) take() []paho.Message {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := q.waiting
	q.waiting = nil
	return taken
}

// run acknowledges in order, until ctx ends.
func (q *ackQueue) run(ctx context.Context) {
	for {
		select {
		case <-q.wake:
			for _, m := range q.take() {
				m.Ack()
			}
		case <-ctx.Done():
			return
		}
	}
}
