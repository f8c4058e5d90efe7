package broker

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Enrolment says which observers are taken, and how much of each.
type Enrolment struct {
	KnownOnly bool   // take only observers that the File allows; others are remembered
	File      string // the Roll of decisions; "" for none
	Limits    Limits
}

// DefaultEnrolment takes every observer.
func DefaultEnrolment() Enrolment { return Enrolment{Limits: DefaultLimits()} }

func (e Enrolment) check() error {
	if e.KnownOnly && e.File == "" {
		return errors.New("broker options: only known observers are taken, and no file says which are (hub.broker.observersFile)")
	}
	l := e.Limits
	for _, n := range []int{l.MessagesPerSecond, l.MessagesAtOnce, l.BytesPerSecond, l.BytesAtOnce, l.RepeatsPerMinute, l.RepeatsAtOnce, l.Regions} {
		if n < 1 {
			return fmt.Errorf("broker options: a limit of observers is %d: use 1 or more", n)
		}
	}
	return nil
}

// lookForRulings is how often the observers file is looked at for a change.
const lookForRulings = time.Second

// readRulings reads the observers file for the first time.
func (b *Broker) readRulings() error {
	if b.opts.Observers.File == "" {
		return nil
	}
	b.roll = NewRoll(b.opts.Observers.File)
	b.rollStamp = b.roll.stamp()
	rulings, err := b.roll.Rulings()
	if err != nil {
		return err
	}
	b.roster.rule(rulings)
	seen, err := ReadSeen(SeenFile(b.opts.Observers.File))
	if err != nil {
		b.log.Warn("cannot read which observers were seen before", "err", err)
	}
	b.roster.recall(seen)
	return nil
}

// keepRoster reads the observers file again whenever it has changed, and writes
// now and then who was seen, until ctx ends.
func (b *Broker) keepRoster(ctx context.Context) {
	if b.opts.Observers.File == "" {
		return
	}
	look := time.NewTicker(lookForRulings)
	defer look.Stop()
	seen := &seenKeeper{path: SeenFile(b.opts.Observers.File)}
	for {
		select {
		case now := <-look.C:
			b.reread()
			b.keepSeen(seen, false, now)
		case <-ctx.Done():
			b.keepSeen(seen, true, time.Now())
			return
		}
	}
}

// reread takes over what is decided now, if the file has changed. While it is no
// good, what was decided before holds.
func (b *Broker) reread() {
	now := b.roll.stamp()
	if now == b.rollStamp {
		return
	}
	b.rollStamp = now
	rulings, err := b.roll.Rulings()
	if err != nil {
		b.log.Warn("the new observers file is no good; what was decided before holds", "err", err)
		return
	}
	b.roster.rule(rulings)
	b.log.Info("observers file read", "file", b.opts.Observers.File, "observers", len(rulings))
}
