package broker

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	paho "github.com/eclipse/paho.mqtt.golang"
)

// writeCertificate makes a certificate for this machine, with a serial number
// to know it by.
func writeCertificate(t *testing.T, files TLS, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{
		files.CertFile: {Type: "CERTIFICATE", Bytes: cert}, files.KeyFile: {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func certificateFiles(t *testing.T) TLS {
	t.Helper()
	dir := t.TempDir()
	files := TLS{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
	writeCertificate(t, files, 1)
	return files
}

func TestEveryListenerCarriesMQTT(t *testing.T) {
	t.Parallel()
	listeners := []string{"tcp://127.0.0.1:0", "tls://127.0.0.1:0", "ws://127.0.0.1:0", "wss://127.0.0.1:0"}
	b := start(t, verdictSink(storeAll), func(o *Options) { o.Listen, o.TLS = Listeners(listeners...), certificateFiles(t) })
	for i, url := range []string{"tcp://", "ssl://", "ws://", "wss://"} {
		for _, path := range []string{"", "/", "/mqtt"} {
			o := paho.NewClientOptions().AddBroker(url + b.Addr(listeners[i]) + path).SetClientID("paho").
				SetConnectTimeout(patience).SetTLSConfig(&tls.Config{InsecureSkipVerify: true})
			c := paho.NewClient(o)
			if token := c.Connect(); !token.WaitTimeout(patience) || token.Error() != nil {
				t.Errorf("%s%s: %v", url, path, token.Error())
				continue
			}
			got := make(chan string, 1)
			c.Subscribe("meshcore/#", 0, func(_ paho.Client, m paho.Message) { got <- string(m.Payload()) }).WaitTimeout(patience)
			if token := c.Publish(topic, 1, false, strings.Repeat("x", 40_000)); !token.WaitTimeout(patience) || token.Error() != nil {
				t.Errorf("%s%s: publish: %v", url, path, token.Error())
			}
			select {
			case <-got:
			case <-timeout():
				t.Errorf("%s%s: nothing came back", url, path)
			}
			if s := b.Sessions(); len(s) != 1 || s[0].Listener != listeners[i] || !strings.HasPrefix(s[0].Remote, "127.0.0.1:") {
				t.Errorf("%s%s: sessions %+v", url, path, s)
			}
			c.Disconnect(0)
			until(t, "session gone", func() bool { return len(b.Sessions()) == 0 })
		}
	}
}

func TestRefusedWebSocketLoginIsToldSo(t *testing.T) {
	t.Parallel()
	const name = "ws://127.0.0.1:0"
	b := start(t, verdictSink(storeAll), func(o *Options) { o.Listen, o.Auth.Anonymous = Listeners(name), AnonymousNone })
	ws, _, err := websocket.Dial(t.Context(), "ws://"+b.Addr(name), &websocket.DialOptions{Subprotocols: []string{"mqtt"}})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	if ws.Subprotocol() != "mqtt" {
		t.Errorf("sub-protocol %q", ws.Subprotocol())
	}
	if err := ws.Write(t.Context(), websocket.MessageBinary, connectOptions{id: "a", version: 4}.packet()); err != nil {
		t.Fatal(err)
	}
	_, answer, err := ws.Read(t.Context())
	if err != nil || len(answer) != 4 || answer[0] != 0x20 || answer[3] != 5 {
		t.Errorf("got % x, %v", answer, err)
	}
}

func TestPageOfAnotherHostMayNotConnect(t *testing.T) {
	t.Parallel()
	const name = "ws://127.0.0.1:0"
	b := start(t, verdictSink(storeAll), func(o *Options) { o.Listen = Listeners(name) })
	for origin, ok := range map[string]bool{"http://" + b.Addr(name): true, "https://evil.example": false, "null": false} {
		ws, _, err := websocket.Dial(t.Context(), "ws://"+b.Addr(name), &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {origin}}})
		if (err == nil) != ok {
			t.Errorf("origin %s: %v", origin, err)
		}
		if err == nil {
			ws.CloseNow()
		}
	}
}

func TestCertificateIsLoadedAnewWhenItsFilesChange(t *testing.T) {
	t.Parallel()
	files := certificateFiles(t)
	c := &certificate{files: files, log: DefaultOptions().Log}
	if err := c.load(); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	serial := func() int64 {
		leaf, err := x509.ParseCertificate(c.current(now).Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return leaf.SerialNumber.Int64()
	}
	if serial() != 1 {
		t.Error("another certificate")
	}
	later := now.Add(time.Hour)
	replace := func() {
		for _, path := range []string{files.CertFile, files.KeyFile} {
			later = later.Add(time.Second)
			if err := os.Chtimes(path, later, later); err != nil {
				t.Fatal(err)
			}
		}
		now = now.Add(lookEvery)
	}
	if err := os.WriteFile(files.CertFile, []byte("half a certifi"), 0o600); err != nil {
		t.Fatal(err)
	}
	replace()
	if serial() != 1 {
		t.Error("the old certificate did not stay")
	}
	writeCertificate(t, files, 2)
	replace()
	if serial() != 2 {
		t.Error("the new certificate is not used")
	}
}

func TestListenerNamesAreChecked(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "1883", ":1883", "tcp://", "tcp://host", "http://:80", "tcp://:1883/path", "tls://:8883"} {
		o := DefaultOptions()
		o.Listen = Listeners(name)
		if _, err := New(verdictSink(storeAll), o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	const name = "tls://127.0.0.1:0"
	b := start(t, verdictSink(storeAll), func(o *Options) { o.Listen, o.TLS = Listeners(name), certificateFiles(t) })
	c, err := tls.Dial("tcp", b.Addr(name), &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if err == nil {
		c.Close()
		t.Error("TLS 1.1 is accepted")
	}
}

func TestHandshakeIsReadOnlyAsFarAsOneCanBe(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"tls://127.0.0.1:0", "wss://127.0.0.1:0"} {
		b := start(t, verdictSink(storeAll), func(o *Options) { o.Listen, o.TLS = Listeners(name), certificateFiles(t) })
		conn, err := net.Dial("tcp", b.Addr(name))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		hello := append([]byte{0x16, 3, 1, 0x40, 0, 1, 0, 0xF0, 0}, make([]byte, maxHandshake)...) // a record of 16 KiB, a ClientHello of 60 KiB
		if _, err := conn.Write(hello); err != nil {
			t.Fatal(err)
		}
		until(t, name+": it is counted, and not waited for", func() bool { return b.Stats().TLSFailures[TLSOther] == 1 })
	}
}

func TestReplacedCertificateIsForNewConnections(t *testing.T) {
	t.Parallel()
	const name = "tls://127.0.0.1:0"
	files := certificateFiles(t)
	b := start(t, verdictSink(storeAll), func(o *Options) { o.Listen, o.TLS = Listeners(name), files })
	dial := func() *tls.Conn {
		c, err := tls.Dial("tcp", b.Addr(name), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	serial := func(c *tls.Conn) int64 { return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64() }
	first := dial()
	old := &rawClient{t: t, conn: first, r: bufio.NewReader(first), version: 4}
	old.login(connectOptions{id: "old"})

	before := serial(first)
	writeCertificate(t, files, before+1)
	later := time.Now().Add(time.Hour)
	for _, path := range []string{files.CertFile, files.KeyFile} {
		if err := os.Chtimes(path, later, later); err != nil {
			t.Fatal(err)
		}
	}
	b.certs.(*certificate).current(later) // it is time to look
	if got := serial(dial()); got != before+1 {
		t.Errorf("a new connection gets certificate %d, want %d", got, before+1)
	}
	old.ping()
}
