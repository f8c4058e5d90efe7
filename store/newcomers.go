package store

import "time"

// newcomers bounds how many of one kind, which the database does not know yet,
// are let in within a day. A restart begins a new day.
type newcomers struct {
	most  int
	since time.Time // when the day began: with its first newcomer

	in      int // committed
	waiting int // in the open transaction
}

const newcomersDay = 24 * time.Hour

// admit reports whether one more may come in at a time.
func (n *newcomers) admit(at time.Time) bool {
	if since := at.Sub(n.since); since < 0 || since >= newcomersDay {
		n.since, n.in, n.waiting = at, 0, 0
	}
	if n.in+n.waiting >= n.most {
		return false
	}
	n.waiting++
	return true
}

func (n *newcomers) commit()   { n.in, n.waiting = n.in+n.waiting, 0 }
func (n *newcomers) rollback() { n.waiting = 0 }
