package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// listenSchemes are the kinds of listeners that the broker has.
var listenSchemes = []string{"tcp", "tls", "ws", "wss"}

func (c *Config) checkListen() error {
	const key, hint = "hub.broker.listen", "write tcp://HOST:PORT, or tcp://:PORT for every address"
	if len(c.Hub.Broker.Listen) == 0 {
		return c.fail(key, "", "no listener", hint)
	}
	for _, l := range c.Hub.Broker.Listeners() {
		u, err := url.Parse(l)
		if err != nil || u.Scheme == "" || u.Host == "" {
			return c.fail(key, quote(l), "not a listener", hint)
		}
		if !slices.Contains(listenSchemes, u.Scheme) {
			return c.fail(key, quote(l), fmt.Sprintf("no such kind of listener: %q", u.Scheme), hint)
		}
		if u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return c.fail(key, quote(withoutLogin(l)), "more than an address", hint)
		}
		if !validPort(u.Port(), 0) {
			return c.fail(key, quote(l), "no port from 0 to 65535", hint)
		}
	}
	return nil
}

// checkTLS looks for what listeners need; the broker reads the files.
func (c *Config) checkTLS() error {
	files := c.Hub.Broker.TLS
	if (files.CertFile == "") != (files.KeyFile == "") {
		key, other := "hub.broker.tls.certFile", "keyFile"
		if files.CertFile == "" {
			key, other = "hub.broker.tls.keyFile", "certFile"
		}
		return c.fail(key, "", "half of a certificate", "name its "+other+", too")
	}
	for _, l := range c.Hub.Broker.Listen {
		if files.CertFile == "" && len(files.Domains) == 0 && l.secure() {
			return c.fail("hub.broker.listen", quote(l.Address), "no certificate", "name one with hub.broker.tls.certFile and keyFile, or a domain with hub.broker.tls.domains")
		}
	}
	return nil
}

func (c *Config) checkLimits() error {
	l := c.Hub.Broker.Limits
	const key = "hub.broker.limits."
	switch {
	case l.MessagesPerSecond < 1:
		return c.fail(key+"messagesPerSecond", strconv.Itoa(l.MessagesPerSecond), "nobody could send anything", "write 1 or more")
	case l.MessagesAtOnce < 1:
		return c.fail(key+"messagesAtOnce", strconv.Itoa(l.MessagesAtOnce), "nobody could send anything", "write 1 or more")
	case l.MuteFor < 0:
		return c.fail(key+"muteFor", time.Duration(l.MuteFor).String(), "less than nothing", "write a time such as 1h, or 0s for never")
	}
	return nil
}

// checkACME looks for what a certificate authority wants, before it refuses.
func (c *Config) checkACME() error {
	const section = "hub.broker.tls."
	t := c.Hub.Broker.TLS
	if len(t.Domains) == 0 {
		return nil
	}
	for _, d := range t.Domains {
		if !validHost(d) {
			return c.fail(section+"domains", quote(d), "not a host name", "write it alone, as hub.example.net; a wildcard or an address cannot be certified this way")
		}
	}
	switch u, err := url.Parse(t.CA); {
	case t.CertFile != "":
		return c.fail(section+"certFile", quote(t.CertFile), "beside hub.broker.tls.domains", "take one of them out")
	case err != nil || u.Scheme != "https" || u.Host == "":
		return c.fail(section+"ca", quote(t.CA), "not the directory of a certificate authority", "write https://HOST/PATH, or leave it out for Let's Encrypt")
	case !t.Agree:
		return c.fail(section+"agree", "false", "the terms of the certificate authority are not agreed to", "read them (Let's Encrypt: https://letsencrypt.org/repository) and write true")
	case !slices.ContainsFunc(c.Hub.Broker.Listen, Listener.secure):
		return c.fail(section+"domains", quote(t.Domains[0]), "no listener needs a certificate", "add tls://:8883 or wss://:443 to hub.broker.listen")
	}
	if t.HTTPListen == "" {
		return nil
	}
	if _, port, err := net.SplitHostPort(t.HTTPListen); err != nil || !validPort(port, 0) {
		return c.fail(section+"httpListen", quote(t.HTTPListen), "not an address", `write HOST:PORT, ":80" for every address, or "" for none`)
	}
	return nil
}

// validHost holds for host names of at least two labels.
func validHost(name string) bool {
	labels := strings.Split(name, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.Trim(strings.ToLower(l), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || strings.HasPrefix(l, "-") || strings.HasSuffix(l, "-") {
			return false
		}
	}
	_, err := netip.ParseAddr(name)
	return len(labels) > 1 && len(name) < 254 && err != nil
}

func (c *Config) checkProxies() error {
	check := func(key string, list []string) error {
		for _, text := range list {
			switch p, err := parseNetwork(text); {
			case err != nil:
				return c.fail(key, quote(text), "not an address or a network", "write one such as 127.0.0.1 or 10.1.0.0/24")
			case p.Bits() == 0:
				return c.fail(key, quote(text), "that is everybody, and whoever is trusted says who he is", "name the proxies alone")
			}
		}
		return nil
	}
	for i, l := range c.Hub.Broker.Listen {
		if err := check(fmt.Sprintf("hub.broker.listen[%d].trustedProxies", i), l.TrustedProxies); err != nil {
			return err
		}
	}
	return check("hub.broker.trustedProxies", c.Hub.Broker.TrustedProxies)
}

func (c *Config) checkOrigins() error {
	for _, o := range c.Hub.Broker.Origins {
		if _, err := path.Match(o, ""); err != nil || o == "" || strings.HasSuffix(o, "/") {
			return c.fail("hub.broker.origins", quote(o), "not a host", "write it as in the browser's address, such as map.example.net, *.example.net or https://map.example.net")
		}
	}
	return nil
}

// checkTokens looks at hub.broker.auth.token, and at what listeners have in its
// place.
func (c *Config) checkTokens() error {
	if err := c.checkToken("hub.broker.auth.token", c.Hub.Broker.Auth.Token); err != nil {
		return err
	}
	for i, l := range c.Hub.Broker.Listen {
		if err := c.checkToken(fmt.Sprintf("hub.broker.listen[%d].auth.token", i), c.Hub.Broker.AuthOf(l).Token); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) checkToken(key string, t Token) error {
	for _, a := range t.Audiences {
		if a == "" || strings.ContainsAny(a, "/: ") {
			return c.fail(key+".audiences", quote(a), "not a host name", "write the host name alone, as observers connect to it")
		}
	}
	if d := time.Duration(t.MaxLifetime); d < time.Minute {
		return c.fail(key+".maxLifetime", d.String(), "too short for any token", "write an hour or more; observers ask for up to a day")
	}
	return nil
}
