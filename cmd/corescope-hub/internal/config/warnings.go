package config

// Warnings are settings that were given and will not do what they seem to say.
func (c *Config) Warnings() []string {
	var w []string
	for _, name := range c.strangers {
		w = append(w, "the variable "+name+" is not a setting and changes nothing")
	}
	return w
}
