package config

// Warnings are settings that were given and will not do what they seem to say.
func (c *Config) Warnings() []string {
	var w []string
	for _, name := range c.strangers {
		why := "is not a setting"
		if name == envMQTTTopic {
			why = "is read only beside " + envMQTTBroker
		}
		w = append(w, "the variable "+name+" "+why+" and changes nothing")
	}
	for _, s := range []struct {
		given bool
		text  string
	}{
		{c.GeoFilter.incomplete(), "geo_filter has neither a polygon nor all four limits: no node is outside"},
	} {
		if s.given {
			w = append(w, s.text)
		}
	}
	return w
}

// incomplete says whether some limits of the area are given, but no area.
func (g GeoFilter) incomplete() bool {
	n := g.limits()
	return len(g.Polygon) == 0 && n > 0 && n < 4
}
