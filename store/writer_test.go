package store

import (
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

func TestDoneFollowsTheCommit(t *testing.T) {
	s := openTest(t)
	db := openAsServer(t, s.path)
	for i := range 20 {
		seen := make(chan string, 1)
		err := s.Append(t.Context(), packet(alpha, fmt.Sprintf("%016x", i)), func(Result, error) {
			seen <- dumpFrom(t, db, "SELECT count(*) FROM observations")[0]
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := <-seen; got != fmt.Sprint(i+1) {
			t.Fatalf("another connection sees %s rows when record %d is done", got, i+1)
		}
	}
}

func TestQueuedRecordsShareATransaction(t *testing.T) {
	s, g := openGated(t)
	records := make([]Record, 100)
	for i := range records {
		records[i] = packet(alpha, fmt.Sprintf("%016x", i))
	}
	putTogether(t, s, g, records...)
	if got := s.Stats().BatchSize; got.Count != 2 || got.Sum != 101 {
		t.Errorf("%d transactions of %v records, want 2 of 101", got.Count, got.Sum)
	}
}

func TestBatchIsNoLargerThanMaxBatch(t *testing.T) {
	s, g := openGated(t, func(o *Options) { o.MaxBatch = 4 })
	release := g.hold(t, s)
	for i := range 10 {
		if err := s.Append(t.Context(), packet(alpha, fmt.Sprintf("%016x", i)), nil); err != nil {
			t.Fatal(err)
		}
	}
	release()
	s.Close()
	if got := s.Stats().Commits; got != 1+3 {
		t.Errorf("%d transactions, want 4: the held one, and 10 records by 4", got)
	}
}

// The hub's clock stands still in the bubble except when everybody waits, so
// the times below are exact.
func TestCommitsKeepTheirDistance(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	synctest.Test(t, func(t *testing.T) {
		opts := DefaultOptions()
		opts.CommitInterval, opts.CheckpointInterval = 250*time.Millisecond, 0
		s, err := Open(t.Context(), path, opts)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		start := time.Now()
		settled := make(chan time.Duration, 10)
		send := func(hash string, urgent bool) {
			r := packet(alpha, hash)
			r.Urgent = urgent
			err := s.Append(t.Context(), r, func(_ Result, err error) {
				if err != nil {
					t.Error(err)
				}
				settled <- time.Since(start)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		want := func(what string, want time.Duration) {
			t.Helper()
			if got := <-settled; got != want {
				t.Errorf("%s after %s, want %s", what, got, want)
			}
		}
		send("01", false)
		want("the first is committed", 0)
		send("02", false)
		time.Sleep(100 * time.Millisecond)
		send("03", false)
		want("the second is committed", 250*time.Millisecond)
		want("the third is committed with it", 250*time.Millisecond)
		time.Sleep(time.Second)
		send("04", false)
		want("the first after a pause is committed", 1250*time.Millisecond)
		send("05", false)
		time.Sleep(100 * time.Millisecond)
		send("06", true)
		want("what waits is committed with an urgent one", 1350*time.Millisecond)
		want("the urgent one is committed", 1350*time.Millisecond)
	})
}

func TestFullBatchDoesNotWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	synctest.Test(t, func(t *testing.T) {
		opts := DefaultOptions()
		opts.CommitInterval, opts.MaxBatch, opts.CheckpointInterval = time.Hour, 3, 0
		s, err := Open(t.Context(), path, opts)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		put(t, s, packet(alpha, "00"))
		settled := make(chan struct{}, 3)
		for i := range 3 {
			if err := s.Append(t.Context(), packet(alpha, fmt.Sprintf("%016x", i)), func(Result, error) { settled <- struct{}{} }); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			<-settled
		}
		// Closing does not wait either.
		if err := s.Append(t.Context(), packet(alpha, "ff"), nil); err != nil {
			t.Fatal(err)
		}
		s.Close()
		if took := time.Since(start); took != 0 {
			t.Errorf("took %s", took)
		}
	})
	wantRows(t, path, "SELECT count(*) FROM observations", "5")
}

// Rows are forgotten while the batch still owes them something.
func TestWhatTheWriterRemembersIsBounded(t *testing.T) {
	s, g := openGated(t)
	l := s.writer.ledger
	l.transmissions.size, l.observers.size = 8, 4 // the writer looks when it has a record
	var records []Record
	for i := range 300 {
		r := packet(fmt.Sprintf("OBS%d", i%13), fmt.Sprintf("%016x", i%31), at(noon.Add(time.Duration(i)*time.Second)), via(2, byte(i>>8), byte(i)))
		records = append(records, r)
	}
	putTogether(t, s, g, records[:150]...)
	put(t, s, records[150:]...)
	s.Close()
	if got := len(l.transmissions.young) + len(l.transmissions.old); got > 16 {
		t.Errorf("%d transmissions remembered, want at most 16", got)
	}
	if got := len(l.observers.young) + len(l.observers.old); got > 8 {
		t.Errorf("%d observers remembered, want at most 8", got)
	}
	wantRows(t, s.path, "SELECT count(*), sum(packet_count) FROM observers", "13|300")
	wantRows(t, s.path, `SELECT count(*) FROM transmissions t WHERE last_seen <> (SELECT max(timestamp) FROM observations WHERE transmission_id = t.id)`, "0")
	wantRows(t, s.path, "SELECT count(*), max(id) FROM transmissions", "31|31")
}
