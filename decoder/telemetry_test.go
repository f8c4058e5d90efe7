package decoder_test

import (
	"testing"

	"corescope-hub/decoder"
)

func TestUnitIsThatOfEveryValueOrNone(t *testing.T) {
	t.Parallel()
	for sensor, want := range map[decoder.SensorType]string{
		0: "", 103: "°C", 104: "%", 113: "g", 115: "hPa", 116: "V", 131: "kWh", 134: "°/s",
		136:                    "", // degrees and metres
		99:                     "",
		decoder.SensorPolyline: "",
	} {
		if got := sensor.Unit(); got != want {
			t.Errorf("%s (%d): %q, want %q", sensor, sensor, got, want)
		}
	}
}
