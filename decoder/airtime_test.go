package decoder_test

import (
	"math"
	"testing"
	"time"

	"corescope-hub/decoder"
)

func TestAirtime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		m    decoder.Modulation
		size int
		want time.Duration
	}{
		// The examples of Semtech's calculator: AN1200.13.
		{decoder.Modulation{SpreadingFactor: 7, BandwidthHz: 125_000, CodingRate: 5, PreambleSymbols: 8}, 20, 56_576 * time.Microsecond},
		{decoder.Modulation{SpreadingFactor: 12, BandwidthHz: 125_000, CodingRate: 5, PreambleSymbols: 8}, 10, 991_232 * time.Microsecond},
		// Low data rate from 16 ms a symbol on: SF11 at 125 kHz, not at 250 kHz.
		{decoder.Modulation{SpreadingFactor: 11, BandwidthHz: 125_000, CodingRate: 5, PreambleSymbols: 16}, 100, 2_347_008 * time.Microsecond},
		{decoder.Modulation{SpreadingFactor: 11, BandwidthHz: 250_000, CodingRate: 5, PreambleSymbols: 16}, 100, 1_009_664 * time.Microsecond},
		// An empty frame at a high spreading factor needs no more than the fixed part.
		{decoder.Modulation{SpreadingFactor: 12, BandwidthHz: 500_000, CodingRate: 8, PreambleSymbols: 16}, 0, 231_424 * time.Microsecond},
		// SF5 and SF6 have a longer start and a smaller constant.
		{decoder.Modulation{SpreadingFactor: 5, BandwidthHz: 500_000, CodingRate: 5, PreambleSymbols: 12}, 20, 4_560 * time.Microsecond},
		{decoder.Modulation{SpreadingFactor: 6, BandwidthHz: 500_000, CodingRate: 5, PreambleSymbols: 12}, 20, 8_480 * time.Microsecond},
		// What MeshCore sends in Europe.
		{decoder.Modulation{SpreadingFactor: 8, BandwidthHz: 62_500, CodingRate: 8, PreambleSymbols: 32}, 112, 1_131_520 * time.Microsecond},
	} {
		got, err := tt.m.Airtime(tt.size)
		if err != nil || got != tt.want {
			t.Errorf("%+v, %d bytes: %v %v, want %v", tt.m, tt.size, got, err, tt.want)
		}
	}
}

func TestAirtimeGrowsWithTheFrame(t *testing.T) {
	t.Parallel()
	for sf := 5; sf <= 12; sf++ {
		m := decoder.Modulation{SpreadingFactor: sf, BandwidthHz: 250_000, CodingRate: 5, PreambleSymbols: decoder.PreambleSymbols(sf)}
		last := time.Duration(0)
		for size := range 256 {
			d, err := m.Airtime(size)
			if err != nil || d < last {
				t.Fatalf("SF%d, %d bytes: %v after %v, %v", sf, size, d, last, err)
			}
			last = d
		}
	}
}

func TestAirtimeRefusesWhatNoRadioSends(t *testing.T) {
	t.Parallel()
	good := decoder.Modulation{SpreadingFactor: 8, BandwidthHz: 62_500, CodingRate: 8, PreambleSymbols: 32}
	for name, change := range map[string]func(*decoder.Modulation){
		"SF4":             func(m *decoder.Modulation) { m.SpreadingFactor = 4 },
		"SF13":            func(m *decoder.Modulation) { m.SpreadingFactor = 13 },
		"no bandwidth":    func(m *decoder.Modulation) { m.BandwidthHz = 0 },
		"kHz for Hz":      func(m *decoder.Modulation) { m.BandwidthHz = 250 },
		"MHz":             func(m *decoder.Modulation) { m.BandwidthHz = 2_000_001 },
		"coding rate 4":   func(m *decoder.Modulation) { m.CodingRate = 4 },
		"coding rate 9":   func(m *decoder.Modulation) { m.CodingRate = 9 },
		"preamble":        func(m *decoder.Modulation) { m.PreambleSymbols = -1 },
		"longer preamble": func(m *decoder.Modulation) { m.PreambleSymbols = 65536 },
	} {
		m := good
		change(&m)
		if d, err := m.Airtime(20); err == nil || d != 0 {
			t.Errorf("%s: %v %v", name, d, err)
		}
	}
	for _, size := range []int{-1, 256} {
		if _, err := good.Airtime(size); err == nil {
			t.Errorf("%d bytes: no error", size)
		}
	}
}

func TestPreambleIsLongerAtLowSpreadingFactors(t *testing.T) {
	t.Parallel()
	for sf, want := range map[int]int{5: 32, 7: 32, 8: 32, 9: 16, 12: 16} {
		if got := decoder.PreambleSymbols(sf); got != want {
			t.Errorf("SF%d: %d", sf, got)
		}
	}
}

func TestScore(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		snr      float64
		sf, size int
		want     float64
	}{
		{-7.5, 7, 0, 0},
		{-2.5, 7, 0, 0.5},
		{-2.5, 7, 128, 0.25},
		{-12.5, 12, 64, 0.5625},
		{-15, 9, 0, 0},
		{30, 10, 0, 1},
		{10, 6, 0, 0},
		{10, 5, 0, 0},
		{10, 13, 0, 0},
		{10, 8, 256, 0},
		{math.NaN(), 8, 0, 0},
		{math.Inf(1), 8, 0, 1},
	} {
		if got := decoder.Score(tt.snr, tt.sf, tt.size); got != tt.want {
			t.Errorf("%v dB at SF%d, %d bytes: %v, want %v", tt.snr, tt.sf, tt.size, got, tt.want)
		}
	}
}
