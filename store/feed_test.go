package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWaitAfterReturnsWhenAnObservationIsCommitted(t *testing.T) {
	s := openTest(t)
	rang := make(chan error, 3)
	for range 3 {
		go func() { rang <- s.WaitAfter(t.Context(), 0) }()
	}
	put(t, s, packet(alpha, "01"))
	for range 3 {
		if err := <-rang; err != nil {
			t.Error(err)
		}
	}
	if got := s.LastObservation(); got != 1 {
		t.Errorf("last observation %d, want 1", got)
	}
}

func TestWaitAfterGoesByIDsNotByCommits(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"))
	if err := s.WaitAfter(t.Context(), 0); err != nil {
		t.Errorf("for an observation that is there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rang := make(chan error, 1)
	go func() { rang <- s.WaitAfter(ctx, 1) }()
	put(t, s, packet(alpha, "01"), status(alpha)) // commits, but nothing new to see
	select {
	case err := <-rang:
		t.Fatalf("rang for nothing: %v", err)
	default:
	}
	cancel()
	if err := <-rang; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestWaitAfterEndsWithTheStore(t *testing.T) {
	s := openTest(t)
	rang := make(chan error, 1)
	go func() { rang <- s.WaitAfter(context.Background(), 0) }()
	s.Close()
	if err := <-rang; !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

func TestWaitAfterKnowsWhatTheFileHeld(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"), packet(alpha, "02"))
	s.Close()
	again := openAt(t, s.path)
	if err := again.WaitAfter(t.Context(), 1); err != nil {
		t.Error(err)
	}
	if got := again.LastObservation(); got != 2 {
		t.Errorf("last observation %d, want 2", got)
	}
}

func TestObservationsAfterReturnsWhatAPageShows(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"), packet("", "02", func(r *Record) {
		r.Transmission = &Transmission{Hash: "02"}
		r.Observation = &Observation{}
	}), advert("03", scoped("#sea"), func(r *Record) { r.Transmission.ChannelHash = "#x" }))
	got, err := s.ObservationsAfter(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	second := noon.Truncate(1e9)
	full := ObservationRow{
		ID: 1, TransmissionID: 1, ReceivedAt: second,
		ObserverID: alpha, ObserverName: "Obs", IATA: "SEA", Direction: "rx",
		SNR: ptr(8.5), RSSI: ptr(-92.0), Score: ptr(int64(1000)), Path: []string{"1A", "2B"}, Raw: []byte{0x09, 0x02, 0x1A, 0x2B, 0xFF},
		Hash: "01", FirstSeen: second, RouteType: 1, PayloadType: 2, DecodedJSON: `{"type":"TXT_MSG"}`,
	}
	withScope := full
	withScope.ID, withScope.TransmissionID, withScope.Hash, withScope.PayloadType = 3, 3, "03", 4
	withScope.ChannelHash, withScope.ScopeName, withScope.From = "#x", ptr("#sea"), &nodeKey
	want := []ObservationRow{
		full,
		{ID: 2, TransmissionID: 2, ReceivedAt: second, Path: []string{}, Raw: []byte{}, Hash: "02", FirstSeen: second},
		withScope,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestObservationsAfterPagesByID(t *testing.T) {
	s := openTest(t)
	for i := range 7 {
		put(t, s, packet(alpha, fmt.Sprintf("%02x", i)))
	}
	var pages []int
	for last := int64(0); ; {
		rows, err := s.ObservationsAfter(t.Context(), last, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) == 0 {
			break
		}
		pages = append(pages, len(rows))
		for _, r := range rows {
			if r.ID != last+1 {
				t.Errorf("observation %d after %d", r.ID, last)
			}
			last = r.ID
		}
	}
	if diff := cmp.Diff([]int{3, 3, 1}, pages); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

// Rows of another writer may hold what ours would not.
func TestObservationsAfterReadsOddRows(t *testing.T) {
	s := openTest(t)
	execSQL(t, s.path, `INSERT INTO transmissions(raw_hex, hash, first_seen, from_pubkey) VALUES('0 1 2', 'x', 'yesterday', 'me');
		INSERT INTO observations(transmission_id, observer_idx, score, path_json, timestamp) VALUES(1, 99, 2.6, 'none', 0)`)
	rows, err := s.ObservationsAfter(t.Context(), 0, 1)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if r := rows[0]; *r.Score != 3 || r.Path != nil || r.Raw != nil || r.From != nil || !r.FirstSeen.IsZero() || r.ObserverID != "" {
		t.Errorf("got %+v", r)
	}
}

// As several open pages do: each follows at its own pace and sees every row.
func TestManyReadersFollowWhileHubWrites(t *testing.T) {
	s := openTest(t, func(o *Options) { o.MaxBatch, o.Readers = 10, 2 })
	const n, readers = 200, 4
	var wg sync.WaitGroup
	for limit := range readers {
		wg.Go(func() {
			for last := int64(0); last < n; {
				if err := s.WaitAfter(t.Context(), last); err != nil {
					t.Error(err)
					return
				}
				rows, err := s.ObservationsAfter(t.Context(), last, 1+7*limit)
				if err != nil || len(rows) == 0 {
					t.Errorf("after the bell for %d: %d rows, %v", last, len(rows), err)
					return
				}
				for _, r := range rows {
					if r.ID != last+1 {
						t.Errorf("observation %d after %d", r.ID, last)
						return
					}
					last = r.ID
				}
			}
		})
	}
	for i := range n {
		if err := s.Append(t.Context(), packet(alpha, fmt.Sprintf("%016x", i)), nil); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
}
