package broker

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestBridgeSpeaksEveryScheme(t *testing.T) {
	t.Parallel()
	files := certificateFiles(t)
	listen := map[string]string{
		"mqtt": "tcp", "tcp": "tcp", "mqtts": "tls", "ssl": "tls", "ws": "ws", "wss": "wss",
	}
	up := start(t, verdictSink(storeAll), func(o *Options) {
		o.TLS = files
		o.Listen = Listeners("tcp://127.0.0.1:0", "tls://127.0.0.1:0", "ws://127.0.0.1:0", "wss://127.0.0.1:0")
	})
	for scheme, kind := range listen {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			address := scheme + "://" + up.Addr(kind+"://127.0.0.1:0") + "/mqtt?token=hunter2"
			sink := newHeldSink()
			u := upstreamAt(address)
			u.Topics = []string{"meshcore/" + scheme + "/#"}
			if kind == "tls" || kind == "wss" {
				u.TLS.CAFile = files.CertFile
			}
			b := start(t, sink, swift, func(o *Options) { o.Upstreams = []Upstream{u} })
			untilUp(t, b, 1)
			c := connect(t, up.addr, connectOptions{id: scheme})
			for id := uint16(1); id <= 3; id++ {
				c.publish("meshcore/"+scheme+"/packets", "{}", 1, id)
				c.expectAck(0x40, id)
				sink.next(t).settle(stored)
			}
			if s := upstreamOf(b); s.Connects != 1 || strings.Contains(s.Address, "hunter2") {
				t.Errorf("stats %+v", s)
			}
		})
	}
}

func TestBridgeTrustsOnlyTheCAItIsGiven(t *testing.T) {
	t.Parallel()
	files := certificateFiles(t)
	up := start(t, verdictSink(storeAll), func(o *Options) {
		o.TLS, o.Listen = files, Listeners("tcp://127.0.0.1:0", "tls://127.0.0.1:0", "wss://127.0.0.1:0")
	})
	other := certificateFiles(t).CertFile
	for name, tc := range map[string]struct {
		change func(*Upstream)
		remedy string // "" when there is nothing to mend
	}{
		"no CA":       {func(*Upstream) {}, "name who signed it with tls.caFile"},
		"another CA":  {func(u *Upstream) { u.TLS.CAFile = other }, fmt.Sprintf("it is not of caFile %q", other)},
		"its CA":      {func(u *Upstream) { u.TLS.CAFile = files.CertFile }, ""},
		"any will do": {func(u *Upstream) { u.InsecureSkipVerify = true }, ""},
		"its CA, by a name": {func(u *Upstream) {
			u.TLS.CAFile, u.URL = files.CertFile, strings.Replace(u.URL, "127.0.0.1", "localhost", 1)
		}, "write a name that its certificate is for"},
		"wss":              {func(u *Upstream) { u.URL = "wss://" + up.Addr("wss://127.0.0.1:0") }, "name who signed it with tls.caFile"},
		"MQTT without TLS": {func(u *Upstream) { u.URL = "mqtts://" + up.addr }, "check the scheme and the port"},
		"something else":   {func(u *Upstream) { u.URL = "mqtts://" + httpServer(t) }, "there is no TLS at this port"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := upstreamAt("mqtts://" + up.Addr("tls://127.0.0.1:0"))
			tc.change(&u)
			b := start(t, verdictSink(storeAll), swift, func(o *Options) { o.Upstreams = []Upstream{u} })
			if tc.remedy == "" {
				untilUp(t, b, 1)
				return
			}
			until(t, tc.remedy, func() bool { return strings.Contains(upstreamOf(b).LastError, tc.remedy) })
		})
	}
}

// httpServer is the address of a server that speaks HTTP and nothing else.
func httpServer(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func TestBridgeLogsInWithACertificate(t *testing.T) {
	t.Parallel()
	server, client := certificateFiles(t), certificateFiles(t)
	m := newMosquitto(t, "allow_anonymous true", "certfile "+server.CertFile, "keyfile "+server.KeyFile, "cafile "+client.CertFile, "require_certificate true")
	u := upstreamAt("mqtts://" + m.addr)
	u.TLS = UpstreamTLS{CAFile: server.CertFile, CertFile: client.CertFile, KeyFile: client.KeyFile}
	b := start(t, verdictSink(storeAll), swift, func(o *Options) { o.Upstreams = []Upstream{u} })
	untilUp(t, b, 1)
	u.TLS.CertFile, u.TLS.KeyFile = "", ""
	b = start(t, verdictSink(storeAll), swift, func(o *Options) { o.Upstreams = []Upstream{u} })
	until(t, "refusal", func() bool { return strings.Contains(upstreamOf(b).LastError, "tls.certFile and keyFile") })
	if upstreamOf(b).Connects != 0 {
		t.Error("without a certificate the bridge is up")
	}
}

func TestFilesOfABridgeThatAreNoGoodStopTheStart(t *testing.T) {
	t.Parallel()
	files := certificateFiles(t)
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Upstream){
		"check caFile":                      func(u *Upstream) { u.TLS.CAFile = "missing.pem" },
		"it must be PEM":                    func(u *Upstream) { u.TLS.CAFile = empty },
		"check certFile and keyFile":        func(u *Upstream) { u.TLS.CertFile, u.TLS.KeyFile = files.CertFile, empty },
		`bridge "up": make a login: no key`: func(u *Upstream) { u.Login = func(time.Time) (Login, error) { return Login{}, fmt.Errorf("no key") } },
	} {
		o := DefaultOptions()
		u := upstreamAt("mqtts://127.0.0.1:1")
		change(&u)
		o.Upstreams = []Upstream{u}
		if _, err := New(verdictSink(storeAll), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestWrongPasswordIsToldOnceWithoutThePassword(t *testing.T) {
	t.Parallel()
	const password = "hunter2"
	for name, addr := range map[string]func(*testing.T) string{
		"mosquitto": func(t *testing.T) string { return newMosquitto(t, "allow_anonymous false").addr },
		"hub": func(t *testing.T) string {
			return start(t, verdictSink(storeAll), func(o *Options) { o.Auth.Anonymous = AnonymousNone }).addr
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := newLogBuffer()
			proxy := newFaultProxy(t, addr(t)).start()
			u := upstreamAt("mqtt://someone:" + password + "@" + proxy.addr)
			b := start(t, verdictSink(storeAll), swift, func(o *Options) {
				o.Upstreams = []Upstream{u}
				o.Log = slog.New(slog.NewTextHandler(log, nil))
			})
			until(t, "some attempts", func() bool { return proxy.accepted.Load() > 5 })
			s := upstreamOf(b)
			if !strings.Contains(s.LastError, "the upstream refuses the login (code 5)") || s.Connects != 0 || s.State != UpstreamDown {
				t.Errorf("stats %+v", s)
			}
			if n := strings.Count(log.String(), "bridge down"); n != 1 {
				t.Errorf("told %d times:\n%s", n, log)
			}
			if shown := log.String() + fmt.Sprintf("%+v", s); strings.Contains(shown, password) {
				t.Errorf("the password is shown:\n%s", shown)
			}
		})
	}
}

// tokenHub is an upstream that lets nobody in without a device token.
func tokenHub(t *testing.T) (running, device) {
	up := start(t, verdictSink(storeAll), func(o *Options) {
		o.Auth.Anonymous = AnonymousNone
		o.Auth.Tokens = anyAudience()
	})
	return up, newDevice(7)
}

// loginOf makes a login of a device that expires.
func loginOf(t *testing.T, d device, expires time.Time) Login {
	t.Helper()
	claims := d.claims()
	claims.IssuedAt, claims.Expires = time.Now().Add(-time.Hour).Unix(), expires.Unix()
	user, password, err := MintToken(claims, d.sign)
	if err != nil {
		t.Fatal(err)
	}
	return Login{Username: user, Password: password, Expires: expires}
}

func TestBridgeWithAnExpiredTokenGetsInWithTheNext(t *testing.T) {
	t.Parallel()
	up, d := tokenHub(t)
	var made atomic.Int64
	b := bridgeTo(t, verdictSink(storeAll), up.addr, func(u *Upstream) {
		u.Login = func(now time.Time) (Login, error) {
			if made.Add(1) <= 2 { // one to check that there is one, one to log in with
				return loginOf(t, d, now.Add(-30*time.Minute)), nil
			}
			return loginOf(t, d, now.Add(time.Hour)), nil
		}
	})
	untilUp(t, b, 1)
	if s := upstreamOf(b); !strings.Contains(s.LastError, "refuses the login") {
		t.Errorf("cause %q", s.LastError)
	}
}

func TestBridgeRenewsItsTokenAndLosesNothing(t *testing.T) {
	t.Parallel()
	addr := mosquitto(t)
	sink := newHeldSink()
	log := newLogBuffer()
	u := upstreamAt("mqtt://" + addr)
	var made atomic.Int64
	u.Login = func(now time.Time) (Login, error) {
		return Login{Username: fmt.Sprint(made.Add(1)), Expires: now.Add(2 * time.Second)}, nil
	}
	b := start(t, sink, swift, func(o *Options) {
		o.Upstreams = []Upstream{u}
		o.Log = slog.New(slog.NewTextHandler(log, nil))
	})
	untilUp(t, b, 1)
	c := connect(t, addr, connectOptions{id: "observer"})
	got := map[string]bool{}
	for id := uint16(1); upstreamOf(b).Connects < 3; id++ {
		text := fmt.Sprint(id)
		c.publish(topic, text, 1, id)
		c.expectAck(0x40, id)
		for !got[text] {
			m := sink.next(t)
			got[string(m.Payload)] = true
			m.settle(stored)
		}
	}
	s := upstreamOf(b)
	if s.LastError != "" || s.Ended[0].Cause != "login renewed" || strings.Contains(log.String(), "bridge down") {
		t.Errorf("stats %+v\n%s", s, log)
	}
}

func TestUpstreamThatRefusesTheClientIDMayChooseOne(t *testing.T) {
	t.Parallel()
	f := newFakeUpstream(t)
	b := bridgeTo(t, verdictSink(storeAll), f.addr)
	first := f.accept()
	first.expect(0x10)
	first.send([]byte{0x20, 2, 0, 2})
	second := f.accept()
	body := second.expect(0x10)
	if clean, id := body[7]&2 != 0, body[10:12]; !clean || id[0] != 0 || id[1] != 0 {
		t.Errorf("CONNECT % x", body)
	}
	second.send([]byte{0x20, 2, 0, 0})
	second.grant()
	untilUp(t, b, 1)
}

func TestClientIDOfABridgeStaysTheSame(t *testing.T) {
	t.Parallel()
	f := newFakeUpstream(t)
	id := func(c *upstreamConn) string {
		body := c.expect(0x10)
		if body[7]&2 != 0 {
			t.Error("a clean session")
		}
		return string(body[12 : 12+int(body[10])<<8+int(body[11])])
	}
	var ids []string
	for range 2 {
		b := bridgeTo(t, verdictSink(storeAll), f.addr)
		ids = append(ids, id(f.accept()))
		b.stop()
	}
	bridgeTo(t, verdictSink(storeAll), f.addr, func(u *Upstream) { u.ClientID = "mine" })
	if own := id(f.accept()); ids[0] != ids[1] || ids[0] == "" || own != "mine" {
		t.Errorf("ids %q, own %q", ids, own)
	}
}
