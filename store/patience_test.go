package store

import (
	"log/slog"
	"strings"
	"testing"
	"time"
)

// lines passes on each line that is written.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}

func TestWhoWaitsHearsThatWorkGoesOn(t *testing.T) {
	heard := make(lines)
	stop := tellEvery(time.Millisecond, slog.New(slog.NewTextHandler(heard, nil)), "still at it", "step", "2 of 3")
	for range 2 {
		if line := <-heard; !strings.Contains(line, `msg="still at it" step="2 of 3" for=0s`) {
			t.Errorf("heard %q", line)
		}
	}
	stopped := make(chan struct{})
	go func() {
		stop()
		close(stopped)
	}()
	for waiting := true; waiting; {
		select {
		case <-heard: // on its way already
		case <-stopped:
			waiting = false
		}
	}
	select {
	case line := <-heard:
		t.Errorf("heard %q after the end", line)
	default:
	}
}
