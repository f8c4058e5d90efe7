package console

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func small(context.Context) ([]byte, error) { return []byte("x"), nil }

func TestQuestionThatTakesTooLongIsGivenUp(t *testing.T) {
	t.Parallel()
	q := newQuestions()
	q.time = time.Millisecond
	_, _, err := q.answer(t.Context(), func(ctx context.Context) ([]byte, error) {
		<-ctx.Done()
		return nil, errors.New("interrupted (9)") // as SQLite calls it
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if status, _ := new(server).explain(httptest.NewRequest("GET", "/", nil), err); status != http.StatusServiceUnavailable {
		t.Errorf("status %d", status)
	}
}

func TestQuestionsWaitForTheirTurnAsLongAsTheVisitorDoes(t *testing.T) {
	t.Parallel()
	q := newQuestions()
	asked, answered := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	for range maxQuestions {
		go func() {
			_, _, err := q.answer(t.Context(), func(context.Context) ([]byte, error) {
				asked <- struct{}{}
				<-answered
				return nil, nil
			})
			done <- err
		}()
		<-asked
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, _, err := q.answer(gone, small); !errors.Is(err, context.Canceled) {
		t.Errorf("without a turn: %v", err)
	}
	close(answered)
	for range maxQuestions {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if _, _, err := q.answer(t.Context(), small); err != nil {
		t.Errorf("with all turns free: %v", err)
	}
}

// Visitors who read slowly hold what they are sent.
func TestAnswersOnTheirWayAreBounded(t *testing.T) {
	t.Parallel()
	q := newQuestions()
	large := func(context.Context) ([]byte, error) { return make([]byte, maxSending/2), nil }
	_, sent, err := q.answer(t.Context(), large)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := q.answer(t.Context(), large); err != nil {
		t.Fatal(err)
	}
	if _, _, err := q.answer(t.Context(), large); !errors.Is(err, errBusy) {
		t.Errorf("a third one: %v", err)
	}
	if _, _, err := q.answer(t.Context(), small); err != nil {
		t.Errorf("a small one: %v", err)
	}
	sent()
	if _, _, err := q.answer(t.Context(), large); err != nil {
		t.Errorf("after one has gone out: %v", err)
	}
}
