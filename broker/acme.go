package broker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// ACME is how to get certificates from a certificate authority, and to renew
// them, without anybody's help. The authority connects to each domain to see
// that it is ours: at port 443, where a tls or wss listener has to be reached,
// or at port 80, where HTTPListen has to be.
type ACME struct {
	Domains    []string // host names; none: no ACME
	Agreed     bool     // to the authority's terms
	Email      string   // for the authority to write to; may be empty
	Directory  string   // URL of the authority's directory
	RootFile   string   // PEM of the roots to know the authority by; empty: the system's
	Dir        string   // where account, keys and certificates are kept
	HTTPListen string   // HOST:PORT for the authority to ask at over HTTP; empty: none
}

// acmeProtocol is what an authority speaks that looks for its challenge inside
// TLS (RFC 8737).
const acmeProtocol = "acme-tls/1"

// automatic gets certificates, and gives them to handshakes.
type automatic struct {
	opts    ACME
	log     *slog.Logger
	roots   *x509.CertPool
	running atomic.Pointer[magic] // nil before it runs
}

// magic is the library at work.
type magic struct {
	*certmagic.Config
	cache  *certmagic.Cache
	issuer *certmagic.ACMEIssuer
}

func newAutomatic(o ACME, log *slog.Logger) (*automatic, error) {
	a := &automatic{opts: o, log: log}
	if !o.Agreed {
		return nil, fmt.Errorf("certificates for %s: read the terms of the certificate authority and agree to them (hub.broker.tls.agree)", strings.Join(o.Domains, ", "))
	}
	if o.RootFile == "" {
		return a, nil
	}
	pem, err := os.ReadFile(o.RootFile)
	if err != nil {
		return nil, fmt.Errorf("read the authority's roots: %w (hub.broker.tls.caRootFile)", err)
	}
	a.roots = x509.NewCertPool()
	if !a.roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form (hub.broker.tls.caRootFile)", o.RootFile)
	}
	return a, nil
}

// config is for the handshakes of secure listeners. Only the authority is
// answered with a protocol of the application layer: clients name all sorts of
// them, and a handshake fails when none is known.
func (a *automatic) config() *tls.Config {
	plain := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: a.certificate}
	challenge := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: a.certificate, NextProtos: []string{acmeProtocol}}
	plain.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if len(hello.SupportedProtos) == 1 && hello.SupportedProtos[0] == acmeProtocol {
			return challenge, nil
		}
		return nil, nil // plain
	}
	return plain
}

func (a *automatic) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	running := a.running.Load()
	if running == nil {
		return nil, errNoCertificate
	}
	cert, err := running.GetCertificate(hello)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoCertificate, err)
	}
	return cert, nil
}

// run gets certificates and renews them until ctx ends. The hub works without
// them: handshakes fail for as long as there are none. tlsPort is where the
// secure listener is that the authority's connections come to.
func (a *automatic) run(ctx context.Context, tlsPort int, web net.Listener) {
	if err := errors.Join(os.MkdirAll(a.opts.Dir, 0o700), os.Chmod(a.opts.Dir, 0o700)); err != nil {
		a.log.Error("no certificates: there is nowhere to keep them", "err", err, "hint", "let the hub's user write to the directory of the database")
		return
	}
	httpPort := 0
	if web != nil {
		httpPort = portOf(web.Addr().String())
	}
	m := a.magic(tlsPort, httpPort)
	defer m.cache.Stop()
	stopWeb := serveChallenges(web, m.issuer)
	defer stopWeb()
	a.running.Store(m)
	a.log.Info("certificates are got and renewed automatically", "domains", strings.Join(a.opts.Domains, " "), "authority", a.opts.Directory, "dir", a.opts.Dir)
	if err := m.ManageAsync(ctx, a.opts.Domains); err != nil && ctx.Err() == nil {
		a.log.Warn("certificates cannot be got", "err", err, "hint", remedy(err))
	}
	<-ctx.Done()
}

// magic sets the library up. It looks for the challenge at our own listeners:
// finding their ports in use, it takes them for what they are.
func (a *automatic) magic(tlsPort, httpPort int) *magic {
	logger := zap.New(&magicLog{log: a.log})
	var cfg *certmagic.Config
	cache := certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return cfg, nil },
		Logger:           logger,
	})
	cfg = certmagic.New(cache, certmagic.Config{
		Storage:            &certmagic.FileStorage{Path: a.opts.Dir},
		DefaultServerName:  a.opts.Domains[0], // clients that connect by address name none
		FallbackServerName: a.opts.Domains[0],
		OCSP:               certmagic.OCSPConfig{DisableStapling: true}, // MQTT clients do not ask for it
		Logger:             logger,
	})
	issuer := certmagic.NewACMEIssuer(cfg, certmagic.ACMEIssuer{
		CA:                        a.opts.Directory,
		Email:                     a.opts.Email,
		Agreed:                    a.opts.Agreed,
		TrustedRoots:              a.roots,
		AltTLSALPNPort:            tlsPort,
		AltHTTPPort:               httpPort,
		DisableHTTPChallenge:      httpPort == 0,
		DisableTLSALPNChallenge:   tlsPort == 0,
		DisableDistributedSolvers: true,
		Logger:                    logger,
	})
	cfg.Issuers = []certmagic.Issuer{issuer}
	return &magic{cfg, cache, issuer}
}

func portOf(address string) int {
	_, port, _ := net.SplitHostPort(address)
	n, _ := net.LookupPort("tcp", port)
	return n
}

// listen opens the address for the authority to ask at; nil when there is none.
func (o ACME) listen(ctx context.Context) (net.Listener, error) {
	if o.HTTPListen == "" || len(o.Domains) == 0 {
		return nil, nil
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", o.HTTPListen)
	if err != nil {
		return nil, &ListenError{Listener: "http://" + o.HTTPListen + " (hub.broker.tls.httpListen)", Err: err}
	}
	return ln, nil
}

// serveChallenges answers the authority over HTTP, and nobody else.
func serveChallenges(web net.Listener, issuer *certmagic.ACMEIssuer) (stop func()) {
	if web == nil {
		return func() {}
	}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !issuer.HandleHTTPChallenge(w, r) {
				http.Error(w, "nothing is here but answers for a certificate authority", http.StatusNotFound)
			}
		}),
		ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 8 << 10,
		ErrorLog: quiet(),
	}
	server.SetKeepAlivesEnabled(false)
	done := make(chan struct{})
	go func() { defer close(done); server.Serve(web) }()
	return func() { server.Close(); <-done }
}

// expiry is when the first of the certificates ends; zero when one is missing.
func (a *automatic) expiry() (first time.Time) {
	running := a.running.Load()
	if running == nil {
		return time.Time{}
	}
	for _, domain := range a.opts.Domains {
		all := running.cache.AllMatchingCertificates(domain)
		if len(all) == 0 || all[0].Leaf == nil {
			return time.Time{}
		}
		if ends := all[0].Leaf.NotAfter; first.IsZero() || ends.Before(first) {
			first = ends
		}
	}
	return first
}

var errNoCertificate = errors.New("there is no certificate yet")
