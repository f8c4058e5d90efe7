package broker

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"io/fs"
	"log"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
)

const domain = "hub.example.net"

// authority is Let's Encrypt's test server in this process. It connects to the
// domain's ports 443 and 80 as a real one does; here they are two portals.
type authority struct {
	url, rootFile string
	roots         *x509.CertPool // of its certificates
	port443       *portal
	port80        *portal
}

// portal is a port that is there before what it leads to.
type portal struct {
	net.Listener
	to chan string // holds the address
}

func openPortal(t *testing.T) *portal {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	d := &portal{ln, make(chan string, 1)}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go d.lead(c)
		}
	}()
	return d
}

func (d *portal) lead(c net.Conn) {
	defer c.Close()
	to := <-d.to // waits until it leads somewhere
	d.to <- to
	up, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer up.Close()
	go func() { io.Copy(up, c); up.(*net.TCPConn).CloseWrite() }()
	io.Copy(c, up)
}

// nowhere is an address that nobody listens at.
const nowhere = "127.0.0.1:1"

func (d *portal) leadTo(address string) {
	select {
	case <-d.to:
	default:
	}
	d.to <- address
}

// startAuthority makes one whose certificates are good for so long, in whole
// seconds. It needs the environment, so its test is not parallel.
func startAuthority(t *testing.T, validity time.Duration) *authority {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	a := &authority{port443: openPortal(t), port80: openPortal(t), roots: x509.NewCertPool()}
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	issuer := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "default", ValidityPeriod: uint64(validity.Seconds())}})
	a.roots.AppendCertsFromPEM(issuer.GetRootCert(0).PEM())
	validator := va.New(quiet, portOf(a.port80.Addr().String()), portOf(a.port443.Addr().String()), true, nameServer(t), store)
	front := wfe.New(quiet, store, validator, issuer, []string{"pebble.example"}, false, false, 1, 1)
	files := certificateFiles(t)
	server := httptest.NewUnstartedServer(front.Handler())
	pair, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.Config.ErrorLog = quiet
	server.StartTLS()
	t.Cleanup(server.Close)
	a.url, a.rootFile = server.URL+wfe.DirectoryPath, files.CertFile
	return a
}

// nameServer says that every name is this machine.
func nameServer(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{Listener: ln, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		if q.Question[0].Qtype == dns.TypeA {
			m.Answer = append(m.Answer, &dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1)})
		}
		w.WriteMsg(m)
	})}
	done := make(chan struct{})
	go func() { defer close(done); server.ActivateAndServe() }()
	t.Cleanup(func() { server.Shutdown(); <-done })
	return ln.Addr().String()
}

// Not parallel: see startAuthority.
func TestCertificateComesFromAnAuthority(t *testing.T) {
	a := startAuthority(t, 2*time.Hour)
	for name, overHTTP := range map[string]bool{"asked over TLS": false, "asked over HTTP": true} {
		t.Run(name, func(t *testing.T) {
			const plain, secure = "tcp://127.0.0.1:0", "tls://127.0.0.1:0"
			out, dir := new(lines), filepath.Join(t.TempDir(), "acme")
			options := func(o *Options) {
				o.Listen = Listeners(plain, secure)
				o.Log = slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
				o.TLS.ACME = ACME{Domains: []string{domain}, Agreed: true, Directory: a.url, RootFile: a.rootFile, Dir: dir}
				if overHTTP {
					o.TLS.ACME.HTTPListen = freeAddress(t)
					a.port80.leadTo(o.TLS.ACME.HTTPListen)
					a.port443.leadTo(nowhere)
				}
			}
			b := start(t, verdictSink(storeAll), options)
			if !overHTTP {
				a.port443.leadTo(b.Addr(secure))
			}
			connect(t, b.addr, connectOptions{id: "plain"}).ping() // with or without a certificate
			until(t, "there is a certificate", func() bool { return !b.Stats().CertificateExpires.IsZero() })
			first := servedTo(t, a, b.Addr(secure), nil)
			checkFiles(t, dir, out.String())

			b.stop()
			a.port443.leadTo(nowhere)
			a.port80.leadTo(nowhere)
			again := start(t, verdictSink(storeAll), options)
			until(t, "the certificate is there again", func() bool { return !again.Stats().CertificateExpires.IsZero() })
			if got := servedTo(t, a, again.Addr(secure), []string{"mqtt"}); !got.Equal(first) {
				t.Error("after a restart there is another certificate")
			}
		})
	}
}

// From the first certificate to its successor, each handshake gets one that is
// good. Not parallel: see startAuthority.
func TestCertificateIsRenewedBeforeItsEnd(t *testing.T) {
	const secure = "tls://127.0.0.1:0"
	a := startAuthority(t, 12*time.Second)
	b := start(t, verdictSink(storeAll), func(o *Options) {
		o.Listen = Listeners("tcp://127.0.0.1:0", secure)
		o.TLS.ACME = ACME{Domains: []string{domain}, Agreed: true, Directory: a.url, RootFile: a.rootFile, Dir: filepath.Join(t.TempDir(), "acme")}
	})
	a.port443.leadTo(b.Addr(secure))
	until(t, "there is a certificate", func() bool { return !b.Stats().CertificateExpires.IsZero() })
	first := servedTo(t, a, b.Addr(secure), nil)
	next := first
	until(t, "another is served", func() bool {
		next = servedTo(t, a, b.Addr(secure), nil)
		return !next.Equal(first)
	})
	if !next.NotAfter.After(first.NotAfter) || !b.Stats().CertificateExpires.Equal(next.NotAfter) {
		t.Errorf("the next is good until %s, the first until %s; told is %s", next.NotAfter, first.NotAfter, b.Stats().CertificateExpires)
	}
}

// servedTo is the certificate that a client gets, which has to be good.
func servedTo(t *testing.T, a *authority, addr string, alpn []string) *x509.Certificate {
	t.Helper()
	c, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: a.roots, ServerName: domain, NextProtos: alpn})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0]
}

// checkFiles looks at what is kept: nobody else may read it, and nothing of it
// is in the log.
func checkFiles(t *testing.T, dir, log string) {
	t.Helper()
	keys := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		if d.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.Contains(string(text), "PRIVATE KEY") {
			keys++
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "---") && strings.Contains(log, line) {
				t.Errorf("a line of %s is in the log", path)
			}
		}
		return nil
	})
	if err != nil || keys < 2 {
		t.Errorf("%d keys are kept, want those of the account and the certificate (%v)", keys, err)
	}
}

// freeAddress is an address of this machine that nobody listened at a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func TestHubServesWithoutACertificateAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	const plain, secure = "tcp://127.0.0.1:0", "tls://127.0.0.1:0"
	out := new(lines)
	b := start(t, verdictSink(storeAll), func(o *Options) {
		o.Listen = Listeners(plain, secure)
		o.Log = slog.New(slog.NewTextHandler(out, nil))
		o.TLS.ACME = ACME{Domains: []string{domain}, Agreed: true, Directory: "https://" + nowhere + "/directory", Dir: filepath.Join(t.TempDir(), "acme")}
	})
	connect(t, b.addr, connectOptions{id: "plain"}).ping()
	if c, err := tls.Dial("tcp", b.Addr(secure), &tls.Config{InsecureSkipVerify: true}); err == nil {
		c.Close()
		t.Error("there is a certificate")
	}
	until(t, "it is counted", func() bool { return b.Stats().TLSFailures[TLSNoCertificate] == 1 })
	until(t, "it is told", func() bool {
		text := out.String()
		return strings.Contains(text, "domain="+domain) && strings.Contains(text, "hint=") && strings.Contains(text, "hub.broker.tls.ca")
	})
}

func TestTermsHaveToBeAgreedTo(t *testing.T) {
	t.Parallel()
	o := DefaultOptions()
	o.TLS.ACME.Domains = []string{domain}
	if _, err := New(verdictSink(storeAll), o); err == nil || !strings.Contains(err.Error(), "hub.broker.tls.agree") {
		t.Errorf("got %v", err)
	}
}

func TestRemedyFitsTheProblem(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		`{"type":"urn:ietf:params:acme:error:dns","detail":"no such name"}`:                                                                "DNS records",
		`{"status":"invalid","challenges":[{"type":"tls-alpn-01","error":{"type":"urn:ietf:params:acme:error:connection","detail":"x"}}]}`: "port 443",
		`{"type":"urn:ietf:params:acme:error:rateLimited"}`:                                                                                "wait",
		`{"type":"urn:ietf:params:acme:error:caa"}`:                                                                                        "CAA",
		`{"type":"urn:ietf:params:acme:error:malformed"}`:                                                                                  "tried again",
		`{"type":"urn:ietf:params:acme:error:badNonce"}`:                                                                                   "reach the certificate authority",
		`{"status":"valid"}`: "reach the certificate authority",
		`nonsense`:           "reach the certificate authority",
	} {
		var w witness
		w.read("application/problem+json", []byte(answer))
		if got := w.take().remedy(); !strings.Contains(got, want) {
			t.Errorf("%s: %s", answer, got)
		}
	}
}

func TestAuthoritySaysWhyThereIsNoCertificate(t *testing.T) {
	a := startAuthority(t, 2*time.Hour)
	a.port443.leadTo(nowhere)
	out := new(lines)
	start(t, verdictSink(storeAll), func(o *Options) {
		o.Listen = Listeners("tcp://127.0.0.1:0", "tls://127.0.0.1:0")
		o.Log = slog.New(slog.NewTextHandler(out, nil))
		o.TLS.ACME = ACME{Domains: []string{domain}, Agreed: true, Directory: a.url, RootFile: a.rootFile, Dir: filepath.Join(t.TempDir(), "acme")}
	})
	until(t, "it is told", func() bool {
		text := out.String()
		return strings.Contains(text, "domain="+domain) && strings.Contains(text, "the authority says: unauthorized: Failed to connect") && strings.Contains(text, "port 443")
	})
}

func portOf(address string) int {
	_, port, _ := net.SplitHostPort(address)
	n, _ := net.LookupPort("tcp", port)
	return n
}
