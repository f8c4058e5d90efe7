package console

import (
	"context"
	"maps"
	"slices"
	"sort"
	"time"

	"corescope-hub/store"
)

const (
	lastHopsAge = time.Minute
	heardByAge  = 30 * time.Second
	slot        = 30 * time.Minute // one point of a line
	maxHearings = 6                // observers in the chart of a node
)

// pairing is one observer hearing one node.
type pairing struct{ node, observer string }

// samples are what one pairing heard in the last day.
type samples struct {
	packets int
	snr     []float64
	rssi    []float64
	points  [][3]float64
}

// lastHops is who heard whom.
type lastHops map[pairing]*samples

func (s *server) readLastHops(ctx context.Context) (lastHops, error) {
	all := lastHops{}
	err := s.store().LastHops(ctx, time.Now().Add(-24*time.Hour), func(h store.LastHop) {
		p := pairing{h.Node, h.Observer}
		one := all[p]
		if one == nil {
			one = &samples{}
			all[p] = one
		}
		one.add(h)
	})
	return all, err
}

func (s *samples) add(h store.LastHop) {
	s.packets++
	point := [3]float64{float64(h.At.Unix())}
	if h.SNR != nil {
		s.snr = append(s.snr, *h.SNR)
		point[1] = *h.SNR
	}
	if h.RSSI != nil {
		s.rssi = append(s.rssi, *h.RSSI)
		point[2] = *h.RSSI
	}
	if h.SNR != nil && h.RSSI != nil {
		s.points = append(s.points, point)
	}
}

// of lists who heard the node, those who heard most first.
func (l lastHops) of(node string, observers []store.ObserverRow) []hearing {
	var all []hearing
	for i := range observers {
		one := l[pairing{node, observers[i].ID}]
		if one == nil {
			continue
		}
		all = append(all, hearing{Observer: observers[i].ID, Name: name(observers[i].Name), Packets: one.packets, SNR: median(one.snr), RSSI: median(one.rssi), Points: bySlot(one.points)})
	}
	sort.Slice(all, func(i, k int) bool { return all[i].Packets > all[k].Packets })
	return all[:min(len(all), maxHearings)]
}

// bySlot is the medians of each slot of time that has points: as many for a busy
// observer as for one that hears little.
func bySlot(points [][3]float64) [][3]float64 {
	slots := map[int64][][3]float64{}
	for _, p := range points {
		at := int64(p[0]) / int64(slot.Seconds())
		slots[at] = append(slots[at], p)
	}
	out := [][3]float64{}
	for _, at := range slices.Sorted(maps.Keys(slots)) {
		all := slots[at]
		middle := func(of int) float64 {
			sort.Slice(all, func(i, k int) bool { return all[i][of] < all[k][of] })
			return all[len(all)/2][of]
		}
		out = append(out, [3]float64{(float64(at) + 0.5) * slot.Seconds(), middle(1), middle(2)})
	}
	return out
}

func median(all []float64) *float64 {
	if len(all) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(all))
	return &sorted[len(sorted)/2]
}

// readHeardBy counts the observers of each node's adverts in the last day.
func (s *server) readHeardBy(ctx context.Context) (map[string]int, error) {
	return s.store().HeardBy(ctx, time.Now().Add(-24*time.Hour))
}
