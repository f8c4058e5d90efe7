package ingest

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"sync"
	"testing"

	"corescope-hub/store"
)

var errDisk = errors.New("disk full")

func TestVerdictFollowsTheCommit(t *testing.T) {
	t.Parallel()
	refused := packet("4900")
	tests := []struct {
		name string
		rec  recorder
		m    Message
		want Verdict
	}{
		{"committed", recorder{}, packet(textHex), Verdict{Outcome: Stored}},
		{"known already", recorder{result: store.Result{Duplicate: true}}, packet(textHex), Verdict{Outcome: Stored, Duplicate: true}},
		{"not queued", recorder{refuse: errDisk}, packet(textHex), Verdict{Outcome: NotSafe, Err: errDisk}},
		{"not committed", recorder{commitErr: errDisk}, packet(textHex), Verdict{Outcome: NotSafe, Err: errDisk}},
		{"never to be queued", recorder{refuse: fmt.Errorf("append: %w", store.ErrBadRecord)}, packet(textHex), Verdict{Outcome: Worthless, Reason: ReasonBadRecord}},
		{"of one observer too many", recorder{result: store.Result{Refused: true}}, packet(textHex), Verdict{Outcome: Worthless, Reason: ReasonManyObservers}},
		{"never to be committed", recorder{commitErr: fmt.Errorf("insert: %w", store.ErrBadRecord)}, packet(textHex), Verdict{Outcome: Worthless, Reason: ReasonBadRecord}},
		{"refused packet, committed", recorder{}, refused, Verdict{Outcome: Worthless, Reason: ReasonBadVersion}},
		{"refused packet, not queued", recorder{refuse: errDisk}, refused, Verdict{Outcome: NotSafe, Err: errDisk}},
		{"refused packet, not committed", recorder{commitErr: errDisk}, refused, Verdict{Outcome: NotSafe, Err: errDisk}},
		{"nothing to commit", recorder{refuse: errDisk}, packets(`[]`), Verdict{Outcome: Worthless, Reason: ReasonBadJSON}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := deliver(t, New(&tt.rec, nil, DefaultOptions()), tt.m)
			if !errors.Is(got.Err, tt.want.Err) {
				t.Errorf("error %v, want %v", got.Err, tt.want.Err)
			}
			if got.Err, tt.want.Err = nil, nil; got != tt.want {
				t.Errorf("verdict %+v, want %+v", got, tt.want)
			}
		})
	}
}

// later is a recorder that answers when told to.
type later struct{ done []func(store.Result, error) }

func (l *later) Append(_ context.Context, _ store.Record, done func(store.Result, error)) error {
	l.done = append(l.done, done)
	return nil
}

func TestNoVerdictBeforeTheCommit(t *testing.T) {
	t.Parallel()
	for _, m := range []Message{packet(textHex), packet("4900")} {
		rec := new(later)
		in := New(rec, nil, DefaultOptions())
		var verdicts int
		in.Ingest(t.Context(), m, func(Verdict) { verdicts++ })
		if verdicts != 0 || len(rec.done) != 1 {
			t.Fatalf("%s: %d verdicts before the commit, %d records", m.Payload, verdicts, len(rec.done))
		}
		if rec.done[0](store.Result{}, nil); verdicts != 1 {
			t.Errorf("%s: %d verdicts after the commit, want 1", m.Payload, verdicts)
		}
	}
}

func TestNothingIsQueuedOnceTheContextEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rec := new(recorder)
	in := New(rec, nil, DefaultOptions())
	var got []Verdict
	in.Ingest(ctx, packet(textHex), func(v Verdict) { got = append(got, v) })
	if len(got) != 1 || got[0].Outcome != NotSafe || !errors.Is(got[0].Err, context.Canceled) || len(rec.records) != 0 {
		t.Errorf("verdicts %+v, %d records", got, len(rec.records))
	}
}

func TestNobodyNeedWaitForTheVerdict(t *testing.T) {
	t.Parallel()
	rec := new(recorder)
	in := New(rec, nil, DefaultOptions())
	for _, m := range []Message{packet(textHex), packet("4900"), packets(`[]`)} {
		in.Ingest(t.Context(), m, nil)
	}
	rec.refuse = errDisk
	in.Ingest(t.Context(), packet(textHex), nil)
	want := Counts{Received: 4, Stored: 1, Worthless: 2, NotSafe: 1}
	if got := in.Stats().Counts; got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
}

func TestStatsCountByReasonAndSource(t *testing.T) {
	t.Parallel()
	rec := new(recorder)
	in := New(rec, nil, DefaultOptions())
	from := func(source string, m Message) { m.Source = source; deliver(t, in, m) }
	from("tcp", packet(textHex))
	rec.result.Duplicate = true
	from("tcp", packet(textHex))
	from("north", packets(`{}`))
	from("north", packet("4900"))
	from("north", Message{Topic: "meshcore/SEA/X/neighbors", Payload: []byte(`{}`)})
	rec.commitErr = errDisk
	from("north", packet("4900"))

	got := in.Stats()
	if want := (Counts{Received: 6, Stored: 2, Duplicates: 1, Passed: 1, Worthless: 2, NotSafe: 1}); got.Counts != want {
		t.Errorf("counts %+v, want %+v", got.Counts, want)
	}
	if want := (Counts{Received: 2, Stored: 2, Duplicates: 1}); got.BySource["tcp"] != want {
		t.Errorf("tcp %+v, want %+v", got.BySource["tcp"], want)
	}
	if want := (Counts{Received: 4, Passed: 1, Worthless: 2, NotSafe: 1}); got.BySource["north"] != want {
		t.Errorf("north %+v, want %+v", got.BySource["north"], want)
	}
	want := map[Reason]uint64{ReasonNoRaw: 1, ReasonBadVersion: 1, ReasonNotForUs: 1}
	for _, reason := range Reasons() {
		if got.ByReason[reason] != want[reason] {
			t.Errorf("%s: %d, want %d", reason, got.ByReason[reason], want[reason])
		}
	}
}

func TestSourcesAreBounded(t *testing.T) {
	t.Parallel()
	in := New(new(recorder), nil, DefaultOptions())
	const extra = 10
	for i := range maxSources + extra {
		m := packets(`{}`)
		m.Source = fmt.Sprint("source ", i)
		deliver(t, in, m)
	}
	got := in.Stats()
	if len(got.BySource) != maxSources+1 || got.BySource[OtherSources].Received != extra || got.Received != maxSources+extra {
		t.Errorf("%d sources, %d messages of others, %d in all", len(got.BySource), got.BySource[OtherSources].Received, got.Received)
	}
}

func TestConcurrentMessagesAreAllCounted(t *testing.T) {
	t.Parallel()
	in := New(discard{}, nil, DefaultOptions())
	const senders, each = 8, 200
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			for range each {
				m := packet(textHex)
				m.Source = fmt.Sprint("source ", i%2)
				in.Ingest(t.Context(), m, nil)
			}
		})
	}
	wg.Wait()
	if got := in.Stats(); got.Stored != senders*each || len(got.BySource) != 2 {
		t.Errorf("stored %d from %d sources", got.Stored, len(got.BySource))
	}
}

// discard commits everything and keeps nothing.
type discard struct{}

func (discard) Append(_ context.Context, _ store.Record, done func(store.Result, error)) error {
	done(store.Result{}, nil)
	return nil
}

// TestReasonsListsEveryReason reads the source: a reason that Reasons leaves out
// has no counter.
func TestReasonsListsEveryReason(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var declared int
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Reason") {
			declared++
		}
		return true
	})
	seen := make(map[Reason]bool)
	for _, reason := range Reasons() {
		seen[reason] = true
	}
	if len(seen) != declared || declared == 0 {
		t.Errorf("%d different reasons listed, %d declared", len(seen), declared)
	}
}
