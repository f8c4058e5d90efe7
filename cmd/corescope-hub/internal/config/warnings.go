package config

import (
	"fmt"
	"math"
	"strings"
)

// Warnings are settings that were given and will not do what they seem to say.
// CoreScope's ingestor starts with every one of them, so the hub does, too.
func (c *Config) Warnings() []string {
	var w []string
	for _, name := range c.strangers {
		why := "is not a setting"
		if name == envMQTTTopic {
			why = "is read only beside " + envMQTTBroker
		}
		w = append(w, "the variable "+name+" "+why+" and changes nothing")
	}
	_, channels := c.Channels()
	w = append(w, channels...)
	w = append(w, c.GeoFilter.warnings()...)
	if mode := strings.ToLower(strings.TrimSpace(c.ForeignAdverts.Mode)); mode != "" && mode != "flag" && mode != "drop" {
		w = append(w, fmt.Sprintf(`foreignAdverts.mode %s is neither "flag" nor "drop": it is taken as "flag"`, quote(c.ForeignAdverts.Mode)))
	}
	return w
}

func (g GeoFilter) warnings() (w []string) {
	corners, limits := len(g.Polygon), g.limits()
	if corners == 1 || corners == 2 {
		w = append(w, fmt.Sprintf("geo_filter.polygon has %d corners and is not an area: give 3 or more", corners))
	}
	for _, corner := range g.Polygon {
		if math.Abs(corner[0]) > 90 || math.Abs(corner[1]) > 180 {
			w = append(w, fmt.Sprintf("geo_filter.polygon: %v is not a place on Earth: write [latitude, longitude] in degrees", corner))
			break
		}
	}
	if g.BufferKm < 0 {
		w = append(w, fmt.Sprintf("geo_filter.bufferKm %v is negative: it is taken as 0", g.BufferKm))
	}
	switch {
	case corners >= 3:
	case limits > 0 && limits < 4:
		w = append(w, "geo_filter has neither a polygon nor all four limits: no node is outside")
	case limits == 4 && *g.LatMin > *g.LatMax:
		w = append(w, fmt.Sprintf("geo_filter.latMin %v is north of latMax %v: every node is outside", *g.LatMin, *g.LatMax))
	}
	return w
}
