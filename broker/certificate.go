package broker

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// TLS names the certificate of the tls:// and wss:// listeners.
type TLS struct {
	CertFile string // PEM, with the intermediates
	KeyFile  string // PEM

	ACME ACME // instead of files
}

// lookEvery is how often, at most, certificate files are looked at for a change.
const lookEvery = 10 * time.Second

// certificate is a certificate from files, read again when they change.
type certificate struct {
	files TLS
	log   *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	stamp  [2]time.Time // modification times of the files loaded
	looked time.Time
}

// certificates are where secure listeners have theirs from.
type certificates interface {
	config() *tls.Config // of handshakes
	expiry() time.Time   // of the first that expires; zero when there is none
}

// newCertificates is nil when there are none to be had.
func newCertificates(o TLS, log *slog.Logger) (certificates, error) {
	switch {
	case len(o.ACME.Domains) > 0:
		return newAutomatic(o.ACME, log)
	case o.CertFile == "" && o.KeyFile == "":
		return nil, nil
	}
	c := &certificate{files: o, log: log}
	if err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current(time.Now()), nil },
	}
}

func (c *certificate) expiry() time.Time { return c.current(time.Now()).Leaf.NotAfter }

func (c *certificate) load() error {
	stamp := c.stampNow()
	pair, err := tls.LoadX509KeyPair(c.files.CertFile, c.files.KeyFile)
	if err != nil {
		return fmt.Errorf("load certificate %s with key %s: %w; check hub.broker.tls.certFile and keyFile", c.files.CertFile, c.files.KeyFile, err)
	}
	c.loaded, c.stamp = &pair, stamp
	return nil
}

func (c *certificate) stampNow() (stamp [2]time.Time) {
	for i, path := range []string{c.files.CertFile, c.files.KeyFile} {
		if info, err := os.Stat(path); err == nil {
			stamp[i] = info.ModTime()
		}
	}
	return stamp
}

// current is the certificate of the files as they are now. When they are no
// good, as in the middle of a renewal, the one before stays.
func (c *certificate) current(now time.Time) *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.looked) < lookEvery {
		return c.loaded
	}
	c.looked = now
	if c.stampNow() == c.stamp {
		return c.loaded
	}
	if err := c.load(); err != nil {
		c.log.Warn("the new certificate is no good; the old one stays", "err", err)
	} else {
		c.log.Info("certificate loaded anew", "file", c.files.CertFile)
	}
	return c.loaded
}
