package config

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"corescope-hub/broker"
	"corescope-hub/decoder"
)

// Sources is what only the hub has to say of sources, by their names.
type Sources map[string]SourceOptions

// SourceOptions is what only the hub has to say of one source.
type SourceOptions struct {
	ClientID  string      `json:"clientId"`
	QoS       *int        `json:"qos"` // nil is 1
	Republish bool        `json:"republish"`
	TLS       SourceTLS   `json:"tls"`
	Token     SourceToken `json:"token"`
}

// SourceTLS names files in PEM form.
type SourceTLS struct {
	CAFile   string `json:"caFile"`
	CertFile string `json:"certFile"`
	KeyFile  string `json:"keyFile"`
}

// SourceToken is a login with a device token.
type SourceToken struct {
	KeyFile  string   `json:"keyFile"` // "" is no such login
	Audience string   `json:"audience"`
	Lifetime Duration `json:"lifetime"` // 0 is an hour
}

// UnmarshalText takes the JSON of an environment variable.
func (s *Sources) UnmarshalText(text []byte) error {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	return d.Decode((*map[string]SourceOptions)(s))
}

// checkSourceOptions looks for sources that there are not, and for options that
// exclude each other.
func (c *Config) checkSourceOptions() error {
	sources := map[string]Source{}
	for _, s := range c.Sources() {
		sources[s.Name] = s
	}
	for _, name := range slices.Sorted(maps.Keys(c.Hub.Sources)) {
		key := fmt.Sprintf("hub.sources[%q]", name)
		source, ok := sources[name]
		if !ok {
			return c.fail(key, "", "no source has this name", noSuchSource(sources))
		}
		if err := c.checkSourceOption(key, c.Hub.Sources[name], source); err != nil {
			return err
		}
	}
	return nil
}

func noSuchSource(sources map[string]Source) string {
	if len(sources) == 0 {
		return "add it to mqttSources, or take this out"
	}
	names := slices.Sorted(maps.Keys(sources))
	for i := range names {
		names[i] = quote(names[i])
	}
	return "use the name of one in mqttSources: " + strings.Join(names, ", ")
}

func (c *Config) checkSourceOption(key string, o SourceOptions, s Source) error {
	if o.QoS != nil && (*o.QoS < 0 || *o.QoS > 2) {
		return c.fail(key+".qos", fmt.Sprint(*o.QoS), "no such quality of service", "write 0, 1 or 2")
	}
	if len(o.ClientID) > 65_535 || strings.ContainsRune(o.ClientID, 0) {
		return c.fail(key+".clientId", "", "not a client id", "write at most 65535 bytes, without NUL")
	}
	if (o.TLS.CertFile == "") != (o.TLS.KeyFile == "") {
		return c.fail(key+".tls", "", "half of a certificate", "name both certFile and keyFile")
	}
	if u, err := url.Parse(s.Broker); err == nil && o.TLS != (SourceTLS{}) && !slices.Contains([]string{"mqtts", "ssl", "wss"}, u.Scheme) {
		return c.fail(key+".tls", "", "the source "+quote(s.Address())+" has no TLS", "use mqtts:// or wss:// in its broker, or take tls out")
	}
	switch life := time.Duration(o.Token.Lifetime); {
	case o.Token.KeyFile == "" && o.Token != (SourceToken{}):
		return c.fail(key+".token", "", "no key", "name the file of the node's private key with keyFile")
	case life != 0 && life < time.Minute:
		return c.fail(key+".token.lifetime", quote(life.String()), "too short", `write a minute or more, such as "1h"`)
	case o.Token.KeyFile != "" && s.Username != "":
		return c.fail(key+".token", "", "the source has a username, too", "take username and password out, or the token")
	}
	return nil
}

// upstream is what the settings mean to the broker.
func (c *Config) upstream(s Source) broker.Upstream {
	u := broker.DefaultUpstream()
	u.Name, u.URL, u.Topics, u.Region = s.Name, s.Broker, s.Topics, s.Region
	u.Username, u.Password = s.Username, s.Password.Reveal()
	u.InsecureSkipVerify, u.ConnectTimeout = s.InsecureSkipVerify(), s.ConnectTimeout()
	u.Silence = time.Duration(c.Hub.Bridges.Silence)
	o := c.Hub.Sources[s.Name]
	u.ClientID, u.Republish, u.TLS = o.ClientID, o.Republish, broker.UpstreamTLS(o.TLS)
	if o.QoS != nil {
		u.QoS = byte(*o.QoS)
	}
	if o.Token.KeyFile != "" {
		u.Login = o.Token.login(s)
	}
	return u
}

// login makes device tokens. The key is read each time, so that another one is
// taken up.
func (t SourceToken) login(s Source) func(now time.Time) (broker.Login, error) {
	audience, life := t.Audience, time.Duration(t.Lifetime)
	if u, err := url.Parse(s.Broker); err == nil && audience == "" {
		audience = u.Hostname()
	}
	if life == 0 {
		life = time.Hour
	}
	return func(now time.Time) (broker.Login, error) {
		id, err := ReadNodeKey(t.KeyFile)
		if err != nil {
			return broker.Login{}, err
		}
		return DeviceToken(id, audience, now, life)
	}
}

// ReadNodeKey reads a node's private key: the 128 hex digits that the firmware
// shows.
func ReadNodeKey(path string) (*decoder.Identity, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("key file %q: %w: check the path, and that the hub's user can read it", path, cause(err))
	}
	expanded, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("key file %q: %w", path, errors.New("not hex digits: write the private key as the firmware's 'get prv.key' shows it"))
	}
	id, err := decoder.NewIdentity(expanded)
	if err != nil {
		return nil, fmt.Errorf("key file %q: %w: write the private key, 128 hex digits, as the firmware's 'get prv.key' shows it", path, err)
	}
	return id, nil
}

// DeviceToken makes the login of a node: good from now on, for as long as life.
func DeviceToken(id *decoder.Identity, audience string, now time.Time, life time.Duration) (broker.Login, error) {
	public := id.PublicKey()
	l := broker.Login{Expires: now.Add(life)}
	var err error
	l.Username, l.Password, err = broker.MintToken(broker.TokenClaims{
		PublicKey: hex.EncodeToString(public[:]),
		IssuedAt:  now.Unix(),
		Expires:   l.Expires.Unix(),
		Audience:  audience,
		Client:    "corescope-hub",
	}, func(message []byte) []byte { s := id.Sign(message); return s[:] })
	return l, err
}
