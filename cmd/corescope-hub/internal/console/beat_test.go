package console

import "testing"

func TestBeatWakesAllWhoWait(t *testing.T) {
	t.Parallel()
	var b beat
	b.strike() // nobody waits
	first, second := b.after(), b.after()
	select {
	case <-first:
		t.Error("woken by a stroke before the waiting")
	default:
	}
	b.strike()
	<-first
	<-second
	select {
	case <-b.after():
		t.Error("woken without a further stroke")
	default:
	}
}
