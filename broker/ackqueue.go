package broker

import (
	"io"
	"sync"

	"github.com/mochi-mqtt/server/v2/packets"
)

// ackQueue holds the messages of one connection to an upstream whose
// acknowledgement is due, oldest first. Verdicts come in any order;
// acknowledgements leave in the order of arrival, as MQTT asks (MQTT-4.6.0-2),
// all that are ready in one write. That write may have to wait for the upstream,
// and who tells of commits may not, so it has a goroutine of its own.
//
// The client library could send them, too, but would wait for each, and keep the
// messages until then.
type ackQueue struct {
	mu     sync.Mutex
	line   []*ack
	ready  []byte // control packets to write
	ending bool   // no more are added
	wake   chan struct{}
}

// ack is one acknowledgement that is due.
type ack struct {
	id   uint16
	qos  byte
	safe bool // committed, or never to be
}

func newAckQueue() *ackQueue { return &ackQueue{wake: make(chan struct{}, 1)} }

// add puts a message at the end of the line; nil stands for one that needs no
// acknowledgement.
func (q *ackQueue) add(id uint16, qos byte) *ack {
	if qos == 0 {
		return nil
	}
	a := &ack{id: id, qos: qos}
	q.mu.Lock()
	q.line = append(q.line, a)
	q.mu.Unlock()
	return a
}

// settle takes down that the message of a needs to come no more.
func (q *ackQueue) settle(a *ack) {
	if a == nil {
		return
	}
	q.mu.Lock()
	a.safe = true
	n := 0
	for ; n < len(q.line) && q.line[n].safe; n++ {
		first := byte(packets.Puback << 4)
		if q.line[n].qos == 2 {
			first = packets.Pubrec << 4
		}
		q.ready = append(q.ready, first, 2, byte(q.line[n].id>>8), byte(q.line[n].id))
		q.line[n] = nil
	}
	if q.line = q.line[n:]; len(q.line) == 0 {
		q.line = nil
	}
	q.mu.Unlock()
	poke(q.wake)
}

// finish lets run return once the line is empty.
func (q *ackQueue) finish() {
	q.mu.Lock()
	q.ending = true
	q.mu.Unlock()
	poke(q.wake)
}

// take returns what is ready, and whether there will be nothing more.
func (q *ackQueue) take() (ready []byte, last bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	ready, q.ready = q.ready, nil
	return ready, q.ending && len(q.line) == 0
}

// run writes acknowledgements until finish and the end of the line, a failed
// write, or the end of the connection.
func (q *ackQueue) run(to io.Writer, ended <-chan struct{}) error {
	for {
		select {
		case <-q.wake:
		case <-ended:
			return nil
		}
		ready, last := q.take()
		if len(ready) > 0 {
			if _, err := to.Write(ready); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
	}
}
