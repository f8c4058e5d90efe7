package broker

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const far, near = "8.8.8.8:1000", "192.168.1.9:1000"

func usersFile(t *testing.T, lines ...string) string {
	t.Helper()
	var text strings.Builder
	for _, l := range lines {
		name, rest, _ := strings.Cut(l, ":")
		role, password, _ := strings.Cut(rest, ":")
		hash, err := HashPassword(password)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(name + ":" + role + ":" + hash + "\n")
	}
	path := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWaysInStandSideBySide(t *testing.T) {
	t.Parallel()
	d, late := newDevice('a'), newDevice('a')
	user, password, _ := MintToken(d.claims(), d.sign)
	expired := late.claims()
	expired.IssuedAt, expired.Expires = noon.Add(-2*time.Hour).Unix(), noon.Add(-time.Hour).Unix()
	_, stale, _ := MintToken(expired, late.sign)

	auth := DefaultAuth()
	auth.UsersFile = usersFile(t, "anna:admin:secret")
	auth.Tokens.Audiences = []string{"hub.example"}
	door, err := newDoor(auth)
	if err != nil {
		t.Fatal(err)
	}
	door.now = func() time.Time { return noon }
	for name, c := range map[string]struct {
		remote, user, password string
		role                   Role
		key                    string
		err                    error
	}{
		"token from far":           {far, user, password, RoleObserver, d.key, nil},
		"token from near":          {near, user, password, RoleObserver, d.key, nil},
		"stale token from far":     {far, user, stale, "", "", ErrTokenExpired},
		"stale token from near":    {near, user, stale, RoleGuest, "", nil},
		"admin from far":           {far, "anna", "secret", RoleAdmin, "", nil},
		"wrong password from near": {near, "anna", "guess", "", "", errWrongPassword},
		"no such user from far":    {far, "bob", "guess", "", "", errWrongPassword},
		"burnt-in login from near": {near, "meshdev", "large4cats", RoleGuest, "", nil},
		"nobody from near":         {near, "", "", RoleGuest, "", nil},
	} {
		p, err := door.admit(callerAt(c.remote), c.user, c.password)
		if p.Role != c.role || p.Key != c.key || !errors.Is(err, c.err) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	if _, err := door.admit(callerAt(far), "", ""); err == nil {
		t.Error("a stranger came in")
	}
}

func TestTokensCountOnlyWhereAnAudienceIsNamed(t *testing.T) {
	t.Parallel()
	d := newDevice('a')
	user, password, _ := MintToken(d.claims(), d.sign)
	door, err := newDoor(DefaultAuth())
	if err != nil {
		t.Fatal(err)
	}
	door.now = func() time.Time { return noon }
	if p, err := door.admit(callerAt(far), user, password); err == nil {
		t.Errorf("let in as %+v", p)
	}
}

func TestWrongPasswordsAreThrottledByAddress(t *testing.T) {
	t.Parallel()
	th, now := newThrottle(), noon
	host := originOf(far)
	for i := range triesAtOnce {
		if !th.allow(host, now) {
			t.Fatalf("try %d is refused", i)
		}
		th.failed(host, now)
	}
	if th.allow(host, now) {
		t.Error("no end of tries")
	}
	if !th.allow(originOf(near), now) {
		t.Error("another address has to wait, too")
	}
	if now = now.Add(tryEvery); !th.allow(host, now) {
		t.Error("it never may try again")
	}
	if originOf("[2001:db8::1]:1") != originOf("[2001:db8::2]:9") || originOf("[::ffff:8.8.8.8]:1") != host {
		t.Error("addresses of one host differ")
	}
	for i := range throttled + 10 {
		th.failed(originOf("[2001:db8:"+strings.Repeat("0", 3)+string("0123456789abcdef"[i%16])+":"+hex4(i)+"::1]:1"), now)
	}
	if len(th.forgiven) > throttled {
		t.Errorf("%d addresses are remembered", len(th.forgiven))
	}
}

func hex4(i int) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[i>>12&15], digits[i>>8&15], digits[i>>4&15], digits[i&15]})
}

func TestObserverWithItsKeyAsUserNamePublishesOnlyForItself(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("A", 64)
	sink := newHeldSink()
	b := start(t, sink, func(o *Options) {
		o.Auth.Anonymous, o.Auth.UsersFile = AnonymousNone, usersFile(t, key+":observer:secret")
	})
	c := connect(t, b.addr, connectOptions{id: "a", user: strings.ToLower(key), password: "secret"})
	c.publish("meshcore/ZRH/"+strings.Repeat("B", 64)+"/packets", "{}", 1, 1)
	c.expectAck(0x40, 1) // softly
	c.publish("meshcore/ZRH/"+key+"/packets", "{}", 1, 2)
	m := sink.next(t)
	m.settle(stored)
	c.expectAck(0x40, 2)
	if m.Topic != "meshcore/ZRH/"+key+"/packets" {
		t.Errorf("sink got %s", m.Topic)
	}
}

func TestListenersMayLetInOthers(t *testing.T) {
	t.Parallel()
	const open, closed = "tcp://127.0.0.1:0", "tcp://localhost:0"
	b := start(t, verdictSink(storeAll), func(o *Options) {
		auth := o.Auth
		auth.Anonymous = AnonymousNone
		o.Listen = []Listener{{Address: open}, {Address: closed, Auth: &auth}}
	})
	connect(t, b.Addr(open), connectOptions{id: "a"}).ping()
	c := dialRaw(t, b.Addr(closed))
	c.send(connectOptions{id: "b", version: 4}.packet())
	if h, body := c.read(); h != 0x20 || body[1] != 5 {
		t.Errorf("got % x % x, want a refusal", h, body)
	}
}

func TestObserverWithATokenPublishesOnlyForItself(t *testing.T) {
	t.Parallel()
	d := newDevice('a')
	claims := d.claims()
	claims.IssuedAt, claims.Expires = time.Now().Unix(), time.Now().Add(time.Hour).Unix()
	user, password, _ := MintToken(claims, d.sign)
	sink := newHeldSink()
	b := start(t, sink, func(o *Options) {
		o.Auth.Anonymous, o.Auth.Tokens.Audiences = AnonymousNone, []string{"*"}
		o.Auth.UsersFile = usersFile(t, "board:viewer:secret")
	})
	board := connect(t, b.addr, connectOptions{id: "board", user: "board", password: "secret"})
	board.subscribe("meshcore/#", 0)
	c := connect(t, b.addr, connectOptions{id: "a", user: user, password: password})
	other := "meshcore/ZRH/" + strings.Repeat("B", 64) + "/packets"
	c.publish(other, "{}", 1, 1)
	c.expectAck(0x40, 1) // softly
	own := "meshcore/ZRH/" + d.key + "/packets"
	c.publish(own, "{}", 1, 2)
	m := sink.next(t)
	if m.Topic != own {
		t.Errorf("sink got %s", m.Topic)
	}
	m.settle(stored)
	c.expectAck(0x40, 2)
	if got, _, _ := board.expectPublish(); got != own {
		t.Errorf("the viewer got %s", got)
	}
	board.publish(own, "{}", 1, 3)
	board.expectAck(0x40, 3)
	if len(sink.messages) != 0 {
		t.Error("a viewer published")
	}
	for _, s := range b.Sessions() {
		if s.ClientID == "a" && (s.Key != d.key || s.Role != RoleObserver) {
			t.Errorf("session %+v", s)
		}
	}
	refused := b.Stats().RefusedMessages
	if refused[ReasonForeignKey] != 1 || refused[ReasonNotAllowed] != 1 {
		t.Errorf("refused: %v", refused)
	}
}
