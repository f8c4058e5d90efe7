package config

import (
	"errors"
	"fmt"
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

// leastSilence bounds how often the hub asks its upstreams something.
const leastSilence = time.Second

// Check looks at every setting for what only its text can show: schemes,
// addresses, limits. The error is an *Error. What is odd in a setting of
// CoreScope's, and no obstacle to its ingestor, is none here: see Warnings.
func (c *Config) Check() error {
	checks := []func() error{
		c.checkDBPath, c.checkSources, c.checkSourceOptions, c.checkSilence, c.checkPolygon, c.checkListen, c.checkTLS, c.checkACME,
		c.checkProxies, c.checkOrigins, c.checkTokens, c.checkLimits, c.checkConsole, c.checkOverlap, c.checkCommitInterval, c.checkStatsFile,
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
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
	if c.MQTT.Broker == "" || len(c.MQTTSources) > 0 {
		return nil
	}
	return c.checkBroker("mqtt.broker", c.MQTT.Broker)
}

func (c *Config) checkBroker(key, broker string) error {
	const hint = "write mqtt://HOST:PORT, or mqtts, ws or wss"
	u, err := url.Parse(withScheme(broker))
	if strayLogin(u, broker) {
		return c.fail(key, "", "a user name or password that ends the address", "write # in it as %23, / as %2F and ? as %3F, or use username and password")
	}
	if err != nil || u.Host == "" {
		return c.fail(key, quote(withoutLogin(broker)), "not the address of a broker", hint)
	}
	if _, ok := defaultPorts[u.Scheme]; !ok {
		return c.fail(key, quote(u.Redacted()), fmt.Sprintf("unknown scheme %q", u.Scheme), hint)
	}
	if strings.Count(u.Host, ":") > 1 && !strings.HasPrefix(u.Host, "[") {
		return c.fail(key, quote(u.Redacted()), "not a host and a port", "write an address of IPv6 in brackets, as mqtt://[fd00::20]:1883")
	}
	if u.Port() == "" && strings.HasSuffix(u.Host, ":") || u.Hostname() == "" {
		return c.fail(key, quote(u.Redacted()), "no host or no port", hint)
	}
	if p := u.Port(); p != "" && !validPort(p, 1) {
		return c.fail(key, quote(u.Redacted()), "no such port", "write a port from 1 to 65535")
	}
	return nil
}

// strayLogin finds a login with a character in it that ends it in a URL: the rest
// of it would be no part of the login, and the host what stands before. u is what
// broker is read as. WebSockets alone have anything behind the host.
func strayLogin(u *url.URL, broker string) bool {
	if _, fragment, _ := strings.Cut(broker, "#"); strings.Contains(fragment, "@") {
		return true
	}
	return u != nil && u.Scheme != "ws" && u.Scheme != "wss" && strings.Contains(u.Path+u.RawQuery, "@")
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

// checkPolygon refuses corners that are no places at all. Of more than two
// numbers the first two count, as with CoreScope.
func (c *Config) checkPolygon() error {
	for _, corner := range c.GeoFilter.Polygon {
		if len(corner) < 2 {
			return c.fail("geo_filter.polygon", fmt.Sprint(corner), "not a place", "write [latitude, longitude] in degrees")
		}
	}
	return nil
}

func (c *Config) checkConsole() error {
	if auth := c.Hub.Console.Auth; auth != "none" && c.Hub.Broker.Auth.UsersFile == "" {
		return c.fail("hub.console.auth", quote(string(auth)), "there are no users", "make them with corescope-hub passwd and name the file in hub.broker.auth.usersFile")
	}
	if scope := c.Hub.Console.CoreScope; scope != "" && !isPages(scope) {
		return c.fail("hub.console.coreScope", quote(scope), "not the address of pages", "write http://HOST:PORT, without a login and without what follows # or ?")
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

// isPages says whether a URL may be where CoreScope's pages are.
func isPages(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && !strings.ContainsAny(text, "#?")
}

// checkOverlap finds two listeners of our own that would take each other's port.
func (c *Config) checkOverlap() error {
	listeners := c.Hub.Broker.Listeners()
	for i, l := range listeners {
		host, port, err := splitListener(l)
		if err != nil {
			return c.fail("hub.broker.listen", quote(l), "not a listener", "write tcp://HOST:PORT")
		}
		for _, other := range listeners[:i] {
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

func (c *Config) checkSilence() error {
	if silence := time.Duration(c.Hub.Bridges.Silence); silence < leastSilence {
		return c.fail("hub.bridges.silence", quote(silence.String()), "too short", "write "+leastSilence.String()+" or more")
	}
	return nil
}

func (c *Config) checkCommitInterval() error {
	interval := time.Duration(c.Hub.Store.CommitInterval)
	if interval < 0 || interval > maxCommitInterval {
		return c.fail("hub.store.commitInterval", quote(interval.String()), "out of range", "write 0s to "+maxCommitInterval.String())
	}
	return nil
}
