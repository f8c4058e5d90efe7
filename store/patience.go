package store

import (
	"log/slog"
	"time"
)

// betweenLines is after how long, and how often, somebody who waits wants to hear
// that work goes on.
const betweenLines = 10 * time.Second

// tellEvery writes a line to the log as often as every says until stop is called:
// what is being done, and for how long already.
func tellEvery(every time.Duration, log *slog.Logger, message string, args ...any) (stop func()) {
	began, done, ended := time.Now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				log.With(args...).Info(message, "for", time.Since(began).Round(time.Second))
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}
