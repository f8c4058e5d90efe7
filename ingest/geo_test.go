package ingest

import (
	"math"
	"testing"
)

// square is a degree wide at the equator.
var square = []Position{{0, 0}, {1, 0}, {1, 1}, {0, 1}}

func TestGeoFilterContains(t *testing.T) {
	t.Parallel()
	notched := []Position{{0, 0}, {4, 0}, {4, 4}, {2, 1}, {0, 4}} // a wedge is cut into its eastern side
	north := []Position{{60, 0}, {61, 0}, {61, 1}, {60, 1}}       // a degree of longitude is half as wide here
	box := &Box{LatMin: 47, LatMax: 48, LonMin: -123, LonMax: -121}
	pacific := &Box{LatMin: -20, LatMax: -10, LonMin: 170, LonMax: -170}
	tests := []struct {
		name string
		geo  GeoFilter
		at   Position
		want bool
	}{
		{"everywhere", GeoFilter{}, Position{89, 179}, true},
		{"two corners are no area", GeoFilter{Polygon: square[:2], BufferKm: 1}, Position{50, 50}, true},
		{"inside", GeoFilter{Polygon: square}, Position{0.5, 0.5}, true},
		{"north of it", GeoFilter{Polygon: square}, Position{1.01, 0.5}, false},
		{"east of it", GeoFilter{Polygon: square}, Position{0.5, 1.01}, false},
		{"south of it", GeoFilter{Polygon: square}, Position{-0.01, 0.5}, false},
		{"west of it", GeoFilter{Polygon: square}, Position{0.5, -0.01}, false},
		{"level with a corner, inside", GeoFilter{Polygon: notched}, Position{2, 0.5}, true},
		{"level with a corner, outside", GeoFilter{Polygon: notched}, Position{2, 3}, false},
		{"in the northern arm", GeoFilter{Polygon: notched}, Position{3.5, 2}, true},
		{"in the southern arm", GeoFilter{Polygon: notched}, Position{0.5, 2}, true},
		{"the first corner given again", GeoFilter{Polygon: append(square[:4:4], square[0])}, Position{0.5, 0.5}, true},
		{"on the northern edge", GeoFilter{Polygon: square}, Position{1, 0.5}, false},
		{"on the eastern edge", GeoFilter{Polygon: square}, Position{0.5, 1}, false},
		{"on the southern edge", GeoFilter{Polygon: square}, Position{0, 0.5}, true},
		{"on the western edge", GeoFilter{Polygon: square}, Position{0.5, 0}, true},
		{"on a corner", GeoFilter{Polygon: square}, Position{1, 1}, false},
		{"on a corner, with a buffer", GeoFilter{Polygon: square, BufferKm: 1e-9}, Position{1, 1}, true},
		{"in the buffer north", GeoFilter{Polygon: square, BufferKm: 11.2}, Position{1.1, 0.5}, true},
		{"beyond the buffer north", GeoFilter{Polygon: square, BufferKm: 11}, Position{1.1, 0.5}, false},
		{"in the buffer round a corner", GeoFilter{Polygon: square, BufferKm: 15.7}, Position{1.1, 1.1}, true},
		{"beyond the buffer round a corner", GeoFilter{Polygon: square, BufferKm: 15.6}, Position{1.1, 1.1}, false},
		{"in the buffer east, far north", GeoFilter{Polygon: north, BufferKm: 5.6}, Position{60.5, 1.1}, true},
		{"beyond the buffer east, far north", GeoFilter{Polygon: north, BufferKm: 5.4}, Position{60.5, 1.1}, false},
		{"in the box", GeoFilter{Box: box}, Position{47.5, -122}, true},
		{"on its rim", GeoFilter{Box: box}, Position{48, -123}, true},
		{"north of the box", GeoFilter{Box: box}, Position{48.01, -122}, false},
		{"south of the box", GeoFilter{Box: box}, Position{46.99, -122}, false},
		{"east of the box", GeoFilter{Box: box}, Position{47.5, -120.99}, false},
		{"west of the box", GeoFilter{Box: box}, Position{47.5, -123.01}, false},
		{"the buffer is not the box's", GeoFilter{Box: box, BufferKm: 1000}, Position{48.01, -122}, false},
		{"the polygon goes before the box", GeoFilter{Polygon: square, Box: box}, Position{47.5, -122}, false},
		{"two corners leave the box", GeoFilter{Polygon: square[:2], Box: box}, Position{0.5, 0.5}, false},
		{"west of the date line", GeoFilter{Box: pacific}, Position{-15, 179}, true},
		{"east of the date line", GeoFilter{Box: pacific}, Position{-15, -179}, true},
		{"on the other side of the Earth", GeoFilter{Box: pacific}, Position{-15, 0}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.geo.contains(tt.at); got != tt.want {
				t.Errorf("contains(%v) = %v, want %v", tt.at, got, tt.want)
			}
		})
	}
}

func TestDistanceFromEdge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		p, a, b Position
		want    float64 // km
	}{
		{Position{1, 0.5}, Position{0, 0}, Position{0, 1}, 111},
		{Position{0, 2}, Position{0, 0}, Position{0, 1}, 111},
		{Position{0, -1}, Position{0, 0}, Position{0, 1}, 111},
		{Position{60, 2}, Position{60, 0}, Position{60, 1}, 55.5},
		{Position{3, 4}, Position{0, 4}, Position{0, 4}, 333}, // an edge without length
		{Position{0.5, 0.5}, Position{0, 0}, Position{1, 1}, 0},
	} {
		if got := tt.p.kmFromEdge(tt.a, tt.b); math.Abs(got-tt.want) > 0.01 {
			t.Errorf("from %v to %v-%v: %v km, want %v", tt.p, tt.a, tt.b, got, tt.want)
		}
	}
}

func TestForeignAdvert(t *testing.T) {
	t.Parallel()
	area := GeoFilter{Box: &Box{LatMin: 47, LatMax: 48, LonMin: -123, LonMax: -121}}
	dropping := area
	dropping.Drop = true
	tests := []struct {
		name    string
		appdata []byte
		foreign bool
	}{
		{"inside", appdata(0x92, position(47500000, -122000000), []byte("N")), false},
		{"outside", appdata(0x92, position(40000000, -100000000), []byte("N")), true},
		{"on the equator", appdata(0x92, position(0, -122000000), []byte("N")), true},
		{"no GPS", appdata(0x82, []byte("N")), false},
		{"at 0/0", appdata(0x92, position(0, 0), []byte("N")), false},
		{"no appdata", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec, verdict := advert(t, Options{ValidateSignatures: true, Geo: area}, tt.appdata)
			if verdict.Outcome != Stored || rec.Advert == nil || rec.Advert.Foreign != tt.foreign {
				t.Errorf("flagged: verdict %+v, node %+v", verdict, rec.Advert)
			}
			rec, verdict = advert(t, Options{ValidateSignatures: true, Geo: dropping}, tt.appdata)
			if dropped := verdict.Reason == ReasonGeo; dropped != tt.foreign || dropped != (rec.Drop != nil) {
				t.Errorf("dropped: verdict %+v, record %+v", verdict, rec)
			}
		})
	}
}

func TestForgedAdvertFromOutsideIsAForgery(t *testing.T) {
	t.Parallel()
	forged := advertFrame(appdata(0x92, position(40000000, -100000000), []byte("N")))
	forged[50] ^= 1
	opts := Options{ValidateSignatures: true, Geo: GeoFilter{Polygon: square, Drop: true}}
	if _, got := ingestOne(t, opts, packet(upper(forged))); got.Reason != ReasonBadSignature {
		t.Errorf("verdict %+v", got)
	}
}
