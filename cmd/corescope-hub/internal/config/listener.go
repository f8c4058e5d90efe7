package config

import (
	"encoding/json"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"corescope-hub/broker"
)

// Listener is an entry of hub.broker.listen: its address alone, or an object
// with what is special about it.
type Listener struct {
	Address        string       `json:"address"`
	Auth           ListenerAuth `json:"auth"`
	TrustedProxies []string     `json:"trustedProxies"` // nil: those of hub.broker
}

// ListenerAuth says who may connect to one listener. What it does not give is as
// in hub.broker.auth.
type ListenerAuth struct {
	Anonymous *Anonymous    `json:"anonymous"`
	UsersFile *string       `json:"usersFile"`
	Token     ListenerToken `json:"token"`
}

// ListenerToken says which device tokens one listener accepts.
type ListenerToken struct {
	Audiences   *[]string `json:"audiences"`
	MaxLifetime *Duration `json:"maxLifetime"`
}

// UnmarshalText takes the address alone.
func (l *Listener) UnmarshalText(b []byte) error {
	*l = Listener{Address: string(b)}
	return nil
}

// MarshalJSON writes the listener as one would write it: its address alone, or
// an object with nothing in it that is as elsewhere.
func (l Listener) MarshalJSON() ([]byte, error) {
	if l.TrustedProxies == nil && !l.Auth.special() {
		return json.Marshal(l.Address)
	}
	type token struct {
		Audiences   *[]string `json:"audiences,omitempty"`
		MaxLifetime *Duration `json:"maxLifetime,omitempty"`
	}
	type auth struct {
		Anonymous *Anonymous `json:"anonymous,omitempty"`
		UsersFile *string    `json:"usersFile,omitempty"`
		Token     token      `json:"token,omitzero"`
	}
	return json.Marshal(struct {
		Address        string   `json:"address"`
		Auth           auth     `json:"auth,omitzero"`
		TrustedProxies []string `json:"trustedProxies,omitzero"`
	}{l.Address, auth{l.Auth.Anonymous, l.Auth.UsersFile, token(l.Auth.Token)}, l.TrustedProxies})
}

// special says whether the listener has rules of its own for who may connect.
func (a ListenerAuth) special() bool { return a != ListenerAuth{} }

// over is a with what the listener gives in its place.
func (a ListenerAuth) over(auth Auth) Auth {
	if a.Anonymous != nil {
		auth.Anonymous = *a.Anonymous
	}
	if a.UsersFile != nil {
		auth.UsersFile = *a.UsersFile
	}
	if a.Token.Audiences != nil {
		auth.Token.Audiences = *a.Token.Audiences
	}
	if a.Token.MaxLifetime != nil {
		auth.Token.MaxLifetime = *a.Token.MaxLifetime
	}
	return auth
}

// Who says in words who may publish.
func (a Auth) Who() string {
	var logins []string
	if len(a.Token.Audiences) > 0 {
		logins = append(logins, "a device token")
	}
	if a.UsersFile != "" {
		logins = append(logins, "a password")
	}
	with := strings.Join(logins, " or ")
	switch {
	case a.Anonymous == "true":
		return "anyone who can reach the port, without a password"
	case a.Anonymous == "lan" && with == "":
		return "anyone on this machine and on private networks; nobody from elsewhere"
	case a.Anonymous == "lan":
		return "anyone on this machine and on private networks; from elsewhere with " + with
	case with == "":
		return "nobody: hub.broker.auth.anonymous is false, and there are neither users nor audiences of tokens"
	}
	return "whoever has " + with
}

// Listeners are the addresses of hub.broker.listen.
func (b Broker) Listeners() []string {
	all := make([]string, len(b.Listen))
	for i, l := range b.Listen {
		all[i] = l.Address
	}
	return all
}

// AuthOf says who may connect to a listener.
func (b Broker) AuthOf(l Listener) Auth { return l.Auth.over(b.Auth) }

// listeners is hub.broker.listen for the broker.
func (b Broker) listeners() []broker.Listener {
	var all []broker.Listener
	for _, l := range b.Listen {
		o := broker.Listener{Address: l.Address}
		if l.Auth.special() {
			auth := b.AuthOf(l).options()
			o.Auth = &auth
		}
		if l.TrustedProxies != nil {
			o.Proxies = append([]netip.Prefix{}, proxies(l.TrustedProxies)...)
		}
		all = append(all, o)
	}
	return all
}

// options are what a means to the broker.
func (a Auth) options() broker.Auth {
	o := broker.DefaultAuth()
	o.Anonymous = broker.Anonymous(a.Anonymous)
	o.UsersFile = a.UsersFile
	o.Tokens.Audiences = append(o.Tokens.Audiences, a.Token.Audiences...)
	o.Tokens.MaxLifetime = time.Duration(a.Token.MaxLifetime)
	return o
}

// proxies are the networks in a list that was checked.
func proxies(list []string) (all []netip.Prefix) {
	for _, text := range list {
		if p, err := parseNetwork(text); err == nil {
			all = append(all, p)
		}
	}
	return all
}

// parseNetwork reads a network, or an address as a network of one.
func parseNetwork(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err
}

// options are what t means to the broker. What is got for domains is kept beside
// the database.
func (t TLS) options(dbPath string) broker.TLS {
	o := broker.TLS{CertFile: t.CertFile, KeyFile: t.KeyFile}
	if len(t.Domains) == 0 {
		return o
	}
	o.ACME = broker.ACME{
		Domains:    t.Domains,
		Agreed:     t.Agree,
		Email:      t.Email,
		Directory:  t.CA,
		RootFile:   t.CARootFile,
		Dir:        filepath.Join(filepath.Dir(dbPath), "acme"),
		HTTPListen: t.HTTPListen,
	}
	return o
}

// secure says whether the listener has TLS.
func (l Listener) secure() bool {
	return strings.HasPrefix(l.Address, "tls:") || strings.HasPrefix(l.Address, "wss:")
}

// splitListener takes tcp://HOST:PORT apart.
func splitListener(listener string) (host string, port uint16, err error) {
	u, err := url.Parse(listener)
	if err != nil {
		return "", 0, err
	}
	p, err := strconv.ParseUint(u.Port(), 10, 16)
	return u.Hostname(), uint16(p), err
}
