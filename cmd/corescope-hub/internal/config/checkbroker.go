package config

import (
	"fmt"
	"net/url"
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
	for _, l := range c.Hub.Broker.Listen {
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
		if files.CertFile == "" && (strings.HasPrefix(l, "tls:") || strings.HasPrefix(l, "wss:")) {
			return c.fail("hub.broker.listen", quote(l), "no certificate", "name one with hub.broker.tls.certFile and keyFile")
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

func (c *Config) checkTokens() error {
	const key, hint = "hub.broker.auth.token.audiences", "write the host name alone, as observers connect to it"
	for _, a := range c.Hub.Broker.Auth.Token.Audiences {
		if a == "" || strings.ContainsAny(a, "/: ") {
			return c.fail(key, quote(a), "not a host name", hint)
		}
	}
	if d := time.Duration(c.Hub.Broker.Auth.Token.MaxLifetime); d < time.Minute {
		return c.fail("hub.broker.auth.token.maxLifetime", d.String(), "too short for any token", "write an hour or more; observers ask for up to a day")
	}
	return nil
}
