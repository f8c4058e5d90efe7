package broker

import (
	"sync"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"corescope-hub/ingest"
)

// delivery is one PUBLISH between its arrival and its answer.
type delivery struct {
	b       *Broker
	c       *conn
	cl      *mqtt.Client
	message outgoing
	id      uint16              // packet id, 0 at QoS 0
	key     string              // of the observer that it is of; "" for none
	status  bool                // it tells of the observer itself
	will    bool                // sent for a client that is gone
	room    int                 // bytes of the intake that it has; 0 for a will
	departs bool                // no message, but the end of them
	waiter  chan ingest.Verdict // QoS 2: the connection waits and lets the library answer
	verdict ingest.Verdict
	settled bool
}

// deliveries are the unanswered messages of one connection, oldest first.
// Verdicts come in any order; answers leave in the order of arrival, as MQTT
// asks (MQTT-4.6.0-2).
type deliveries struct {
	mu    sync.Mutex
	queue []*delivery
	slots chan struct{} // taken by messages that will be acknowledged
	quiet chan struct{} // by messages at QoS 0
}

// quietShare is how many times more messages of one connection may wait for
// their commit at QoS 0 than above. No connection may fill the store's queue by
// itself: those of all others would wait behind.
const quietShare = 4

// Bounds of the memory that messages take until they are answered.
const (
	messageCost = 512     // bytes that each takes besides its own, until the subscribers have it
	slotSize    = 1 << 10 // bytes of one for each slot
)

// place is where d takes its slots until it is answered, and how many. A large
// message takes several, so that few of one connection are ahead of others'.
func (d *delivery) place() (slots chan struct{}, n int) {
	slots = d.c.deliveries.slots
	if d.message.qos == 0 {
		slots = d.c.deliveries.quiet
	}
	return slots, min(1+d.message.size()/slotSize, cap(slots))
}

// leave gives back what d has taken. It is answered, and the subscribers have it.
func (d *delivery) leave() {
	if d.will {
		return
	}
	slots, n := d.place()
	for range n {
		<-slots
	}
	d.b.intake.leave(d.room)
}

// unanswered is how many messages wait for their acknowledgement.
func (q *deliveries) unanswered() (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, d := range q.queue {
		if d.message.qos > 0 {
			n++
		}
	}
	return n
}

// add puts d at the end of the line.
func (q *deliveries) add(d *delivery) {
	q.mu.Lock()
	q.queue = append(q.queue, d)
	q.mu.Unlock()
	d.b.inFlight.Add(1)
}

// settle is told the fate of d, and answers every message at the head of the
// line whose fate is known.
func (d *delivery) settle(v ingest.Verdict) {
	q := &d.c.deliveries
	q.mu.Lock()
	defer q.mu.Unlock()
	d.verdict, d.settled = v, true
	n := 0
	for n < len(q.queue) && q.queue[n].settled {
		q.queue[n].answer()
		q.queue[n] = nil
		n++
	}
	q.queue = q.queue[n:]
	if len(q.queue) == 0 {
		q.queue = nil
	}
}

// answer tells the publisher what became of its message. Who has an
// acknowledgement finds the message retained, and on its way to the subscribers.
func (d *delivery) answer() {
	defer d.b.inFlight.Add(-1)
	if d.departs {
		d.b.standDown(d.c)
		return
	}
	d.b.stats.count(d.verdict)
	d.b.roster.settled(d.c, d.key, d.verdict, time.Now())
	if d.verdict.Outcome == ingest.Stored || d.verdict.Outcome == ingest.Passed {
		d.show()
	} else {
		d.leave()
	}
	if d.waiter != nil {
		d.waiter <- d.verdict
		return
	}
	if d.verdict.Outcome == ingest.NotSafe {
		// No answer; and a message is sent again only over a new connection.
		d.cl.Stop(packets.ErrServerUnavailable)
		return
	}
	if d.message.qos == 1 {
		d.c.acknowledge(d.id)
		d.b.stats.acked.Add(1)
	}
}

// show sends a message that was accepted on its way to the subscribers.
func (d *delivery) show() {
	if d.goesRound() {
		d.leave()
	} else {
		d.b.forward(d.cl.ID, d.message, d.leave)
	}
	d.b.standUp(d)
}

// goesRound says whether the message comes from a bridged broker and has been
// shown before, and remembers it: brokers may be bridged in a ring, and none of
// them can tell.
func (d *delivery) goesRound() bool {
	if !d.b.republishes && !d.c.bridge {
		return false
	}
	return d.b.shown.again(d.message.topic, d.message.payload, time.Now()) && d.c.bridge
}

// acknowledge writes a PUBACK. Its four bytes are the same in every version of
// MQTT: version 5 leaves out a reason code that says success.
func (c *conn) acknowledge(id uint16) {
	c.put([]byte{packets.Puback << 4, 2, byte(id >> 8), byte(id)}) // a broken connection shows itself to its reader
}
