package decoder

import (
	"fmt"
	"time"
)

// Modulation is how LoRa frames are sent: with a CRC and an explicit header.
type Modulation struct {
	SpreadingFactor int // 5 to 12
	BandwidthHz     int
	CodingRate      int // denominator of 4/n: 5 to 8
	PreambleSymbols int // see PreambleSymbols
}

// PreambleSymbols is the preamble that firmware since 1.16 sends at a spreading
// factor; earlier firmware always sent 16.
// Source: firmware RadioLibWrappers.cpp, preambleLengthForSF.
func PreambleSymbols(spreadingFactor int) int {
	if spreadingFactor <= 8 {
		return 32
	}
	return 16
}

// Airtime is how long a frame of size bytes takes to send, cut to nanoseconds.
// The formula for spreading factors 5 and 6 is that of SX126x radios.
// Source: RadioLib SX126x.cpp, getTimeOnAir.
func (m Modulation) Airtime(size int) (time.Duration, error) {
	if err := m.check(); err != nil {
		return 0, err
	}
	if size < 0 || size > 255 {
		return 0, fmt.Errorf("frame size is %d bytes, must be 0 to 255", size)
	}
	sf := m.SpreadingFactor
	// All lengths are in quarters of a symbol: 4.25 symbols of sync word and
	// start delimiter, 6.25 at the two low spreading factors.
	start, constant := 17, 44
	if sf <= 6 {
		start, constant = 25, 36
	}
	perSymbol := 4 * sf
	if m.lowDataRate() {
		perSymbol = 4 * (sf - 2)
	}
	bits := max(0, 8*size-4*sf+constant)
	payload := (bits + perSymbol - 1) / perSymbol * m.CodingRate
	quarters := 4*(m.PreambleSymbols+8+payload) + start
	return time.Duration(int64(quarters) * (1e9 << sf) / int64(4*m.BandwidthHz)), nil
}

// lowDataRate says whether a symbol takes 16 ms or more, and bits are then
// spared for reliability.
func (m Modulation) lowDataRate() bool { return 1000<<m.SpreadingFactor >= 16*m.BandwidthHz }

func (m Modulation) check() error {
	switch {
	case m.SpreadingFactor < 5 || m.SpreadingFactor > 12:
		return fmt.Errorf("spreading factor is %d, must be 5 to 12", m.SpreadingFactor)
	case m.BandwidthHz < 1000 || m.BandwidthHz > 2_000_000:
		return fmt.Errorf("bandwidth is %d Hz, must be 1000 to 2000000", m.BandwidthHz)
	case m.CodingRate < 5 || m.CodingRate > 8:
		return fmt.Errorf("coding rate is 4/%d, must be 4/5 to 4/8", m.CodingRate)
	case m.PreambleSymbols < 0 || m.PreambleSymbols > 65535:
		return fmt.Errorf("preamble is %d symbols, must be 0 to 65535", m.PreambleSymbols)
	}
	return nil
}

// snrFloor is the SNR in dB below which nothing is received, for spreading
// factors from 7 on. Source: firmware RadioLibWrappers.cpp, snr_threshold.
var snrFloor = [...]float64{-7.5, -10, -12.5, -15, -17.5, -20}

// Score is how well a frame of size bytes was received, 0 to 1: the firmware
// lets copies of a packet with a high score wait less before it repeats them.
// It has no score below spreading factor 7: 0.
// Source: firmware RadioLibWrappers.cpp, packetScoreInt.
func Score(snrDB float64, spreadingFactor, size int) float64 {
	i := spreadingFactor - 7
	if i < 0 || i >= len(snrFloor) {
		return 0
	}
	score := (snrDB - snrFloor[i]) / 10 * (1 - float64(size)/256)
	if !(score > 0) { // also when it is not a number
		return 0
	}
	return min(score, 1)
}
