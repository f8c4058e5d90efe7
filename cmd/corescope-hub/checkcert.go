package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"time"
)

// certificateSoon is how long before its end a certificate is spoken of.
const certificateSoon = 14 * 24 * time.Hour

// certificates looks at those that listeners use: of the files that the settings
// name, or what was got for the domains.
func (c *checkup) certificates(now time.Time) {
	t := c.cfg.Hub.Broker.TLS
	if t.CertFile != "" {
		names := c.cfg.Hub.Broker.Auth.Token.Audiences
		c.certificate(t.CertFile, t.KeyFile, names, "renew it; the hub takes a new file up by itself", now)
	}
	acme := c.cfg.BrokerOptions(thisMachine(), slog.New(slog.DiscardHandler)).TLS.ACME
	for _, domain := range acme.Domains {
		c.gotten(filepath.Join(acme.Dir, domain), domain, now)
	}
}

// gotten looks at the certificate that a hub keeps for a domain, which renews it a
// month before it ends.
func (c *checkup) gotten(path, domain string, now time.Time) {
	const about = "certificate"
	_, err := tls.LoadX509KeyPair(path, path)
	if errors.Is(err, fs.ErrNotExist) {
		c.warn(about, "there is none for "+domain+" yet", "the hub asks for it when it starts: the name has to lead here from the internet, at port 443 or, with hub.broker.tls.httpListen, at port 80")
		return
	}
	c.certificate(path, path, []string{domain}, "the hub has not been able to renew it: look in its log for why, and let the name lead here from the internet", now)
}

// certificate looks at one, and whether it is for names.
func (c *checkup) certificate(certFile, keyFile string, names []string, renew string, now time.Time) {
	const about = "certificate"
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		c.problem(about, fmt.Sprintf("%s with %s: %v", certFile, keyFile, err), "name a certificate and its own key, both in PEM form and readable for the hub's user")
		return
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		c.problem(about, fmt.Sprintf("%s: %v", certFile, err), "replace it")
		return
	}
	switch left := leaf.NotAfter.Sub(now); {
	case now.Before(leaf.NotBefore):
		c.problem(about, fmt.Sprintf("%s is not valid before %s", certFile, leaf.NotBefore.UTC().Format(time.DateTime)), "check this machine's clock")
	case left < 0:
		c.problem(about, fmt.Sprintf("%s has expired on %s", certFile, leaf.NotAfter.UTC().Format(time.DateTime)), renew)
	case left < certificateSoon:
		c.warn(about, fmt.Sprintf("%s expires in %s", certFile, span(left)), renew)
	default:
		c.ok(about, "%s for %s, good until %s", certFile, strings.Join(leaf.DNSNames, ", "), leaf.NotAfter.UTC().Format(time.DateOnly))
	}
	for _, name := range names {
		if err := leaf.VerifyHostname(name); err != nil {
			c.warn(about, fmt.Sprintf("%s: observers connect to %s: %v", certFile, name, err), "get a certificate with that name in it, or take the name out of hub.broker.auth.token.audiences")
		}
	}
}
