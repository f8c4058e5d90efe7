package ingest

import (
	"math"

	"corescope-hub/decoder"
)

// kmPerDegree is CoreScope's length of a degree on its flat Earth.
const kmPerDegree = 111

// GeoFilter says where nodes should be, and what becomes of adverts from
// elsewhere. The zero value is everywhere.
type GeoFilter struct {
	Polygon  []Position // corners of the area; fewer than 3 are no area
	BufferKm float64    // kilometres around Polygon that count as inside
	Box      *Box       // the area when there is no polygon; nil is everywhere
	Drop     bool       // refuse adverts from outside; false keeps them and marks their nodes
}

// Position is a place on Earth: degrees, positive north and east.
type Position struct{ Lat, Lon float64 }

// Box is an area between two latitudes and two longitudes, in degrees. One
// whose LonMin is east of its LonMax reaches across the 180th meridian.
type Box struct{ LatMin, LatMax, LonMin, LonMax float64 }

// foreign says whether adv comes from outside the area. An advert without a
// position, or from 0/0, which is what a node without GPS sends, does not.
func (g *GeoFilter) foreign(adv *decoder.Advert) bool {
	info := adv.Info
	if info == nil || !info.HasLocation || info.LatitudeE6 == 0 && info.LongitudeE6 == 0 {
		return false
	}
	return !g.contains(Position{Lat: info.Latitude(), Lon: info.Longitude()})
}

// contains says whether p is in the area. Source: CoreScope's geo filter.
func (g *GeoFilter) contains(p Position) bool {
	switch {
	case len(g.Polygon) >= 3:
		return p.inside(g.Polygon) || g.BufferKm > 0 && p.kmFrom(g.Polygon) <= g.BufferKm
	case g.Box != nil:
		return g.Box.contains(p)
	}
	return true
}

func (b *Box) contains(p Position) bool {
	if p.Lat < b.LatMin || p.Lat > b.LatMax {
		return false
	}
	if b.LonMin > b.LonMax {
		return p.Lon >= b.LonMin || p.Lon <= b.LonMax
	}
	return p.Lon >= b.LonMin && p.Lon <= b.LonMax
}

// inside says whether p is in the polygon: a ray from p to the east crosses its
// edges an odd number of times. So its southern and western edges are inside, the
// others are not; the sum is done as CoreScope does it, rounding and all.
func (p Position) inside(polygon []Position) bool {
	odd := false
	a := polygon[len(polygon)-1]
	for _, b := range polygon {
		if (a.Lat > p.Lat) != (b.Lat > p.Lat) && p.Lon < (a.Lon-b.Lon)*(p.Lat-b.Lat)/(a.Lat-b.Lat)+b.Lon {
			odd = !odd
		}
		a = b
	}
	return odd
}

// kmFrom is how far p is from the nearest edge of the polygon, in kilometres.
func (p Position) kmFrom(polygon []Position) float64 {
	nearest := math.Inf(1)
	a := polygon[len(polygon)-1]
	for _, b := range polygon {
		nearest = min(nearest, p.kmFromEdge(a, b))
		a = b
	}
	return nearest
}

// kmFromEdge is how far p is from the line from a to b, on an Earth that is flat
// and as wide as at the middle of that line.
func (p Position) kmFromEdge(a, b Position) float64 {
	kmPerLon := kmPerDegree * math.Cos((a.Lat+b.Lat)/2*math.Pi/180)
	x, y := (p.Lon-a.Lon)*kmPerLon, (p.Lat-a.Lat)*kmPerDegree
	dx, dy := (b.Lon-a.Lon)*kmPerLon, (b.Lat-a.Lat)*kmPerDegree
	if length := dx*dx + dy*dy; length > 0 {
		along := max(0, min(1, (x*dx+y*dy)/length)) // 0 at a, 1 at b
		x, y = x-along*dx, y-along*dy
	}
	return math.Hypot(x, y)
}
