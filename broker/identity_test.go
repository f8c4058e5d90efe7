package broker

import (
	"bufio"
	"net"
	"testing"
	"time"
)

func TestClientsWithOneIDAreKeptApartUnlessTheyAreTheSame(t *testing.T) {
	t.Parallel()
	d := newDevice('a')
	claims := d.claims()
	claims.IssuedAt, claims.Expires = time.Now().Unix(), time.Now().Add(time.Hour).Unix()
	user, password, _ := MintToken(claims, d.sign)
	b := start(t, verdictSink(storeAll), func(o *Options) {
		o.Auth.Tokens.Audiences = []string{"*"}
		o.Auth.UsersFile = usersFile(t, "anna:observer:secret", "bert:observer:secret")
	})
	plain := connectOptions{version: 4}
	with := func(change func(*connectOptions)) connectOptions { o := plain; change(&o); return o }
	all := map[string]connectOptions{
		"guest":                     plain,
		"guest with a name":         with(func(o *connectOptions) { o.user, o.password = "meshdev", "large4cats" }),
		"guest with a will":         with(func(o *connectOptions) { o.willTopic, o.will = statusOf, "offline" }),
		"guest with another's will": with(func(o *connectOptions) { o.willTopic, o.will = "meshcore/ZRH/"+keyB+"/status", "offline" }),
		"user":                      with(func(o *connectOptions) { o.user, o.password = "anna", "secret" }),
		"another user":              with(func(o *connectOptions) { o.user, o.password = "bert", "secret" }),
		"proven key":                with(func(o *connectOptions) { o.user, o.password = user, password }),
	}
	clients := make(map[string]*rawClient)
	for name, o := range all {
		o.id = "ESP32_ABCDEF"
		clients[name] = connect(t, b.addr, o)
	}
	elsewhere := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	if conn, err := elsewhere.Dial("tcp", b.addr); err == nil { // Linux has a second loopback address
		defer conn.Close()
		c := &rawClient{t: t, conn: conn, r: bufio.NewReader(conn), version: 4}
		c.login(connectOptions{id: "ESP32_ABCDEF", version: 4})
		clients["guest elsewhere"] = c
	}
	for _, c := range clients {
		c.ping()
	}
	for _, s := range b.Sessions() {
		if s.ClientID != "ESP32_ABCDEF" {
			t.Errorf("session of %q", s.ClientID)
		}
	}
	for name, o := range all {
		o.id = "ESP32_ABCDEF"
		again := connect(t, b.addr, o)
		clients[name].expectClosed()
		again.ping()
	}
}

func TestAssignedClientIDFindsItsSessionAgain(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	c := dialRaw(t, b.addr)
	c.version = 5
	c.send(packet(0x10, str("MQTT"), []byte{5, 0, 0, 60}, []byte("\x05\x11\x00\x00\x0e\x10"), str("")))
	_, body := c.read()
	i := 3
	for body[i] != 0x12 { // assigned client identifier; what comes before has 2 or 3 bytes here
		i += map[byte]int{0x21: 3, 0x22: 3, 0x27: 5, 0x11: 5}[body[i]]
		if i >= len(body) {
			t.Fatalf("no client id was assigned: % x", body)
		}
	}
	n := int(body[i+1])<<8 + int(body[i+2])
	id := string(body[i+3 : i+3+n])
	gone := b.openConns()[0].gone
	c.conn.Close()
	<-gone
	again := dialRaw(t, b.addr)
	again.send(packet(0x10, str("MQTT"), []byte{5, 0, 0, 60}, []byte("\x05\x11\x00\x00\x0e\x10"), str(id)))
	if _, body := again.read(); body[0] != 1 || body[1] != 0 {
		t.Errorf("no session of %q: % x", id, body[:2])
	}
}
