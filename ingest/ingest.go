package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"corescope-hub/decoder"
	"corescope-hub/store"
)

// Options says what an operator accepts. Regions and observer ids are compared
// without regard to case and to blanks at their ends.
type Options struct {
	IATAFilter []string // regions accepted from local clients; empty accepts all

	// UpstreamIATAFilter is the same by Message.Source, for upstreams. An
	// upstream without an entry is held to IATAFilter, so each has one, which is
	// empty when it accepts all.
	UpstreamIATAFilter map[string][]string

	IATAWhitelist      []string // regions accepted from anybody; empty accepts all
	ObserverBlacklist  []string // observer ids
	Regions            []string // names of scopes that transport codes may match, with or without '#'; the first that fits wins
	ValidateSignatures bool     // refuse adverts that their key did not sign

	Geo              GeoFilter // where nodes should be
	ClientReceptions bool      // take what roaming clients report of radio coverage
}

// DefaultOptions accepts everybody but roaming clients, and verifies adverts.
func DefaultOptions() Options { return Options{ValidateSignatures: true} }

// Ingester turns messages into records. It is safe for concurrent use.
type Ingester struct {
	recorder Recorder
	keys     *decoder.Keyring
	regions  []decoder.Region
	policy   policy
	geo      GeoFilter
	verify   bool
	clients  bool // roaming clients are accepted
	senders  packetSenders
	drops    dropQuota
	meanings meanings
	tallies  *tallies

	envelopes sync.Pool // of *envelope, each with what it was last used for
}

// New makes an Ingester that appends to rec. A nil keys opens nothing.
func New(rec Recorder, keys *decoder.Keyring, opts Options) *Ingester {
	return &Ingester{
		recorder: rec,
		keys:     keys,
		regions:  newRegions(opts.Regions),
		policy:   newPolicy(opts),
		geo:      opts.Geo,
		verify:   opts.ValidateSignatures,
		clients:  opts.ClientReceptions,
		tallies:  newTallies(),

		envelopes: sync.Pool{New: func() any { return new(envelope) }},
	}
}

// Ingest turns m into a record and queues it; it blocks only while the
// Recorder's queue is full. done, which may be nil, is told once: before Ingest
// returns when there is nothing to store, else by the Recorder after the commit.
func (in *Ingester) Ingest(ctx context.Context, m Message, done func(Verdict)) {
	tally := in.tallies.of(m.Source)
	tally.received.Add(1)
	rec, reason := in.record(&m)
	if rec == nil || rec.Drop != nil && !in.drops.take(rec.Observer.ID, m.Received) {
		in.settle(tally, Verdict{Outcome: reason.outcome(), Reason: reason}, done)
		return
	}
	if err := ctx.Err(); err != nil {
		in.settle(tally, notSafe(err), done)
		return
	}
	rec.Urgent = m.Urgent
	origin, offset := rec.Observer.Name, m.offset
	err := in.recorder.Append(ctx, *rec, func(res store.Result, err error) {
		v := verdict(reason, res, err)
		v.Origin, v.Offset = origin, offset
		in.settle(tally, v, done)
	})
	if err != nil {
		in.settle(tally, verdict(reason, store.Result{}, err), done)
	}
}

// settle counts what became of a message and tells its sender.
func (in *Ingester) settle(tally *tally, v Verdict, done func(Verdict)) {
	in.tallies.settle(tally, v)
	if done != nil {
		done(v)
	}
}

// verdict is what the fate of a record means for its message. A reason says
// that the record held a refused packet. A record that can never be stored must
// not come again and again.
func verdict(reason Reason, res store.Result, err error) Verdict {
	switch {
	case errors.Is(err, store.ErrBadRecord):
		return Verdict{Outcome: Worthless, Reason: ReasonBadRecord}
	case err != nil:
		return notSafe(err)
	case reason != "":
		return Verdict{Outcome: reason.outcome(), Reason: reason}
	case res.Refused:
		return Verdict{Outcome: Worthless, Reason: ReasonManyObservers}
	}
	return Verdict{Outcome: Stored, Duplicate: res.Duplicate}
}

func notSafe(err error) Verdict {
	return Verdict{Outcome: NotSafe, Err: fmt.Errorf("store record: %w", err)}
}
