package decoder

import "errors"

// ErrUnknownSensor means a Cayenne LPP type of unknown size: what follows it
// cannot be read.
var ErrUnknownSensor = errors.New("unknown Cayenne LPP type")

// Telemetry is a node's measurements in the Cayenne Low Power Payload format.
// Channel 1 is the node itself. Source: ElectronicCats CayenneLPP 1.6.
type Telemetry struct {
	Records []Measurement
}

// Measurement is one Cayenne LPP record.
type Measurement struct {
	Channel uint8
	Sensor  SensorType
	Data    []byte // the value as on the wire, big-endian
}

// Value is one number of a measurement.
type Value struct {
	Name  string  // "value", or the axis
	Value float64 // in the unit of the sensor type
}

// SensorType is a Cayenne LPP type.
type SensorType uint8

// SensorPolyline is the one type whose length is on the wire: the first byte of
// its data is the size of all its data.
const SensorPolyline SensorType = 240

// minPolyline is the size of a polyline of one point: size, factor, 2 x 3 bytes.
const minPolyline = 8

// quantity is one number on the wire: its size, sign and divisor.
type quantity struct {
	name    string
	size    int // bytes
	signed  bool
	divisor float64
}

// sensor is the form of one Cayenne LPP type.
type sensor struct {
	name   string
	unit   string // of every value, "" when they have none or not all one
	values []quantity
}

func single(name, unit string, size int, signed bool, divisor float64) sensor {
	return sensor{name, unit, []quantity{{"value", size, signed, divisor}}}
}

func axes(name, unit string, divisor float64) sensor {
	return sensor{name, unit, []quantity{
		{"x", 2, true, divisor}, {"y", 2, true, divisor}, {"z", 2, true, divisor},
	}}
}

// sensors is every type of known form. Voltage and current are signed since 1.6
// of the library. Source: ElectronicCats CayenneLPP.h.
var sensors = map[SensorType]sensor{
	0:   single("digital_input", "", 1, false, 1),
	1:   single("digital_output", "", 1, false, 1),
	2:   single("analog_input", "", 2, true, 100),
	3:   single("analog_output", "", 2, true, 100),
	100: single("generic_sensor", "", 4, false, 1),
	101: single("luminosity", "lux", 2, false, 1),
	102: single("presence", "", 1, false, 1),
	103: single("temperature", "°C", 2, true, 10),
	104: single("relative_humidity", "%", 1, false, 2),
	113: axes("accelerometer", "g", 1000),
	115: single("barometric_pressure", "hPa", 2, false, 10),
	116: single("voltage", "V", 2, true, 100),
	117: single("current", "A", 2, true, 1000),
	118: single("frequency", "Hz", 4, false, 1),
	120: single("percentage", "%", 1, false, 1),
	121: single("altitude", "m", 2, true, 1),
	125: single("concentration", "ppm", 2, false, 1),
	128: single("power", "W", 2, false, 1),
	130: single("distance", "m", 4, false, 1000),
	131: single("energy", "kWh", 4, false, 1000),
	132: single("direction", "°", 2, false, 1),
	133: single("unixtime", "s", 4, false, 1),
	134: axes("gyrometer", "°/s", 100),
	135: {"colour", "", []quantity{{"r", 1, false, 1}, {"g", 1, false, 1}, {"b", 1, false, 1}}},
	136: {"gps", "", []quantity{{"lat", 3, true, 1e4}, {"lon", 3, true, 1e4}, {"alt", 3, true, 100}}}, // degrees, m
	142: single("switch", "", 1, false, 1),
}

// Unit is the unit of the numbers of a measurement, "" for a type that has none
// or more than one: a gps has degrees and metres.
func (t SensorType) Unit() string { return sensors[t].unit }

// String is the name of the type, "unknown" for one of unknown form.
func (t SensorType) String() string {
	if t == SensorPolyline {
		return "polyline"
	}
	if s, ok := sensors[t]; ok {
		return s.name
	}
	return "unknown"
}

// Kind is ResponseTelemetry.
func (*Telemetry) Kind() ResponseKind { return ResponseTelemetry }

// Values are the numbers of the measurement, in the order of the wire; none for
// a polyline.
func (m Measurement) Values() []Value {
	form := sensors[m.Sensor]
	values := make([]Value, 0, len(form.values))
	c := cursor{buf: m.Data}
	for _, q := range form.values {
		b := c.bytes(q.name, q.size)
		if b == nil {
			break
		}
		values = append(values, Value{Name: q.name, Value: q.read(b)})
	}
	return values
}

// read makes a number of q.size big-endian bytes.
func (q quantity) read(b []byte) float64 { return float64(bigEndian(b, q.signed)) / q.divisor }

// bigEndian makes an integer of at most 4 bytes, in two's complement when signed.
func bigEndian(b []byte, signed bool) int64 {
	var v int64
	for _, x := range b {
		v = v<<8 | int64(x)
	}
	if bits := 8 * len(b); signed && v >= 1<<(bits-1) {
		v -= 1 << bits
	}
	return v
}

// ReadTelemetry reads Cayenne LPP records up to the end or to channel 0, which
// is padding. With an *Error the records before it are returned too.
func ReadTelemetry(data []byte) ([]Measurement, error) { return readRecords(&cursor{buf: data}) }

func readRecords(c *cursor) ([]Measurement, error) {
	var records []Measurement
	for c.left() > 0 {
		m := Measurement{Channel: c.uint8("channel")}
		if m.Channel == 0 {
			break
		}
		m.Sensor = SensorType(c.uint8("type"))
		size, err := m.Sensor.size(c)
		if err != nil {
			return records, err
		}
		m.Data = c.bytes(m.Sensor.String(), size)
		if err := c.err(); err != nil {
			return records, err
		}
		if c.fields != nil {
			c.note(m)
		}
		records = append(records, m)
	}
	return records, nil
}

// size is the number of data bytes of a record; c stands at the first of them.
func (t SensorType) size(c *cursor) (int, error) {
	if err := c.err(); err != nil {
		return 0, err
	}
	if t == SensorPolyline {
		return max(int(c.peek()), minPolyline), nil
	}
	form, ok := sensors[t]
	if !ok {
		return 0, &Error{Field: "type", Offset: c.off - 1, Value: int(t), Err: ErrUnknownSensor}
	}
	size := 0
	for _, q := range form.values {
		size += q.size
	}
	return size, nil
}

func readTelemetry(c *cursor, _ Hint) (Answer, error) {
	records, err := readRecords(c)
	return &Telemetry{Records: records}, err
}
