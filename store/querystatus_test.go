package store

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func TestObserverStatusesAreThoseSeenLast(t *testing.T) {
	t.Parallel()
	s := openTest(t)
	at := time.Date(2026, 11, 24, 20, 0, 0, 0, time.UTC)
	for i := range 4 {
		rec := Record{
			ReceivedAt: at.Add(time.Duration(i) * time.Minute),
			Observer:   Observer{ID: fmt.Sprintf("OBSERVER%d", i), Name: "Hill", IATA: "ZRH", Heard: true},
			Status:     &Status{Model: "Heltec V3", Radio: "869.618,62.5,8,8"},
		}
		switch i {
		case 1:
			rec.Status = &Status{} // it said nothing
		case 2:
			rec.Observer.IATA = ""
		}
		done := make(chan error, 1)
		if err := s.Append(context.Background(), rec, func(_ Result, err error) { done <- err }); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.ObserverStatuses(context.Background(), 10)
	if err != nil {
		t.Fatal(err)
	}
	want := ObserverStatus{ID: "OBSERVER3", Name: "Hill", IATA: "ZRH", Model: "Heltec V3", Radio: "869.618,62.5,8,8", LastSeen: at.Add(3 * time.Minute)}
	if len(all) != 2 || all[0] != want || all[1].ID != "OBSERVER0" {
		t.Errorf("got %+v", all)
	}
	if one, err := s.ObserverStatuses(context.Background(), 1); err != nil || len(one) != 1 || one[0] != want {
		t.Errorf("with a limit: %+v, %v", one, err)
	}
}
