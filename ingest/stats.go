package ingest

import (
	"sync"
	"sync/atomic"
)

// maxSources bounds the sources that are counted apart; messages of further
// ones are counted under OtherSources.
const maxSources = 256

// OtherSources stands in Stats for the sources beyond the first 256.
const OtherSources = "(other)"

// Counts are numbers of messages since the start. Once all is settled, Received
// is the sum of Stored, Passed, Worthless and NotSafe.
type Counts struct {
	Received   uint64
	Stored     uint64
	Duplicates uint64 // of Stored: a known observation, sent again
	Passed     uint64
	Worthless  uint64
	NotSafe    uint64
}

// Stats is a snapshot of what became of the messages.
type Stats struct {
	Counts                     // of all sources
	ByReason map[Reason]uint64 // Passed and Worthless by their reason; every reason is there
	BySource map[string]Counts // by Message.Source

	DropsNotKept uint64 // refused packets that are not in dropped_packets: there were too many in one hour
}

// Stats returns a snapshot. It takes no lock that Ingest waits for.
func (in *Ingester) Stats() Stats {
	s := in.tallies.stats()
	s.DropsNotKept = in.drops.refused.Load()
	return s
}

// tally counts the messages of one source.
type tally struct {
	received, stored, duplicates, passed, worthless, notSafe atomic.Uint64
}

func (t *tally) counts() Counts {
	return Counts{
		Received:   t.received.Load(),
		Stored:     t.stored.Load(),
		Duplicates: t.duplicates.Load(),
		Passed:     t.passed.Load(),
		Worthless:  t.worthless.Load(),
		NotSafe:    t.notSafe.Load(),
	}
}

func (t *tally) settle(v Verdict) {
	switch v.Outcome {
	case Stored:
		t.stored.Add(1)
		if v.Duplicate {
			t.duplicates.Add(1)
		}
	case Passed:
		t.passed.Add(1)
	case Worthless:
		t.worthless.Add(1)
	case NotSafe:
		t.notSafe.Add(1)
	}
}

// tallies are the counters of an Ingester.
type tallies struct {
	reasons map[Reason]*atomic.Uint64 // every reason; the map itself never changes
	sources sync.Map                  // string -> *tally, at most maxSources
	count   atomic.Int64              // of sources
	other   tally
}

func newTallies() *tallies {
	t := &tallies{reasons: make(map[Reason]*atomic.Uint64)}
	for _, reason := range Reasons() {
		t.reasons[reason] = new(atomic.Uint64)
	}
	return t
}

// of returns the tally of source.
func (t *tallies) of(source string) *tally {
	if known, ok := t.sources.Load(source); ok {
		return known.(*tally)
	}
	if t.count.Add(1) > maxSources {
		t.count.Add(-1)
		return &t.other
	}
	known, loaded := t.sources.LoadOrStore(source, new(tally))
	if loaded {
		t.count.Add(-1)
	}
	return known.(*tally)
}

func (t *tallies) settle(source *tally, v Verdict) {
	source.settle(v)
	if v.Reason != "" {
		t.reasons[v.Reason].Add(1)
	}
}

func (t *tallies) stats() Stats {
	s := Stats{ByReason: make(map[Reason]uint64, len(t.reasons)), BySource: make(map[string]Counts)}
	for reason, n := range t.reasons {
		s.ByReason[reason] = n.Load()
	}
	t.sources.Range(func(source, known any) bool {
		s.BySource[source.(string)] = known.(*tally).counts()
		return true
	})
	if other := t.other.counts(); other != (Counts{}) {
		s.BySource[OtherSources] = other
	}
	for _, c := range s.BySource {
		s.Counts = s.Counts.plus(c)
	}
	return s
}

func (c Counts) plus(d Counts) Counts {
	return Counts{
		Received:   c.Received + d.Received,
		Stored:     c.Stored + d.Stored,
		Duplicates: c.Duplicates + d.Duplicates,
		Passed:     c.Passed + d.Passed,
		Worthless:  c.Worthless + d.Worthless,
		NotSafe:    c.NotSafe + d.NotSafe,
	}
}
