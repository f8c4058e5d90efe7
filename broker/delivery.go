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
	slots chan struct{} // one taken by each message that will be acknowledged
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

// answer tells the subscribers, then the publisher: who has an acknowledgement
// finds the message retained.
func (d *delivery) answer() {
	defer d.b.inFlight.Add(-1)
	if d.message.qos > 0 {
		defer func() { <-d.c.deliveries.slots }()
	}
	d.b.stats.count(d.verdict)
	d.b.roster.settled(d.c, d.key, d.verdict, time.Now())
	if d.waiter != nil {
		d.waiter <- d.verdict
		return
	}
	if d.verdict.Outcome == ingest.NotSafe {
		// No answer; and a message is sent again only over a new connection.
		d.cl.Stop(packets.ErrServerUnavailable)
		return
	}
	if d.verdict.Outcome != ingest.Worthless {
		d.b.forward(d.cl, d.message)
	}
	if d.message.qos == 1 {
		d.c.acknowledge(d.id)
		d.b.stats.acked.Add(1)
	}
}

// acknowledge writes a PUBACK. Its four bytes are the same in every version of
// MQTT: version 5 leaves out a reason code that says success.
func (c *conn) acknowledge(id uint16) {
	c.Write([]byte{packets.Puback << 4, 2, byte(id >> 8), byte(id)}) // a broken connection shows itself to its reader
}

// outgoing is what subscribers get of a PUBLISH.
type outgoing struct {
	topic      string
	payload    []byte
	qos        byte
	retain     bool
	properties *packets.Properties // of MQTT 5 publishers
}

// forward sends a message to the subscribers, and keeps it when it is to be
// retained. It waits for nobody.
func (b *Broker) forward(from *mqtt.Client, m outgoing) {
	defer func() { // whoever calls settles the messages of all clients
		if p := recover(); p != nil {
			b.panicked("forward", p)
		}
	}()
	pk := packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: m.qos, Retain: m.retain && b.mayRetain(m)},
		TopicName:   m.topic,
		Payload:     m.payload,
		PacketID:    uint16(min(m.qos, 1)), // must not be 0 above QoS 0; each subscriber gets its own
	}
	as := b.inline
	if m.properties != nil {
		pk.Properties = *m.properties
		as = b.server.NewClient(nil, "hub", from.ID, true) // its id lets "no local" subscriptions work
		as.Properties.ProtocolVersion = 5
	}
	if err := b.server.InjectPacket(as, pk); err != nil {
		b.stats.forwardErrors.Add(1)
		b.log.Debug("message not forwarded", "topic", m.topic, "err", err)
	}
}

// size is what keeping m takes, in bytes.
func (m *outgoing) size() int {
	n := len(m.topic) + len(m.payload)
	if p := m.properties; p != nil {
		n += len(p.CorrelationData) + len(p.ResponseTopic) + len(p.ContentType)
		for _, u := range p.User {
			n += len(u.Key) + len(u.Val)
		}
	}
	return n
}

// mayRetain keeps the number of topics with a retained message bounded, and the
// memory that they take.
func (b *Broker) mayRetain(m outgoing) bool {
	if m.size() > b.opts.MaxRetainedBytes {
		b.stats.retainRefused.Add(1)
		return false
	}
	if b.retained() < int64(b.opts.MaxRetained) {
		return true
	}
	if _, known := b.server.Topics.Retained.Get(m.topic); known {
		return true
	}
	b.stats.retainRefused.Add(1)
	return false
}

// retained is how many topics have a retained message, those under $SYS apart,
// which the library keeps for itself.
func (b *Broker) retained() int64 {
	return int64(b.server.Topics.Retained.Len()) - b.ownTopics.Load()
}
