package broker

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"corescope-hub/ingest"
)

// heldSink keeps every message until the test decides its fate.
type heldSink struct {
	messages chan held
}

type held struct {
	ingest.Message
	settle func(ingest.Verdict)
}

func newHeldSink() *heldSink { return &heldSink{messages: make(chan held, 1000)} }

func (s *heldSink) Ingest(ctx context.Context, m ingest.Message, done func(ingest.Verdict)) {
	m.Payload = append([]byte(nil), m.Payload...)
	s.messages <- held{m, done}
}

func (s *heldSink) next(t *testing.T) held {
	t.Helper()
	select {
	case h := <-s.messages:
		return h
	case <-timeout():
		t.Fatal("no message reached the sink")
		panic("unreachable")
	}
}

// verdictSink decides at once.
type verdictSink func(ingest.Message) ingest.Verdict

func (s verdictSink) Ingest(ctx context.Context, m ingest.Message, done func(ingest.Verdict)) {
	done(s(m))
}

var (
	stored    = ingest.Verdict{Outcome: ingest.Stored}
	worthless = ingest.Verdict{Outcome: ingest.Worthless, Reason: ingest.ReasonBadJSON}
	notSafe   = ingest.Verdict{Outcome: ingest.NotSafe, Err: fmt.Errorf("disk full")}
)

func storeAll(ingest.Message) ingest.Verdict { return stored }

// running is a broker on a free port of this machine.
type running struct {
	*Broker
	addr string
	stop func() // stops it and waits
}

func start(t *testing.T, sink Sink, change ...func(*Options)) running {
	t.Helper()
	const name = "tcp://127.0.0.1:0"
	o := DefaultOptions()
	o.Listen = Listeners(name)
	for _, c := range change {
		c(&o)
	}
	b, err := New(sink, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- b.Run(ctx, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	stop := sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-timeout():
			t.Error("the broker does not stop")
		}
	})
	t.Cleanup(stop)
	return running{b, b.Addr(name), stop}
}
