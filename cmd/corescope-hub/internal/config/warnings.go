package config

// Warnings are settings that were given and will not do what they seem to say.
func (c *Config) Warnings() []string {
	var w []string
	for _, name := range c.strangers {
		w = append(w, "the variable "+name+" is not a setting and changes nothing")
	}
	for _, s := range []struct {
		given bool
		text  string
	}{
		{c.GeoFilter.set(), "geo_filter is not applied by this version: nodes from everywhere are kept"},
		{c.ClientRxCoverage.Enabled, "clientRxCoverage.enabled is not applied by this version: receptions of roaming clients are not kept"},
	} {
		if s.given {
			w = append(w, s.text)
		}
	}
	return w
}

// set says whether the area is anything but everywhere.
func (g GeoFilter) set() bool {
	return len(g.Polygon) > 0 || g.LatMin != nil && g.LatMax != nil && g.LonMin != nil && g.LonMax != nil
}
