package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
)

func TestCloseEndsMaintenance(t *testing.T) {
	s := retained(t)
	manyOld(t, s, 200, 5)
	proveClock(t, s)
	ended := make(chan error, 1)
	go func() { ended <- s.Maintain(t.Context()) }()
	waitFor(t, s, func(st Stats) bool { return st.Upkeep["packets"].Chores > 0 })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("maintenance: %v", err)
	}
	if _, err := s.DeleteNodes(t.Context(), []string{"aa"}); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v, want ErrClosed", err)
	}
}

func TestContextEndsMaintenance(t *testing.T) {
	s := retained(t)
	manyOld(t, s, 200, 5)
	proveClock(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Maintain(ctx) }()
	waitFor(t, s, func(st Stats) bool { return st.Upkeep["packets"].Chores > 0 })
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("maintenance: %v", err)
	}
	put(t, s, packet(alpha, "live"))
}

// All that senders bring while everything is pruned is there afterwards.
func TestNothingIsLostDuringMaintenance(t *testing.T) {
	s := retained(t, func(o *Options) { o.MaxBatch = 32 })
	manyOld(t, s, 600, 4)
	proveClock(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Maintain(ctx) }()
	const senders, each = 4, 100
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			for j := range each {
				// Half of them were there before, and may have been pruned just now.
				r := packet(fmt.Sprint("LIVE", i), fmt.Sprintf("%016x", j+550), at(noon))
				if err := s.Append(t.Context(), r, func(_ Result, err error) {
					if err != nil {
						t.Errorf("not stored: %v", err)
					}
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	waitFor(t, s, func(st Stats) bool { return st.Upkeep["vacuum"].Chores > 0 }) // the last job
	cancel()
	if err := errors.Join(<-ended, s.Close()); err != nil {
		t.Error(err)
	}
	wantRows(t, s.path, "SELECT count(*) FROM transmissions WHERE hash <> 'yesterday'", fmt.Sprint(each))
	wantRows(t, s.path, "SELECT count(*) FROM observations o JOIN observers obs ON obs.rowid = o.observer_idx WHERE obs.id LIKE 'LIVE%'", fmt.Sprint(senders*each))
	wantRows(t, s.path, "SELECT sum(packet_count) FROM observers WHERE id LIKE 'LIVE%'", fmt.Sprint(senders*each))
	wantRows(t, s.path, "PRAGMA foreign_key_check")
	wantRows(t, s.path, "PRAGMA integrity_check", "ok")
}
