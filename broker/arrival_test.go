package broker

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
)

func TestLogSaysWhatSpeaksSomethingElse(t *testing.T) {
	t.Parallel()
	for first, want := range map[string]string{
		"\x16\x03\x01\x02\x00":             "TLS where plain MQTT is served",
		"GET / HTTP/1.1\r\n\r\n":           "HTTP, or another protocol of text",
		"\xc0\x00":                         "not CONNECT but another MQTT packet",
		"\x00\x00":                         "no MQTT",
		"\x10\xff\xff\xff\x7f":             "a CONNECT of 268435460 bytes",
		"\x10\xff\xff\xff\xff\xff\xff\xff": "a length of more than four bytes",
		"\x10\x81\x80\x01":                 "a CONNECT of 16389 bytes, 16384 is the most",
	} {
		log := new(lines)
		b := start(t, verdictSink(storeAll), func(o *Options) { o.Log = slog.New(slog.NewTextHandler(log, nil)) })
		c := dialRaw(t, b.addr)
		c.send([]byte(first))
		c.expectClosed()
		until(t, "it is counted", func() bool { return b.Stats().ProtocolErrors == 1 })
		if text := log.String(); !strings.Contains(text, want) {
			t.Errorf("%q: no %q in the log:\n%s", first, want, text)
		}
	}
}

func TestLateConnectIsCounted(t *testing.T) {
	t.Parallel()
	const plain, secure, web = "tcp://127.0.0.1:0", "tls://127.0.0.1:0", "ws://127.0.0.1:0"
	b := start(t, verdictSink(storeAll), func(o *Options) {
		o.Listen, o.TLS, o.ConnectTimeout = Listeners(plain, secure, web), certificateFiles(t), 100*time.Millisecond
	})
	half := connectOptions{id: "a", version: 4}.packet()[:9]
	for _, sent := range [][]byte{nil, half} {
		c := dialRaw(t, b.addr)
		c.send(sent)
		c.expectClosed()
	}
	dialRaw(t, b.Addr(secure)).expectClosed()
	dialRaw(t, b.Addr(web)).expectClosed()
	until(t, "all are counted", func() bool {
		s := b.Stats()
		return s.ConnectTimeouts+s.TLSFailures[TLSTimeout] >= 3 && s.Connections == 0
	})
}

func TestConnectMayComeInPieces(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	c := dialRaw(t, b.addr)
	o := connectOptions{id: "a", version: 4, willTopic: statusTopic, will: strings.Repeat("x", 9000)}
	all := append(o.packet(), 0xC0, 0) // and a PINGREQ in the same piece
	for _, cut := range []int{1, 2, 3, 600, 5000, len(all)} {
		c.send(all[:cut])
		all = all[cut:]
		if len(all) < 5000 {
			break
		}
	}
	c.send(all)
	if h, body := c.read(); h != 0x20 || body[1] != 0 {
		t.Fatalf("got % x % x, want a CONNACK", h, body)
	}
	if h, _ := c.read(); h != 0xD0 {
		t.Errorf("got % x, want a PINGRESP", h)
	}
}

func TestLookaheadReadsNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer ours.Close()
	go func() {
		for range 20_000 {
			if _, err := theirs.Write([]byte{1}); err != nil {
				return
			}
		}
		theirs.Close()
	}()
	var l lookahead
	for _, n := range []int{1, 2, 600, 16 << 10} {
		got, err := l.peek(ours, n)
		if err != nil || len(got) != n || cap(l.ahead) > max(2*n, 512) {
			t.Fatalf("peek %d: %d bytes, room for %d, %v", n, len(got), cap(l.ahead), err)
		}
	}
	l.skip(1)
	total := 0
	for buf := make([]byte, 1000); ; {
		n, err := l.read(ours, buf)
		total += n
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if total != 19_999 {
		t.Errorf("%d bytes in all, want 19999", total)
	}
}

func TestFailedHandshakesAreCountedByReason(t *testing.T) {
	t.Parallel()
	const name = "tls://127.0.0.1:0"
	files := certificateFiles(t)
	shake := func(c *tls.Config) func(net.Conn) {
		return func(conn net.Conn) { tls.Client(conn, c).Handshake() }
	}
	for why, client := range map[TLSFailure]func(net.Conn){
		TLSVersion: shake(&tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}),
		TLSRefused: shake(&tls.Config{ServerName: "hub.example"}), // it does not know who signed
		TLSCipher:  shake(&tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_RC4_128_SHA}}),
		TLSNotTLS:  func(conn net.Conn) { conn.Write(connectOptions{id: "a", version: 4}.packet()) },
		TLSClosed:  func(conn net.Conn) { conn.Write([]byte{0x16, 3, 1}); conn.Close() },
		TLSTimeout: func(conn net.Conn) { conn.Write([]byte{0x16, 3, 1}) },
	} {
		t.Run(string(why), func(t *testing.T) {
			t.Parallel()
			b := start(t, verdictSink(storeAll), func(o *Options) {
				o.Listen, o.TLS, o.ConnectTimeout = Listeners(name), files, 5*time.Second
				if why == TLSTimeout {
					o.ConnectTimeout = 100 * time.Millisecond
				}
			})
			conn, err := net.Dial("tcp", b.Addr(name))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			client(conn)
			until(t, "it is counted", func() bool {
				sum := int64(0)
				for _, n := range b.Stats().TLSFailures {
					sum += n
				}
				return sum > 0
			})
			if got := b.Stats().TLSFailures; got[why] != 1 {
				t.Errorf("counted %v", got)
			}
		})
	}
}
