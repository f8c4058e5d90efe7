package config

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// everything is the topic filter of a source that names none.
const everything = "meshcore/#"

// Source is another MQTT broker to bridge in.
type Source struct {
	Name               string   `json:"name"`
	Broker             string   `json:"broker"`
	Username           string   `json:"username"`
	Password           Secret   `json:"password"`
	RejectUnauthorized *bool    `json:"rejectUnauthorized"` // nil is true
	Topics             []string `json:"topics"`
	IATAFilter         []string `json:"iataFilter"`
	ConnectTimeoutSec  int      `json:"connectTimeoutSec"`
	Region             string   `json:"region"`
}

// ConnectTimeout is how long one attempt to connect may take.
func (s Source) ConnectTimeout() time.Duration {
	return seconds(s.ConnectTimeoutSec, 30)
}

// Address is what of the broker's URL may be shown: some hold a login, or a token
// in the query.
func (s Source) Address() string {
	u, err := url.Parse(s.Broker)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}

// InsecureSkipVerify says whether any TLS certificate will do.
func (s Source) InsecureSkipVerify() bool {
	return s.RejectUnauthorized != nil && !*s.RejectUnauthorized
}

// Sources are the brokers to bridge in, as the rules of CoreScope's keys make
// them: mqttSources, or else the older mqtt. Every source has a name of its
// own, a topic and a port, and its URL holds no login.
func (c *Config) Sources() []Source {
	sources := slices.Clone(c.MQTTSources)
	if len(sources) == 0 && c.MQTT.Broker != "" {
		sources = []Source{{Name: "default", Broker: c.MQTT.Broker, Topics: legacyTopics(c.MQTT.Topic)}}
	}
	taken := map[string]int{}
	for i := range sources {
		s := &sources[i]
		s.normalise()
		if s.Name == "" {
			s.Name = s.Address()
		}
		if taken[s.Name]++; taken[s.Name] > 1 {
			s.Name += " (" + strconv.Itoa(taken[s.Name]) + ")"
		}
		if len(s.Topics) == 0 {
			s.Topics = []string{everything}
		}
	}
	return sources
}

// legacyTopics leaves out a topic that meshcore/# covers: overlapping
// subscriptions would bring its messages twice.
func legacyTopics(topic string) []string {
	if topic == "" || topic == "meshcore" || strings.HasPrefix(topic, "meshcore/") {
		return []string{everything}
	}
	return []string{topic, everything}
}

// normalise takes user and password out of the URL, so that it can be shown, and
// writes the port out.
func (s *Source) normalise() {
	u, err := url.Parse(withScheme(s.Broker))
	if err != nil {
		return
	}
	if u.User != nil {
		if s.Username == "" {
			s.Username = u.User.Username()
			password, _ := u.User.Password()
			s.Password = Secret(password)
		}
		u.User = nil
	}
	if port := defaultPorts[u.Scheme]; u.Port() == "" && port != 0 {
		u.Host = net.JoinHostPort(u.Hostname(), strconv.Itoa(int(port)))
	}
	s.Broker = u.String()
}

// withScheme is the address of a broker as a URL. CoreScope's MQTT library takes
// HOST:PORT and :PORT, too.
func withScheme(broker string) string {
	if broker == "" || strings.Contains(broker, "://") {
		return broker
	}
	if strings.HasPrefix(broker, ":") {
		broker = "localhost" + broker
	}
	return "mqtt://" + broker
}

// defaultPorts by scheme of a source.
var defaultPorts = map[string]uint16{
	"mqtt": 1883, "tcp": 1883, "mqtts": 8883, "ssl": 8883, "ws": 80, "wss": 443,
}

// Machine is what a source's address is compared with.
type Machine struct {
	Hostname  string
	Addresses []netip.Addr // of its network interfaces
}

// Self reports whether a client that dials s from m would reach one of the
// listeners: a port we listen on, at an address of this machine that the
// listener is bound to.
func (s Source) Self(listeners []string, m Machine) bool {
	u, err := url.Parse(s.Broker)
	if err != nil {
		return false
	}
	port := defaultPorts[u.Scheme]
	if p, err := strconv.ParseUint(u.Port(), 10, 16); err == nil {
		port = uint16(p)
	}
	target, ok := m.resolve(u.Hostname())
	if !ok || port == 0 {
		return false
	}
	for _, l := range listeners {
		host, listenPort, err := splitListener(l)
		if err != nil || listenPort != port {
			continue
		}
		if bound, isLocal := m.resolve(host); isLocal && (!bound.IsValid() || !target.IsValid() || bound == target) {
			return true
		}
	}
	return false
}

// resolve says whether host is this machine, and which address of it: the zero
// Addr for all of them.
func (m Machine) resolve(host string) (netip.Addr, bool) {
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	own := strings.ToLower(m.Hostname)
	switch {
	case name == "":
		return netip.Addr{}, true
	case name == "localhost" || strings.HasSuffix(name, ".localhost"):
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
	case own != "" && (name == own || name == own+".local"):
		return netip.Addr{}, true
	}
	addr, err := netip.ParseAddr(name)
	if err != nil {
		return netip.Addr{}, false
	}
	addr = addr.Unmap().WithZone("")
	switch {
	case addr.IsUnspecified():
		return netip.Addr{}, true
	case addr == netip.IPv6Loopback():
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
	}
	return addr, addr.IsLoopback() || slices.Contains(m.Addresses, addr)
}
