package decoder

// Series is what a sensor measured over a time.
// Source: firmware simple_sensor/SensorMesh.cpp, handleRequest.
type Series struct {
	Clock   uint32 // seconds, the sensor's clock
	Entries []Summary
}

// Summary is the extremes and the mean of one measured quantity, in the unit of
// its sensor type.
type Summary struct {
	Channel       uint8
	Sensor        SensorType
	Min, Max, Avg float64
}

// Kind is ResponseSeries.
func (*Series) Kind() ResponseKind { return ResponseSeries }

// summaryForm is how the sensor firmware writes one number of type t. The table
// is its own and not Cayenne's: humidity has two bytes here, voltage and current
// no sign, and types it does not list one byte. Source: firmware
// simple_sensor/SensorMesh.cpp, getDataSize, getMultiplier and isSigned.
func summaryForm(t SensorType) quantity {
	switch t {
	case 2, 3: // analog
		return quantity{"analog", 2, true, 100}
	case 103: // temperature
		return quantity{"temperature", 2, true, 10}
	case 104, 115: // humidity, pressure
		return quantity{"humidity or pressure", 2, false, 10}
	case 116: // voltage
		return quantity{"voltage", 2, false, 100}
	case 117: // current
		return quantity{"current", 2, false, 1000}
	case 121: // altitude
		return quantity{"altitude", 2, true, 1}
	case 101, 125, 128, 132: // luminosity, concentration, power, direction
		return quantity{"number", 2, false, 1}
	case 100, 118, 133: // generic, frequency, time
		return quantity{"number", 4, false, 1}
	case 130, 131: // distance, energy
		return quantity{"distance or energy", 4, false, 1000}
	case 135: // colour
		return quantity{"number", 3, false, 1}
	case 113, 134: // accelerometer, gyrometer
		return quantity{"axis", 6, false, 1}
	case 136: // gps
		return quantity{"position", 9, false, 1}
	case SensorPolyline:
		return quantity{"polyline", 8, false, 1}
	}
	return quantity{"number", 1, false, 1}
}

// readSeries reads entries up to the end or to channel 0, which is padding.
func readSeries(c *cursor, _ Hint) (Answer, error) {
	s := &Series{Clock: c.uint32("clock")}
	if err := c.err(); err != nil {
		return nil, err
	}
	for c.left() > 0 {
		e := Summary{Channel: c.uint8("channel")}
		if e.Channel == 0 {
			break
		}
		e.Sensor = SensorType(c.uint8("type"))
		form := summaryForm(e.Sensor)
		e.Min = form.next(c, "minimum")
		e.Max = form.next(c, "maximum")
		e.Avg = form.next(c, "average")
		if err := c.err(); err != nil {
			return s, err
		}
		s.Entries = append(s.Entries, e)
	}
	return s, nil
}

// next reads one number. Of more than four bytes the firmware fills the last
// four only.
func (q quantity) next(c *cursor, field string) float64 {
	b := c.bytes(field, q.size)
	if b == nil {
		return 0
	}
	v := q.read(b[max(0, len(b)-4):])
	if c.fields != nil {
		c.note(v)
	}
	return v
}
