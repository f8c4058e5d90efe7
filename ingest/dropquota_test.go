package ingest

import (
	"fmt"
	"testing"
	"time"
)

// A flood of rubbish is counted to the last packet and kept in part.
func TestFloodOfRefusedPacketsIsKeptInPart(t *testing.T) {
	t.Parallel()
	rec := new(recorder)
	in := New(rec, testKeys(t), DefaultOptions())
	bad := packet("FF")
	for range dropsPerObserver + 5 {
		if v := deliver(t, in, bad); v != (Verdict{Outcome: Worthless, Reason: ReasonBadVersion}) {
			t.Fatalf("%+v", v)
		}
	}
	if got := len(rec.records); got != dropsPerObserver {
		t.Errorf("%d kept, want %d", got, dropsPerObserver)
	}
	stats := in.Stats()
	if stats.DropsNotKept != 5 || stats.ByReason[ReasonBadVersion] != dropsPerObserver+5 {
		t.Errorf("%d not kept, want 5; %d refused", stats.DropsNotKept, stats.ByReason[ReasonBadVersion])
	}
	if v := deliver(t, in, packet(textHex)); v.Outcome != Stored {
		t.Errorf("a good packet of the same observer: %+v", v)
	}
	bad.Received = noon.Add(time.Hour)
	deliver(t, in, bad)
	if got := len(rec.records); got != dropsPerObserver+2 {
		t.Errorf("an hour later: %d records, want %d", got, dropsPerObserver+2)
	}
}

func TestManyObserversShareAQuotaOfRefusedPackets(t *testing.T) {
	t.Parallel()
	q := new(dropQuota)
	for i := range dropsPerHour {
		if !q.take(fmt.Sprint(i), noon) {
			t.Fatalf("number %d is not kept", i)
		}
	}
	if q.take("one more", noon) || len(q.kept) != dropsPerHour {
		t.Errorf("more than %d kept, of %d observers", dropsPerHour, len(q.kept))
	}
	if !q.take("one more", noon.Add(time.Hour)) || len(q.kept) != 1 {
		t.Errorf("an hour later: %d observers", len(q.kept))
	}
}
