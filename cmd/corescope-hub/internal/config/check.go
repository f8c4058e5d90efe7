package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxCommitInterval bounds how long a message may wait for its acknowledgement.
// Observers give a connection up after a keepalive of 30 s or more without one.
const maxCommitInterval = 10 * time.Second

// Check looks at every setting for what only its text can show: schemes,
// addresses, secrets, limits. The error is an *Error.
func (c *Config) Check() error {
	checks := []func() error{
		c.checkDBPath, c.checkSources, c.checkGeoFilter, c.checkForeignAdverts, c.checkListen, c.checkTLS, c.checkTokens, c.checkLimits, c.checkConsole, c.checkOverlap, c.checkCommitInterval,
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	_, err := c.Channels()
	return err
}

// fail is the error of one setting.
func (c *Config) fail(key, value, what, hint string) error {
	return &Error{Pos: c.place(key), Key: key, Value: value, Err: errors.New(what), Hint: hint}
}

// place is where a setting was given; for one that an entry of a list lacks,
// where the entry is.
func (c *Config) place(key string) string {
	entry, _, _ := strings.Cut(key, "].")
	if pos, ok := c.origin[key]; ok || entry == key {
		return pos
	}
	return c.origin[entry+"]"]
}

func (c *Config) checkDBPath() error {
	switch {
	case strings.TrimSpace(c.DBPath) == "":
		return c.fail("dbPath", quote(c.DBPath), "no path", "name the file of the database, or leave dbPath out")
	case strings.HasPrefix(c.DBPath, "~"):
		return c.fail("dbPath", quote(c.DBPath), "~ is not a directory here", "write the whole path")
	}
	return nil
}

func (c *Config) checkSources() error {
	for i, s := range c.MQTTSources {
		key := fmt.Sprintf("mqttSources[%d]", i)
		if err := c.checkBroker(key+".broker", s.Broker); err != nil {
			return err
		}
		for _, topic := range s.Topics {
			if !validFilter(topic) {
				return c.fail(key+".topics", quote(topic), "not a topic filter", "write one such as meshcore/#")
			}
		}
	}
	if c.MQTT.Broker == "" {
		return nil
	}
	return c.checkBroker("mqtt.broker", c.MQTT.Broker)
}

func (c *Config) checkBroker(key, broker string) error {
	const hint = "write mqtt://HOST:PORT, or mqtts, ws or wss"
	u, err := url.Parse(broker)
	if err != nil || u.Host == "" {
		return c.fail(key, quote(withoutLogin(broker)), "not the address of a broker", hint)
	}
	if _, ok := defaultPorts[u.Scheme]; !ok {
		return c.fail(key, quote(u.Redacted()), fmt.Sprintf("unknown scheme %q", u.Scheme), hint)
	}
	if u.Port() == "" && strings.HasSuffix(u.Host, ":") || u.Hostname() == "" {
		return c.fail(key, quote(u.Redacted()), "no host or no port", hint)
	}
	if p := u.Port(); p != "" && !validPort(p, 1) {
		return c.fail(key, quote(u.Redacted()), "no such port", "write a port from 1 to 65535")
	}
	return nil
}

// withoutLogin is what of a malformed URL is safe to show.
func withoutLogin(broker string) string {
	if i := strings.LastIndexByte(broker, '@'); i >= 0 {
		return "…" + broker[i:]
	}
	return broker
}

// validFilter holds for MQTT topic filters: "#" only as the last level, "+"
// only as a whole level.
func validFilter(filter string) bool {
	levels := strings.Split(filter, "/")
	for i, level := range levels {
		if level == "#" && i == len(levels)-1 || level == "+" {
			continue
		}
		if strings.ContainsAny(level, "#+\x00") {
			return false
		}
	}
	return filter != ""
}

func (c *Config) checkGeoFilter() error {
	g := c.GeoFilter
	if n := len(g.Polygon); n == 1 || n == 2 {
		return c.fail("geo_filter.polygon", "", fmt.Sprintf("%d corners", n), "give 3 or more")
	}
	for _, corner := range g.Polygon {
		if len(corner) != 2 || !within(corner[0], 90) || !within(corner[1], 180) {
			return c.fail("geo_filter.polygon", fmt.Sprint(corner), "not a place", "write [latitude, longitude] in degrees")
		}
	}
	if g.BufferKm < 0 {
		return c.fail("geo_filter.bufferKm", fmt.Sprint(g.BufferKm), "negative", "write kilometres, 0 or more")
	}
	limits := []struct {
		key   string
		value *float64
		most  float64
	}{{"latMin", g.LatMin, 90}, {"latMax", g.LatMax, 90}, {"lonMin", g.LonMin, 180}, {"lonMax", g.LonMax, 180}}
	for _, l := range limits {
		if l.value != nil && !within(*l.value, l.most) {
			return c.fail("geo_filter."+l.key, fmt.Sprint(*l.value), "out of range", fmt.Sprintf("write degrees from -%g to %g", l.most, l.most))
		}
	}
	if g.LatMin != nil && g.LatMax != nil && *g.LatMin > *g.LatMax {
		return c.fail("geo_filter.latMin", fmt.Sprint(*g.LatMin), fmt.Sprintf("north of latMax %v", *g.LatMax), "write the southern limit here")
	}
	return nil
}

func (c *Config) checkForeignAdverts() error {
	switch mode := strings.ToLower(strings.TrimSpace(c.ForeignAdverts.Mode)); mode {
	case "", "flag", "drop":
		return nil
	}
	return c.fail("foreignAdverts.mode", quote(c.ForeignAdverts.Mode), "no such mode", `write "flag" or "drop"`)
}

func within(degrees, most float64) bool { return math.Abs(degrees) <= most }

func (c *Config) checkConsole() error {
	if auth := c.Hub.Console.Auth; auth != "none" && c.Hub.Broker.Auth.UsersFile == "" {
		return c.fail("hub.console.auth", quote(string(auth)), "there are no users", "make them with corescope-hub passwd and name the file in hub.broker.auth.usersFile")
	}
	const key = "hub.console.listen"
	listen := c.Hub.Console.Listen
	if listen == "" {
		return nil
	}
	if _, port, err := net.SplitHostPort(listen); err != nil || !validPort(port, 0) {
		return c.fail(key, quote(listen), "not an address", `write HOST:PORT, ":8080" for every address, or "" for none`)
	}
	return nil
}

// checkOverlap finds two listeners of our own that would take each other's port.
func (c *Config) checkOverlap() error {
	for i, l := range c.Hub.Broker.Listen {
		host, port, err := splitListener(l)
		if err != nil {
			return c.fail("hub.broker.listen", quote(l), "not a listener", "write tcp://HOST:PORT")
		}
		for _, other := range c.Hub.Broker.Listen[:i] {
			if h, p, err := splitListener(other); err == nil && p == port && overlap(h, host, port) {
				return c.fail("hub.broker.listen", quote(l), "listed twice, with "+quote(other), "take one of them out")
			}
		}
		if h, p, err := net.SplitHostPort(c.Hub.Console.Listen); err == nil && p == strconv.Itoa(int(port)) && overlap(h, host, port) {
			return c.fail("hub.console.listen", quote(c.Hub.Console.Listen), "has the port of hub.broker.listen "+quote(l), "give one of them another port")
		}
	}
	return nil
}

// overlap says whether two listeners with the same port would be in each
// other's way.
func overlap(a, b string, port uint16) bool {
	return port != 0 && (a == b || everyAddress(a) || everyAddress(b))
}

func everyAddress(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || err == nil && addr.IsUnspecified()
}

func validPort(text string, least uint64) bool {
	p, err := strconv.ParseUint(text, 10, 16)
	return err == nil && p >= least
}

func (c *Config) checkCommitInterval() error {
	interval := time.Duration(c.Hub.Store.CommitInterval)
	if interval < 0 || interval > maxCommitInterval {
		return c.fail("hub.store.commitInterval", quote(interval.String()), "out of range", "write 0s to "+maxCommitInterval.String())
	}
	return nil
}
