package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func TestRecordsAreSettledOnceAndInOrder(t *testing.T) {
	s := openTest(t, func(o *Options) { o.MaxBatch = 7 })
	const n = 200
	var order []int // written by the acker alone, read after Close
	var last int64
	for i := range n {
		err := s.Append(t.Context(), packet(alpha, fmt.Sprintf("%016x", i)), func(res Result, err error) {
			if err != nil {
				t.Errorf("record %d: %v", i, err)
			}
			if res.ObservationID <= last {
				t.Errorf("observation %d after %d", res.ObservationID, last)
			}
			last = res.ObservationID
			order = append(order, i)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for i, got := range order {
		if got != i {
			t.Fatalf("settled %d at place %d", got, i)
		}
	}
	if len(order) != n {
		t.Errorf("%d settled, want %d", len(order), n)
	}
}

func TestDoneMayBeNil(t *testing.T) {
	s := openTest(t)
	if err := s.Append(t.Context(), packet(alpha, "01"), nil); err != nil {
		t.Fatal(err)
	}
	put(t, s, packet(alpha, "02"))
	wantRows(t, s.path, "SELECT count(*) FROM transmissions", "2")
}

func TestFullQueueBlocksUntilContextEnds(t *testing.T) {
	s, g := openGated(t, func(o *Options) { o.QueueDepth = 3 })
	release := g.hold(t, s) // takes one place
	defer release()
	for i := range 2 {
		if err := s.Append(t.Context(), packet(alpha, fmt.Sprintf("%016x", i)), nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Stats(); got.QueueDepth != 3 || got.QueueCapacity != 3 || got.QueueWaits != 0 {
		t.Errorf("queue holds %d of %d, %d waited", got.QueueDepth, got.QueueCapacity, got.QueueWaits)
	}
	ctx, cancel := context.WithCancel(t.Context())
	refused := make(chan error, 1)
	go func() {
		refused <- s.Append(ctx, packet(alpha, "aa"), func(Result, error) { t.Error("done of a record that was not taken") })
	}()
	waitFor(t, s, func(st Stats) bool { return st.QueueWaits == 1 })
	select {
	case err := <-refused:
		t.Fatalf("did not block: %v", err)
	default:
	}
	cancel()
	if err := <-refused; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	release()
	put(t, s, packet(alpha, "bb"))
	wantRows(t, s.path, "SELECT count(*) FROM transmissions WHERE hash = 'aa'", "0")
}

// A sender whose done takes its time holds up senders, not the writer.
func TestSlowDoneDoesNotHoldUpTheWriter(t *testing.T) {
	s := openTest(t, func(o *Options) { o.QueueDepth = 100 })
	slow, stuck := make(chan struct{}), make(chan struct{})
	err := s.Append(t.Context(), packet(alpha, "00"), func(Result, error) {
		close(stuck)
		<-slow
	})
	if err != nil {
		t.Fatal(err)
	}
	<-stuck
	for i := range 99 {
		if err := s.Append(t.Context(), packet(alpha, fmt.Sprintf("%016x", i)), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.WaitAfter(t.Context(), 99); err != nil { // the hundredth is committed
		t.Error(err)
	}
	close(slow)
}

func TestCloseWritesWhatIsQueued(t *testing.T) {
	s, g := openGated(t, func(o *Options) { o.MaxBatch = 10 })
	release := g.hold(t, s)
	const n = 95
	var stored int // by the acker alone, read after Close
	for i := range n {
		err := s.Append(t.Context(), packet(alpha, fmt.Sprintf("%016x", i)), func(_ Result, err error) {
			if err != nil {
				t.Errorf("record %d: %v", i, err)
			}
			stored++
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	<-s.queue.closing
	if err := s.Append(t.Context(), packet(alpha, "late"), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("append while closing: %v, want ErrClosed", err)
	}
	release()
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if stored != n {
		t.Errorf("%d settled, want %d", stored, n)
	}
	wantRows(t, s.path, "SELECT count(*) FROM observations", fmt.Sprint(n))
}

func TestCloseTurnsAwayThoseWhoWait(t *testing.T) {
	s, g := openGated(t, func(o *Options) { o.QueueDepth = 1 })
	release := g.hold(t, s)
	const waiters = 5
	refused := make(chan error, waiters)
	for range waiters {
		go func() { refused <- s.Append(context.Background(), packet(alpha, "01"), nil) }()
	}
	waitFor(t, s, func(st Stats) bool { return st.QueueWaits == waiters })
	go s.Close()
	for range waiters {
		if err := <-refused; !errors.Is(err, ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
	}
	release()
}

func TestCloseMayBeCalledAgainAndByMany(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := s.Append(t.Context(), packet(alpha, "02"), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("append: %v, want ErrClosed", err)
	}
	if left, _ := filepath.Glob(s.path + "?*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestManySendersAtOnce(t *testing.T) {
	s := openTest(t, func(o *Options) { o.QueueDepth, o.MaxBatch = 16, 8 })
	const senders, each = 8, 50
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			for j := range each {
				r := packet(fmt.Sprintf("OBS%d", i), fmt.Sprintf("%016x", j))
				if err := s.Append(context.Background(), r, func(_ Result, err error) {
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
	s.Close()
	wantRows(t, s.path, "SELECT (SELECT count(*) FROM transmissions), (SELECT count(*) FROM observations), (SELECT sum(packet_count) FROM observers)",
		fmt.Sprintf("%d|%d|%d", each, senders*each, senders*each))
}

func TestRecordThatContradictsItselfIsNotTaken(t *testing.T) {
	s := openTest(t)
	for name, r := range map[string]Record{
		"no time":                  packet(alpha, "01", at(time.Time{})),
		"no hash":                  packet(alpha, ""),
		"no observation":           packet(alpha, "01", func(r *Record) { r.Observation = nil }),
		"no transmission":          packet(alpha, "01", func(r *Record) { r.Transmission = nil }),
		"advert alone":             {ReceivedAt: noon, Advert: &NodeAdvert{}},
		"half a hop":               packet(alpha, "01", via(2, 1, 2, 3)),
		"hops of no size":          packet(alpha, "01", via(0, 1)),
		"hops of negative size":    packet(alpha, "01", via(-1, 1)),
		"drop with a transmission": packet(alpha, "01", func(r *Record) { r.Drop = &Drop{Reason: "x"} }),
		"drop with a status":       {ReceivedAt: noon, Drop: &Drop{Reason: "x"}, Status: &Status{}},
		"drop for no reason":       {ReceivedAt: noon, Drop: &Drop{}},
	} {
		err := s.Append(t.Context(), r, func(Result, error) { t.Errorf("%s: done was called", name) })
		if !errors.Is(err, ErrBadRecord) {
			t.Errorf("%s: got %v, want ErrBadRecord", name, err)
		}
	}
}

// waitFor polls the counters until they are as wanted: some of them have no
// other voice.
func waitFor(t *testing.T, s *Store, ok func(Stats) bool) {
	t.Helper()
	for !ok(s.Stats()) {
		if t.Context().Err() != nil {
			t.Fatal("waited in vain")
		}
	}
}
