package ingest

import (
	"context"

	"corescope-hub/decoder"
)

// Options says what an operator accepts.
type Options struct {
	IATAFilter         []string            // regions accepted from local clients; empty accepts all
	UpstreamIATAFilter map[string][]string // the same by Message.Source, for upstreams
	IATAWhitelist      []string            // regions accepted from anybody; empty accepts all
	ObserverBlacklist  []string            // observer ids
	Regions            []string            // names of scopes that transport codes may match
	ValidateSignatures bool
}

// DefaultOptions accepts everybody and verifies adverts.
func DefaultOptions() Options { return Options{ValidateSignatures: true} }

// Ingester turns messages into records.
type Ingester struct{}

// New makes an Ingester that appends to rec.
func New(rec Recorder, keys *decoder.Keyring, opts Options) *Ingester { panic("skeleton") }

// Ingest turns m into a record and queues it; done, which may be nil, is told once.
func (in *Ingester) Ingest(ctx context.Context, m Message, done func(Verdict)) { panic("skeleton") }
