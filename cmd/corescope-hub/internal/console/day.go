package console

import "time"

// day counts what happened in each of the last 24 hours.
type day struct {
	last  int64 // the count when it was last looked at
	hours [24]hourCount
}

// hourCount is one hour's.
type hourCount struct{ hour, n int64 } // hours since 1970

// add counts what happened until at.
func (d *day) add(count int64, at time.Time) {
	hour := at.Unix() / 3600
	slot := &d.hours[hour%int64(len(d.hours))]
	if slot.hour != hour {
		*slot = hourCount{hour: hour}
	}
	slot.n += count - d.last
	d.last = count
}

// sum is how much happened in the 24 hours before at, count being how much did in
// all.
func (d *day) sum(count int64, at time.Time) int64 {
	n, hour := count-d.last, at.Unix()/3600
	for _, slot := range d.hours {
		if slot.hour > hour-int64(len(d.hours)) && slot.hour <= hour {
			n += slot.n
		}
	}
	return n
}

// refusedOn is the day of one listener. The caller holds traffic.mu.
func (t *traffic) refusedOn(listener string) *day {
	d := t.refused[listener]
	if d == nil {
		if t.refused == nil {
			t.refused = map[string]*day{} // of the listeners that the settings name
		}
		d = new(day)
		t.refused[listener] = d
	}
	return d
}
