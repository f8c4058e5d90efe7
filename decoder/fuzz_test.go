package decoder_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"corescope-hub/decoder"
)

// FuzzDecode holds Decode to what it promises of any bytes: it returns, says the
// same each time, and neither looks nor writes beyond the frame.
func FuzzDecode(f *testing.F) {
	for _, raw := range frames(f) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		inZeros := append(bytes.Clone(raw), make([]byte, 300)...)
		inOnes := append(bytes.Clone(raw), bytes.Repeat([]byte{0xff}, 300)...)
		p, err := decoder.Decode(inZeros[:len(raw)])
		again, errAgain := decoder.Decode(inOnes[:len(raw)])
		if !reflect.DeepEqual(p, again) || !reflect.DeepEqual(err, errAgain) {
			t.Fatalf("%+v, %v\nelse %+v, %v", p, err, again, errAgain)
		}
		fields, errLayout := decoder.Layout(raw)
		if !reflect.DeepEqual(err, errLayout) {
			t.Fatalf("Decode says %v, Layout %v", err, errLayout)
		}
		checkLayout(t, raw, fields)
		if err != nil {
			checkError(t, p, err)
		} else {
			checkPacket(t, p, raw)
		}
		if !bytes.Equal(inZeros[:len(raw)], raw) || !bytes.Equal(inZeros[len(raw):], make([]byte, 300)) {
			t.Fatal("the frame was written to")
		}
	})
}

func checkError(t *testing.T, p *decoder.Packet, err error) {
	t.Helper()
	var e *decoder.Error
	if p != nil || !errors.As(err, &e) || e.Err == nil || e.Field == "" {
		t.Fatalf("%+v, %v", p, err)
	}
}

// checkPacket asserts what holds of every packet.
func checkPacket(t *testing.T, p *decoder.Packet, raw []byte) {
	t.Helper()
	if p.Version != 0 || p.Payload.Type() != p.Type() || len(raw) > 254 {
		t.Fatalf("%d bytes: %+v", len(raw), p)
	}
	head := 2 + len(p.Path.Bytes)
	if p.TransportCodes != nil {
		head += 4
	}
	if !bytes.Equal(raw[head:], p.RawPayload) || len(p.Path.Bytes) != p.Path.HopCount()*p.Path.HashSize() {
		t.Fatalf("%x: path %x, payload %x", raw, p.Path.Bytes, p.RawPayload)
	}
	var path []byte
	for i := range p.Path.HopCount() {
		path = append(path, p.Path.Hop(i)...)
	}
	if !bytes.Equal(path, p.Path.Bytes) {
		t.Fatalf("hops %x of path %x", path, p.Path.Bytes)
	}
	switch v := p.Payload.(type) {
	case *decoder.Advert:
		if len(v.AppData) > decoder.MaxAppDataSize || (v.Info == nil) != (len(v.AppData) == 0 || v.Err != nil) {
			t.Fatalf("%+v", v)
		}
		v.Verify()
	case *decoder.Trace:
		for i := range v.HopCount() {
			path = append(path, v.Hop(i)...)
		}
		v.Complete()
	}
	p.Hash()
	p.Warnings()
	p.AckSum()
	p.IsShare()
	p.Scope([]decoder.Region{decoder.NewRegion("x")})
}

// FuzzReply reads any bytes as the answer to any request.
func FuzzReply(f *testing.F) {
	kinds := decoder.ResponseKinds()
	for i := range kinds {
		f.Add(uint8(i), uint8(6), bytes.Repeat([]byte{1}, 60))
		f.Add(uint8(i), uint8(0), make([]byte, 12))
	}
	f.Add(uint8(3), uint8(0), unhex(f, "0174019c0167ffc902685b027327940188f7a34df593ea003039"))
	f.Add(uint8(7), uint8(0), unhex(f, "64a87c680174017c01a401910267ff9701000021"))
	f.Fuzz(func(t *testing.T, kind, prefix uint8, body []byte) {
		h := decoder.Hint{Kind: kinds[int(kind)%len(kinds)], PrefixSize: int(prefix)}
		before := bytes.Clone(body)
		a, err := decoder.Reply{Body: body}.Read(h)
		again, errAgain := decoder.Reply{Body: body}.Read(h)
		if !reflect.DeepEqual(a, again) || !reflect.DeepEqual(err, errAgain) {
			t.Fatalf("%+v, %v\nelse %+v, %v", a, err, again, errAgain)
		}
		if a == nil && err == nil || a != nil && a.Kind() != h.Kind || !bytes.Equal(body, before) {
			t.Fatalf("%s: %+v, %v", h.Kind, a, err)
		}
	})
}

// FuzzTelemetry reads any bytes as Cayenne LPP records.
func FuzzTelemetry(f *testing.F) {
	f.Add(unhex(f, "0174019c0167ffc902685b027327940188f7a34df593ea003039"))
	f.Add(unhex(f, "01740c6a037505dc03800005047900010565ffff0664ffffffff07820000000008020000"))
	f.Add(unhex(f, "01f00901aabbccaabbcc1100"))
	f.Fuzz(func(t *testing.T, data []byte) {
		records, err := decoder.ReadTelemetry(data)
		size := 0
		for _, m := range records {
			if m.Channel == 0 || len(m.Data) == 0 {
				t.Fatalf("%+v", m)
			}
			if !bytes.Equal(m.Data, data[size+2:size+2+len(m.Data)]) {
				t.Fatalf("record at %d: %+v", size, m)
			}
			size += 2 + len(m.Data)
			m.Values()
		}
		if err == nil && size < len(data) && data[size] != 0 {
			t.Fatalf("stopped at byte %d of %x", size, data)
		}
	})
}
