package console

import (
	"context"
	"time"

	"corescope-hub/store"
)

const noiseAge = time.Minute

// readNoise is the noise floor that each observer measured in the last day.
func (s *server) readNoise(ctx context.Context) (map[string][]store.Measurement, error) {
	all, err := s.store().Measurements(ctx, time.Now().Add(-24*time.Hour))
	if err != nil {
		return nil, err
	}
	by := map[string][]store.Measurement{}
	for _, m := range all {
		if m.NoiseFloor != nil {
			by[m.ObserverID] = append(by[m.ObserverID], m)
		}
	}
	return by, nil
}

// thin takes at most n values, evenly.
func thin(all []store.Measurement, n int) []float64 {
	out := make([]float64, 0, n)
	for i := range min(n, len(all)) {
		out = append(out, *all[i*len(all)/min(n, len(all))].NoiseFloor)
	}
	return out
}

// leastRise is what a noise floor has to rise for it to be a cause. dB.
const leastRise = 8

// rise finds the largest step up of the noise floor within half an hour that
// still stands; nil when there is none worth a word.
func rise(all []store.Measurement) (*float64, time.Time) {
	if len(all) < 3 {
		return nil, time.Time{}
	}
	now := *all[len(all)-1].NoiseFloor
	for i := len(all) - 1; i > 0; i-- {
		for k := i - 1; k >= 0 && all[i].At.Sub(all[k].At) <= 30*time.Minute; k-- {
			if up := *all[i].NoiseFloor - *all[k].NoiseFloor; up >= leastRise && now-*all[k].NoiseFloor >= leastRise {
				return &up, all[i].At
			}
		}
	}
	return nil, time.Time{}
}
