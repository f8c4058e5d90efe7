package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"corescope-hub/ingest"
)

// session is one connection of a bridge, from dialling to its end; lasted is how
// long it was up.
func (u *upstream) session(ctx context.Context) (lasted time.Duration, err error) {
	login, err := u.login()
	if err != nil {
		return 0, err
	}
	acks := newAckQueue()
	o := linkOptions{clientID: u.clientID(), receive: func(l *link, m paho.Message) { u.receive(l, acks, m) }}
	if u.nameless {
		o.clientID, o.clean = "", true
	}
	l, err := u.connect(ctx, o, login)
	if refusal(2) == refusalIn(err) && u.opts.ClientID == "" {
		u.nameless = !u.nameless
	}
	if err != nil {
		return 0, err
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		if err := acks.run(l.wire, l.ended); err != nil {
			l.end(fmt.Errorf("acknowledge: %w", err))
		}
	}()
	defer func() { <-written }()
	if err := l.subscribe(ctx, u.filters(u.opts.QoS), u.opts.ConnectTimeout); err != nil {
		l.close(false)
		return 0, err
	}
	began := time.Now()
	u.ledger.up("topics", u.opts.Topics, "session", sessionWord(l.resumed))
	err = u.serve(ctx, l, login.Expires)
	if polite := ctx.Err() != nil || errors.Is(err, errRenew); polite {
		acks.finish()
		waitAtMost(u.b.opts.DrainTimeout, func() { <-written })
		l.close(true)
	} else {
		l.close(false)
	}
	return time.Since(began), err
}

// refusalIn is the CONNACK code in err, 0 without one.
func refusalIn(err error) (r refusal) {
	errors.As(err, &r)
	return r
}

// sessionWord tells whether messages sent before the connection come over it.
func sessionWord(resumed bool) string {
	if resumed {
		return "resumed"
	}
	return "new"
}

// filters are the topics to subscribe to.
func (u *upstream) filters(qos byte) map[string]byte {
	filters := make(map[string]byte, len(u.opts.Topics))
	for _, t := range u.opts.Topics {
		filters[t] = qos
	}
	return filters
}

// serve waits for the end of a connection that is up, and finds out when it is
// dead.
func (u *upstream) serve(ctx context.Context, l *link, expires time.Time) error {
	u.silence.begin(time.Now())
	var renew <-chan time.Time
	if !expires.IsZero() {
		renew = time.After(renewAfter(time.Until(expires)))
	}
	for {
		look := time.NewTimer(time.Until(u.silence.due()))
		select {
		case err := <-l.lost:
			return err
		case <-renew:
			return errRenew
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
			if err := u.ask(ctx, l); err != nil {
				return err
			}
		}
		look.Stop()
	}
}

// renewAfter is when to log in anew, for a login that is good for so long: with
// a tenth of its life to spare, at most five minutes.
func renewAfter(life time.Duration) time.Duration {
	return max(life-min(life/10, 5*time.Minute), time.Second)
}

// fewUnanswered is how many messages an upstream may have to wait for while the
// hub collects for one commit. mosquitto sends no more than 20 before the first
// of them is acknowledged, unless it is told to: at four commits a second it
// would hand over 80 messages a second, and drop what comes faster.
const fewUnanswered = 16

// receive is called for each message, in order. It waits while too much waits
// for its commit.
func (u *upstream) receive(l *link, acks *ackQueue, m paho.Message) {
	if u.asking.answered(m) || u.b.stopping() {
		return
	}
	size := int64(min(len(m.Payload())+messageBytes, maxWaitingBytes))
	if u.window.Acquire(u.b.accepting, size) != nil {
		return // the broker stops; the message comes again
	}
	now := time.Now()
	u.ledger.message(now, m.Retained())
	if !m.Retained() {
		u.silence.heard(now)
	}
	due := acks.add(m.MessageID(), m.Qos())
	urgent := u.waiting.Add(1) >= fewUnanswered && m.Qos() > 0
	u.b.inFlight.Add(1)
	u.ingest(m, now, urgent, func(v ingest.Verdict) {
		u.b.stats.count(v)
		release := func() { u.window.Release(size) }
		if v.Outcome == ingest.NotSafe {
			l.end(fmt.Errorf("a message could not be kept: %w", v.Err))
			release()
		} else {
			u.republish(m, v, release)
			acks.settle(due)
		}
		u.waiting.Add(-1)
		u.b.inFlight.Add(-1)
	})
}

// ingest gives a message to the sink. A panic on the way in is ours and would
// come again with the message, so the message is worthless.
func (u *upstream) ingest(m paho.Message, now time.Time, urgent bool, settle func(ingest.Verdict)) {
	defer func() {
		if p := recover(); p != nil {
			u.b.panicked("ingest", p)
			settle(ingest.Verdict{Outcome: ingest.Worthless})
		}
	}()
	if m.Topic() == refusedTopic {
		u.ledger.refused()
		settle(ingest.Verdict{Outcome: ingest.Worthless, Reason: ingest.ReasonBadTopic})
		return
	}
	topic := asOurs(m.Topic())
	a := u.b.roster.arrival(nil, u.opts.Name, topic, m.Payload(), now)
	if reason, _ := u.b.roster.judge(a); reason != "" {
		u.b.stats.refusedMessages[reason].Add(1)
		settle(ingest.Verdict{Outcome: ingest.Worthless})
		return
	}
	u.b.sink.Ingest(u.b.accepting, ingest.Message{
		Source: u.opts.Name, Topic: topic, Payload: m.Payload(), QoS: m.Qos(),
		Replayed: m.Retained(), Region: u.opts.Region, Received: now, Urgent: urgent,
	}, func(v ingest.Verdict) {
		u.b.roster.settled(nil, a.ID, v, time.Now())
		settle(v)
	})
}
