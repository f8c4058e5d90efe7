package ingest

import (
	"context"
	"time"

	"corescope-hub/store"
)

// Message is one MQTT PUBLISH, free of any MQTT library type.
type Message struct {
	Source   string    // listener or upstream name, for logs and per-source counters
	Topic    string    // of an upstream, with "meshcore" for its first level, whatever that was
	Payload  []byte    // valid only during Ingest; copy to keep
	QoS      byte      // 0, 1 or 2
	Replayed bool      // an upstream's retained message, sent because we subscribed: old news of unknown age
	Will     bool      // a client's last will, sent by the broker for it
	Region   string    // region to assume when the topic has none; "" otherwise
	Received time.Time // hub clock
	Urgent   bool      // its sender waits for the answer before it sends more: see store.Record

	offset *time.Duration // its packet's timestamp minus Received; nil until read, and when there is none
}

// Recorder is the part of *store.Store that ingest needs.
type Recorder interface {
	// Append queues r. After a nil error done is called once, when r is committed
	// or cannot be; after another one it never is.
	Append(ctx context.Context, r store.Record, done func(store.Result, error)) error
}

// Outcome is the fate of a message.
type Outcome uint8

const (
	// Stored: its record is committed.
	Stored Outcome = iota + 1
	// Passed: there is nothing in it for the database; other clients may want it.
	Passed
	// Worthless: it never can be stored; acknowledge it, show it to nobody.
	Worthless
	// NotSafe: it could not be kept now. Do not acknowledge it; let it come again.
	NotSafe
)

// Verdict is what became of a message.
type Verdict struct {
	Outcome   Outcome
	Reason    Reason // for Passed and Worthless
	Err       error  // for NotSafe
	Duplicate bool   // Stored, but the observation was known already

	Origin string         // as the observer calls itself; "" when nothing was read of it
	Offset *time.Duration // of a packet: the observer's clock minus the hub's; nil without a time
}
