package broker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
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

// automatic gets certificates, and gives them to handshakes. A handshake never
// waits for one.
type automatic struct {
	opts    ACME
	log     *slog.Logger
	witness *witness
	manager *autocert.Manager

	mu   sync.Mutex
	held map[string]*tls.Certificate // by domain
}

var errNoCertificate = errors.New("there is no certificate yet")

func newAutomatic(o ACME, log *slog.Logger) (*automatic, error) {
	if !o.Agreed {
		return nil, fmt.Errorf("certificates for %s: read the terms of the certificate authority and agree to them (hub.broker.tls.agree)", strings.Join(o.Domains, ", "))
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if o.RootFile != "" {
		pem, err := os.ReadFile(o.RootFile)
		if err != nil {
			return nil, fmt.Errorf("read the authority's roots: %w (hub.broker.tls.caRootFile)", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate in PEM form (hub.broker.tls.caRootFile)", o.RootFile)
		}
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	}
	a := &automatic{opts: o, log: log, witness: &witness{next: transport}, held: make(map[string]*tls.Certificate)}
	a.manager = &autocert.Manager{
		Prompt:     autocert.AcceptTOS, // the operator has
		Cache:      autocert.DirCache(o.Dir),
		HostPolicy: autocert.HostWhitelist(o.Domains...),
		Email:      o.Email,
		Client:     &acme.Client{DirectoryURL: o.Directory, UserAgent: "corescope-hub", HTTPClient: &http.Client{Transport: a.witness, Timeout: time.Minute}},
	}
	return a, nil
}

// config is for the handshakes of secure listeners. Only the authority is
// answered with a protocol of the application layer: clients name all sorts of
// them, and a handshake fails when none is known.
func (a *automatic) config() *tls.Config {
	plain := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: a.certificate}
	challenge := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: a.manager.GetCertificate, NextProtos: []string{acme.ALPNProto}}
	plain.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if len(hello.SupportedProtos) == 1 && hello.SupportedProtos[0] == acme.ALPNProto {
			return challenge, nil
		}
		return nil, nil // plain
	}
	return plain
}

// certificate is the one for the name that a client asks for; the first for one
// that asks for none, as when it connects by address, or for another.
func (a *automatic) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, domain := range []string{strings.ToLower(strings.TrimSuffix(hello.ServerName, ".")), strings.ToLower(a.opts.Domains[0])} {
		if cert := a.held[domain]; cert != nil {
			return cert, nil
		}
	}
	return nil, errNoCertificate
}

// expiry is when the first of the certificates ends; zero when one is missing.
func (a *automatic) expiry() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.held) < len(a.opts.Domains) {
		return time.Time{}
	}
	ends := func(c *tls.Certificate) time.Time { return c.Leaf.NotAfter }
	return ends(slices.MinFunc(slices.Collect(maps.Values(a.held)), func(x, y *tls.Certificate) int { return ends(x).Compare(ends(y)) }))
}

// run gets certificates and keeps them new until ctx ends. The hub works without
// them: handshakes fail for as long as there are none.
func (a *automatic) run(ctx context.Context, web net.Listener) {
	if err := errors.Join(os.MkdirAll(a.opts.Dir, 0o700), os.Chmod(a.opts.Dir, 0o700)); err != nil {
		a.log.Error("no certificates: there is nowhere to keep them", "err", err, "hint", "let the hub's user write to the directory of the database")
		return
	}
	if web != nil {
		stop := a.serveChallenges(web)
		defer stop()
	}
	a.witness.until(ctx)
	a.log.Info("certificates are got and renewed automatically", "domains", strings.Join(a.opts.Domains, " "), "authority", a.opts.Directory, "dir", a.opts.Dir)
	var each sync.WaitGroup
	for _, domain := range a.opts.Domains {
		each.Go(func() { a.keep(ctx, strings.ToLower(domain)) })
	}
	<-ctx.Done()
	waitAtMost(time.Second, each.Wait) // the library may be asleep between two questions
}

// Pauses between two attempts to get a certificate; the authority counts them.
const (
	firstRetry = 65 * time.Second // the library answers with its last failure for a minute
	lastRetry  = 6 * time.Hour
	lookAgain  = time.Hour // for one that was renewed
)

// keep holds a certificate for a domain. The library renews it, and says nothing
// when it cannot.
func (a *automatic) keep(ctx context.Context, domain string) {
	retry := firstRetry
	for {
		pause, since := lookAgain, a.witness.take()
		cert, err := a.manager.GetCertificate(modern(domain))
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			pause, retry = retry, min(2*retry, lastRetry)
			a.complain("no certificate", domain, err, a.witness.take(), pause)
		default:
			retry = firstRetry
			pause = min(pause, a.hold(domain, cert, since)/12)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// hold gives cert to handshakes, and returns for how long it was made. since is
// what the authority found wrong when it was to be renewed.
func (a *automatic) hold(domain string, cert *tls.Certificate, since problem) (lifetime time.Duration) {
	a.mu.Lock()
	known := a.held[domain]
	a.held[domain] = cert
	a.mu.Unlock()
	lifetime = cert.Leaf.NotAfter.Sub(cert.Leaf.NotBefore)
	if known == nil || !known.Leaf.Equal(cert.Leaf) {
		a.log.Info("certificate", "domain", domain, "expires", cert.Leaf.NotAfter.UTC().Format(time.DateTime))
	}
	if left := time.Until(cert.Leaf.NotAfter); left < lifetime/4 { // it was to be renewed when a third was left
		a.complain("a certificate is not renewed", domain, fmt.Errorf("it expires in %s", left.Round(time.Minute)), since, lookAgain)
	}
	return lifetime
}

func (a *automatic) complain(msg, domain string, err error, what problem, again time.Duration) {
	if what != (problem{}) {
		err = fmt.Errorf("%w; the authority says: %w", err, what)
	}
	a.log.Warn(msg, "domain", domain, "err", cut(err.Error(), 400), "hint", what.remedy(), "again_in", again)
}

// modern is the handshake of a client that knows elliptic curves: all do that
// know TLS 1.2 and run on what observers run on.
func modern(domain string) *tls.ClientHelloInfo {
	return &tls.ClientHelloInfo{ServerName: domain, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}
}

// serveChallenges answers the authority over HTTP, and nobody else.
func (a *automatic) serveChallenges(web net.Listener) (stop func()) {
	server := &http.Server{
		Handler: withoutPort(a.manager.HTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "nothing is here but answers for a certificate authority", http.StatusNotFound)
		}))),
		ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 8 << 10,
		ErrorLog: quiet(),
	}
	server.SetKeepAlivesEnabled(false)
	done := make(chan struct{})
	go func() { defer close(done); server.Serve(web) }()
	return func() { server.Close(); <-done }
}

// withoutPort takes the port from the name that a request is for: the library
// compares it with our domains.
func withoutPort(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, _, err := net.SplitHostPort(r.Host); err == nil {
			r.Host = host
		}
		next.ServeHTTP(w, r)
	})
}
