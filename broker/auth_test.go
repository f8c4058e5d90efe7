package broker

import "testing"

func TestAnonymousLetsInWhomItSays(t *testing.T) {
	t.Parallel()
	for remote, lan := range map[string]bool{
		"127.0.0.1:1": true, "[::1]:1": true, "10.1.2.3:1": true, "172.16.0.1:1": true, "172.32.0.1:1": false,
		"192.168.1.9:1": true, "169.254.7.7:1": true, "[fe80::1%eth0]:1": true, "[fd00::1]:1": true,
		"[::ffff:192.168.1.9]:1": true, "[::ffff:8.8.8.8]:1": false, "8.8.8.8:1": false, "[2001:db8::1]:1": false,
		"100.64.0.1:1": false, "0.0.0.0:1": false, "pipe": false, "": false,
	} {
		if got := AnonymousLAN.refusal(callerAt(remote)) == nil; got != lan {
			t.Errorf("lan lets %s in: %v, want %v", remote, got, lan)
		}
		if AnonymousAll.refusal(callerAt(remote)) != nil {
			t.Errorf("true refuses %s", remote)
		}
		if AnonymousNone.refusal(callerAt(remote)) == nil {
			t.Errorf("false lets %s in", remote)
		}
	}
}

func TestRefusedLoginIsToldSo(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll), func(o *Options) { o.Auth.Anonymous = AnonymousNone })
	for version, code := range map[byte]byte{3: 5, 4: 5, 5: 0x87} {
		c := dialRaw(t, b.addr)
		c.version = version
		c.send(connectOptions{id: "a", version: version}.packet())
		h, body := c.read()
		if h != 0x20 || body[1] != code {
			t.Errorf("version %d: got % x % x, want CONNACK %x", version, h, body, code)
		}
		c.expectClosed()
	}
	if n := b.Stats().RefusedLogins; n != 3 {
		t.Errorf("counted %d refused logins, want 3", n)
	}
	on := b.RefusedLogins()
	for listener, n := range on {
		if n != 3 || b.Addr(listener) == "" {
			t.Errorf("%s refused %d logins, want 3", listener, n)
		}
	}
	if len(on) != 1 {
		t.Errorf("%d listeners refused somebody, want 1", len(on))
	}
}
