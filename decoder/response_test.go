package decoder_test

import (
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"corescope-hub/decoder"
)

const padding = "0000000000000000"

// status is a status of which every field has another value.
const status = "ac0f" + "0300" + "8bff" + "a8ff" + "01000000" + "02000000" + "03000000" + "04000000" +
	"05000000" + "06000000" + "07000000" + "08000000" + "0900" + "eaff" + "0a00" + "0b00"

var nodeStatus = decoder.NodeStatus{BatteryMV: 4012, TxQueue: 3, NoiseFloor: -117, LastRSSI: -88,
	Received: 1, Sent: 2, AirtimeSecs: 3, UptimeSecs: 4, SentFlood: 5, SentDirect: 6, RecvFlood: 7, RecvDirect: 8,
	ErrorFlags: 9, LastSNR: -22, DirectDups: 10, FloodDups: 11}

func TestResponseIsReadAsItsKind(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		hint decoder.Hint
		body string
		want decoder.Answer
	}{
		{"login", decoder.Hint{Kind: decoder.ResponseLogin}, "00" + "02" + "01" + "83" + "deadbeef" + "02" + padding,
			&decoder.LoginAnswer{KeepAlive: 2, Admin: 1, Permissions: 0x83, Random: [4]byte{0xde, 0xad, 0xbe, 0xef}, FirmwareLevel: 2}},
		{"login before 1.9", decoder.Hint{Kind: decoder.ResponseLogin}, "00" + "00" + "00" + "01" + "deadbeef",
			&decoder.LoginAnswer{Permissions: 1, Random: [4]byte{0xde, 0xad, 0xbe, 0xef}}},
		{"refused login", decoder.Hint{Kind: decoder.ResponseLogin}, "01" + "00000000000000" + padding, &decoder.LoginAnswer{Result: 1}},
		{"very old login", decoder.Hint{Kind: decoder.ResponseLogin}, "4f4b" + padding, &decoder.LoginAnswer{Legacy: true}},
		{"repeater", decoder.Hint{Kind: decoder.ResponseRepeater}, status + "0c000000" + "0d000000" + padding,
			&decoder.RepeaterStatus{NodeStatus: nodeStatus, RxAirtimeSecs: new(uint32(12)), RecvErrors: new(uint32(13))}},
		{"repeater before 1.12", decoder.Hint{Kind: decoder.ResponseRepeater}, status + "0c000000",
			&decoder.RepeaterStatus{NodeStatus: nodeStatus, RxAirtimeSecs: new(uint32(12))}},
		{"repeater before 1.8", decoder.Hint{Kind: decoder.ResponseRepeater}, status, &decoder.RepeaterStatus{NodeStatus: nodeStatus}},
		{"room", decoder.Hint{Kind: decoder.ResponseRoom}, status + "2100" + "2c00" + padding,
			&decoder.RoomStatus{NodeStatus: nodeStatus, Posted: 33, PostPushes: 44}},
		{"access list", decoder.Hint{Kind: decoder.ResponseAccessList}, "aaaaaaaaaaaa03" + "00000000000001" + padding,
			&decoder.AccessList{Entries: []decoder.Access{
				{KeyPrefix: [6]byte{0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa}, Permissions: 3}, {Permissions: 1}}}},
		{"access list to the last byte", decoder.Hint{Kind: decoder.ResponseAccessList}, "aaaaaaaaaaaa03",
			&decoder.AccessList{Entries: []decoder.Access{{KeyPrefix: [6]byte{0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa}, Permissions: 3}}}},
		{"empty access list", decoder.Hint{Kind: decoder.ResponseAccessList}, padding, &decoder.AccessList{}},
		{"owner", decoder.Hint{Kind: decoder.ResponseOwner}, hex.EncodeToString([]byte("v1\nMe\na\nb")) + padding,
			&decoder.OwnerInfo{Firmware: []byte("v1"), Name: []byte("Me"), Owner: []byte("a\nb")}},
		{"owner not told", decoder.Hint{Kind: decoder.ResponseOwner}, hex.EncodeToString([]byte("v1\nMe\n")) + padding,
			&decoder.OwnerInfo{Firmware: []byte("v1"), Name: []byte("Me"), Owner: []byte{}}},
		{"one line", decoder.Hint{Kind: decoder.ResponseOwner}, hex.EncodeToString([]byte("v1")) + padding,
			&decoder.OwnerInfo{Firmware: []byte("v1")}},
		{"regions", decoder.Hint{Kind: decoder.ResponseAnonRegions}, "010000f0" + hex.EncodeToString([]byte("*,a,b")) + padding,
			&decoder.AnonRegions{Clock: 0xf0000001, Names: [][]byte{[]byte("*"), []byte("a"), []byte("b")}}},
		{"no regions", decoder.Hint{Kind: decoder.ResponseAnonRegions}, "010000f0" + padding, &decoder.AnonRegions{Clock: 0xf0000001}},
		{"anonymous owner", decoder.Hint{Kind: decoder.ResponseAnonOwner}, "010000f0" + hex.EncodeToString([]byte("Me\na\nb")) + padding,
			&decoder.AnonOwner{Clock: 0xf0000001, Name: []byte("Me"), Owner: []byte("a\nb")}},
		{"clock", decoder.Hint{Kind: decoder.ResponseAnonClock}, "010000f0" + "83" + padding,
			&decoder.AnonClock{Clock: 0xf0000001, Features: 0x83}},
		{"series", decoder.Hint{Kind: decoder.ResponseSeries}, "010000f0" + padding, &decoder.Series{Clock: 0xf0000001}},
		{"telemetry", decoder.Hint{Kind: decoder.ResponseTelemetry}, "0174014a" + padding,
			&decoder.Telemetry{Records: []decoder.Measurement{{Channel: 1, Sensor: 116, Data: []byte{0x01, 0x4a}}}}},
	} {
		got, err := decoder.Reply{Body: unhex(t, tt.body)}.Read(tt.hint)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v, %v", tt.name, got, err)
			continue
		}
		if got.Kind() != tt.hint.Kind {
			t.Errorf("%s: kind is %v", tt.name, got.Kind())
		}
	}
}

func TestNeighboursNeedTheSizeOfTheirKeys(t *testing.T) {
	t.Parallel()
	entries := "aabb" + "5a000000" + "eb" + "ccdd" + "70110100" + "30"
	body := unhex(t, "1100"+"0200"+entries+padding)
	read := func(size int) (*decoder.Neighbours, error) {
		a, err := decoder.Reply{Body: body}.Read(decoder.Hint{Kind: decoder.ResponseNeighbours, PrefixSize: size})
		return a.(*decoder.Neighbours), err
	}
	n, err := read(2)
	want := []decoder.Neighbour{{[]byte{0xaa, 0xbb}, 90, -21}, {[]byte{0xcc, 0xdd}, 70000, 48}}
	if err != nil || n.Total != 17 || n.Returned != 2 || !reflect.DeepEqual(n.Entries, want) {
		t.Errorf("%+v %v", n, err)
	}
	if n, err := read(0); err != nil || n.Entries != nil || hex.EncodeToString(n.Data) != entries+padding {
		t.Errorf("size not known: %+v %v", n, err)
	}
	if n, err := read(20); !errors.Is(err, decoder.ErrTruncated) || n.Returned != 2 || n.Entries != nil {
		t.Errorf("size too large: %+v %v", n, err)
	}
	body = unhex(t, "1100"+"ffff"+entries)
	if n, err := read(2); !errors.Is(err, decoder.ErrTruncated) || len(n.Entries) != 2 {
		t.Errorf("count too large: %+v %v", n, err)
	}
}

// A body cut anywhere is an error or a shorter answer, never one with fields
// that did not come.
func TestResponseCutShort(t *testing.T) {
	t.Parallel()
	for kind, need := range map[decoder.ResponseKind]int{
		decoder.ResponseLogin: 8, decoder.ResponseRepeater: 48, decoder.ResponseRoom: 52,
		decoder.ResponseTelemetry: 0, decoder.ResponseAccessList: 0, decoder.ResponseNeighbours: 4,
		decoder.ResponseOwner: 0, decoder.ResponseSeries: 4, decoder.ResponseAnonRegions: 4,
		decoder.ResponseAnonOwner: 4, decoder.ResponseAnonClock: 5,
	} {
		for n := range 60 {
			a, err := decoder.Reply{Body: make([]byte, n)}.Read(decoder.Hint{Kind: kind})
			if (err == nil) != (n >= need) || (a == nil) != (n < need) {
				t.Errorf("%s of %d bytes, needs %d: %+v %v", kind, n, need, a, err)
			}
		}
	}
}

func TestEveryResponseKindCanBeRead(t *testing.T) {
	t.Parallel()
	for _, kind := range decoder.ResponseKinds() {
		if a, err := (decoder.Reply{Body: make([]byte, 64)}).Read(decoder.Hint{Kind: kind}); err != nil || a.Kind() != kind {
			t.Errorf("%s: %+v %v", kind, a, err)
		}
	}
	if a, err := (decoder.Reply{}).Read(decoder.Hint{Kind: "weather"}); !errors.Is(err, decoder.ErrUnknownResponse) || a != nil {
		t.Errorf("%+v %v", a, err)
	}
}

func TestAnswerMethods(t *testing.T) {
	t.Parallel()
	if a := (&decoder.LoginAnswer{Result: 1}); a.OK() {
		t.Error("result 1 is a success")
	}
	if a := (&decoder.LoginAnswer{Legacy: true}); !a.OK() {
		t.Error("the old OK is not a success")
	}
	if role := decoder.Permissions(0x86).Role(); role != 2 {
		t.Errorf("role is %d", role)
	}
	for features, want := range map[uint8]struct {
		bridge   decoder.Bridge
		disabled bool
	}{
		0x00: {decoder.BridgeNone, false}, 0x01: {decoder.BridgeRS232, false},
		0x03: {decoder.BridgeESPNow, false}, 0x80: {decoder.BridgeNone, true}, 0xfc: {decoder.BridgeNone, true},
	} {
		c := &decoder.AnonClock{Features: features}
		if c.Bridge() != want.bridge || c.ForwardingDisabled() != want.disabled {
			t.Errorf("%#x: %v %v", features, c.Bridge(), c.ForwardingDisabled())
		}
	}
}

func TestTelemetryValues(t *testing.T) {
	t.Parallel()
	value := func(v float64) []decoder.Value { return []decoder.Value{{Name: "value", Value: v}} }
	for _, tt := range []struct {
		record, name string
		want         []decoder.Value
	}{
		{"0100ff", "digital_input", value(255)},
		{"010101", "digital_output", value(1)},
		{"0102ff6a", "analog_input", value(-1.5)},
		{"01038000", "analog_output", value(-327.68)},
		{"0164ffffffff", "generic_sensor", value(4294967295)},
		{"0165ffff", "luminosity", value(65535)},
		{"016601", "presence", value(1)},
		{"0167ffc9", "temperature", value(-5.5)},
		{"01685b", "relative_humidity", value(45.5)},
		{"017103e8fc180001", "accelerometer", []decoder.Value{{Name: "x", Value: 1}, {Name: "y", Value: -1}, {Name: "z", Value: 0.001}}},
		{"01732794", "barometric_pressure", value(1013.2)},
		{"0174019c", "voltage", value(4.12)},
		{"0174ff9c", "voltage", value(-1)},
		{"017505dc", "current", value(1.5)},
		{"0175fa24", "current", value(-1.5)},
		{"017680000000", "frequency", value(2147483648)},
		{"017864", "percentage", value(100)},
		{"0179fff4", "altitude", value(-12)},
		{"017dffff", "concentration", value(65535)},
		{"01809c40", "power", value(40000)},
		{"0182000009c4", "distance", value(2.5)},
		{"0183ffffffff", "energy", value(4294967.295)},
		{"0184ffff", "direction", value(65535)},
		{"0185f0000001", "unixtime", value(4026531841)},
		{"01860064ff9c0000", "gyrometer", []decoder.Value{{Name: "x", Value: 1}, {Name: "y", Value: -1}, {Name: "z", Value: 0}}},
		{"0187ff0102", "colour", []decoder.Value{{Name: "r", Value: 255}, {Name: "g", Value: 1}, {Name: "b", Value: 2}}},
		{"0188f7a34df593ea003039", "gps", []decoder.Value{{Name: "lat", Value: -54.8019}, {Name: "lon", Value: -68.303}, {Name: "alt", Value: 123.45}}},
		{"018e01", "switch", value(1)},
		{"01f00901aabbccaabbcc11", "polyline", []decoder.Value{}},
	} {
		// A second record shows where the first ended.
		records, err := decoder.ReadTelemetry(unhex(t, tt.record+"026601"+"0000"))
		if err != nil || len(records) != 2 || records[1].Channel != 2 {
			t.Errorf("%s: %+v %v", tt.name, records, err)
			continue
		}
		m := records[0]
		if m.Channel != 1 || m.Sensor.String() != tt.name || !reflect.DeepEqual(m.Values(), tt.want) {
			t.Errorf("%s: %v %v", tt.name, m.Sensor, m.Values())
		}
	}
}

func TestTelemetryStopsWhereItCannotGoOn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, data string
		records    int
		want       error
	}{
		{"nothing", "", 0, nil},
		{"padding", "0000", 0, nil},
		{"one byte of padding", "01660100", 1, nil},
		{"channel without a type", "01660102", 1, decoder.ErrTruncated},
		{"half a value", "01660102670a", 1, decoder.ErrTruncated},
		{"unknown type", "0166010263aabb", 1, decoder.ErrUnknownSensor},
		{"polyline without its size", "01660102f0", 1, decoder.ErrTruncated},
		{"polyline longer than the data", "01660102f0ff01aabbccaabbcc", 1, decoder.ErrTruncated},
		{"polyline of less than a point", "02f00001aabbccaabbcc" + "016601", 2, nil},
	} {
		records, err := decoder.ReadTelemetry(unhex(t, tt.data))
		if len(records) != tt.records || !errors.Is(err, tt.want) {
			t.Errorf("%s: %+v %v", tt.name, records, err)
		}
	}
	var e *decoder.Error
	if _, err := decoder.ReadTelemetry(unhex(t, "0166010263")); !errors.As(err, &e) || e.Offset != 4 || e.Value != 0x63 {
		t.Errorf("%v", e)
	}
}

func TestMeasurementMadeByHandDoesNotOverrun(t *testing.T) {
	t.Parallel()
	if v := (decoder.Measurement{Sensor: 136, Data: make([]byte, 7)}).Values(); len(v) != 2 {
		t.Errorf("%v", v)
	}
}

// The sensor firmware has a table of its own for these.
func TestSeriesValues(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind          uint8
		min, max, avg string
		want          [3]float64
	}{
		{2, "ff6a", "0064", "0000", [3]float64{-1.5, 1, 0}},
		{3, "ff6a", "0064", "0000", [3]float64{-1.5, 1, 0}},
		{103, "ff97", "0100", "0021", [3]float64{-10.5, 25.6, 3.3}},
		{104, "01c7", "03e8", "ffff", [3]float64{45.5, 100, 6553.5}},
		{115, "2794", "2795", "2796", [3]float64{1013.2, 1013.3, 1013.4}},
		{116, "017c", "01a4", "ff9c", [3]float64{3.8, 4.2, 654.36}},
		{117, "05dc", "0000", "fa24", [3]float64{1.5, 0, 64.036}},
		{121, "fff4", "0001", "0000", [3]float64{-12, 1, 0}},
		{101, "ffff", "0001", "0000", [3]float64{65535, 1, 0}},
		{125, "ffff", "0001", "0000", [3]float64{65535, 1, 0}},
		{128, "ffff", "0001", "0000", [3]float64{65535, 1, 0}},
		{132, "ffff", "0001", "0000", [3]float64{65535, 1, 0}},
		{100, "ffffffff", "00000001", "00000000", [3]float64{4294967295, 1, 0}},
		{118, "ffffffff", "00000001", "00000000", [3]float64{4294967295, 1, 0}},
		{133, "ffffffff", "00000001", "00000000", [3]float64{4294967295, 1, 0}},
		{130, "000009c4", "00000001", "00000000", [3]float64{2.5, 0.001, 0}},
		{131, "000009c4", "00000001", "00000000", [3]float64{2.5, 0.001, 0}},
		{135, "010203", "000001", "000000", [3]float64{66051, 1, 0}},
		{113, "000000000007", "000000000001", "000000000000", [3]float64{7, 1, 0}},
		{134, "000000000007", "000000000001", "000000000000", [3]float64{7, 1, 0}},
		{136, "ff0000000000000007", "000000000100000001", "0000000000ffffffff", [3]float64{7, 1, 4294967295}},
		{240, "0000000000000007", "0000000000000001", "0000000000000000", [3]float64{7, 1, 0}},
		{120, "07", "64", "00", [3]float64{7, 100, 0}},
		{99, "07", "64", "00", [3]float64{7, 100, 0}},
	} {
		record := hex.EncodeToString([]byte{5, tt.kind}) + tt.min + tt.max + tt.avg
		body := unhex(t, "00000000"+record+"0678010203"+"0000")
		a, err := decoder.Reply{Body: body}.Read(decoder.Hint{Kind: decoder.ResponseSeries})
		if err != nil {
			t.Errorf("type %d: %v", tt.kind, err)
			continue
		}
		entries := a.(*decoder.Series).Entries
		if len(entries) != 2 || entries[1].Channel != 6 {
			t.Errorf("type %d: %+v", tt.kind, entries)
			continue
		}
		if e := entries[0]; e.Channel != 5 || [3]float64{e.Min, e.Max, e.Avg} != tt.want {
			t.Errorf("type %d: %+v", tt.kind, e)
		}
	}
	a, err := decoder.Reply{Body: unhex(t, "00000000"+"0678010203"+strings.Repeat("07", 7))}.Read(decoder.Hint{Kind: decoder.ResponseSeries})
	if !errors.Is(err, decoder.ErrTruncated) || len(a.(*decoder.Series).Entries) != 2 {
		t.Errorf("cut in the third entry: %+v %v", a, err)
	}
}
