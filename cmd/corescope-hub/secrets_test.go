package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"corescope-hub/broker"
)

// Everything secret that passes through a hub, in all ways that go wrong, at the
// most talkative log level.
func TestNoSecretIsLoggedOrShown(t *testing.T) {
	t.Parallel()
	const (
		password = "right-password-7f3a"
		wrong    = "wrong-password-91bc"
		upstream = "upstream-password-55d0"
		userinfo = "userinfo-password-c2e8"
		channel  = "00112233445566778899aabbccddeef1"
	)
	dir := t.TempDir()
	hash, err := broker.HashPassword(password)
	if err != nil {
		t.Fatal(err)
	}
	users := filepath.Join(dir, "users")
	if err := os.WriteFile(users, []byte("anna:viewer:"+hash+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	user, token, err := broker.MintToken(broker.TokenClaims{
		PublicKey: observerKey, IssuedAt: time.Now().Unix(), Expires: time.Now().Add(time.Hour).Unix(), Audience: "hub.example",
	}, func([]byte) []byte { return make([]byte, 64) }) // a bad signature
	if err != nil {
		t.Fatal(err)
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0") // a broker that is not there
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	h := startHub(t, fmt.Sprintf(`{
		"mqttSources": [
			{"name": "one", "broker": "mqtt://%[1]s", "username": "hub", "password": "%[2]s"},
			{"name": "two", "broker": "mqtt://hub:%[3]s@%[1]s"}
		],
		"channelKeys": {"secret": "%[4]s"},
		"hub": {
			"broker": {"auth": {"anonymous": "false", "usersFile": %[5]q, "token": {"audiences": ["hub.example"]}}},
			"log": {"level": "debug"}
		}
	}`, closed.Addr(), upstream, userinfo, channel, users))
	attempt := func(name, password string) {
		c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(h.mqtt).SetClientID(name).SetUsername(name).SetPassword(password).SetAutoReconnect(false))
		c.Connect().WaitTimeout(patience)
		c.Disconnect(0)
	}
	attempt("anna", wrong)
	attempt("nobody", wrong)
	attempt(user, token)
	attempt(user, wrong)
	c := h.client("viewer", func(o *mqtt.ClientOptions) { o.SetUsername("anna").SetPassword(password) })
	done(t, c.Subscribe("#", 1, nil))
	done(t, c.Publish(packetTopic, 1, false, "{"))
	broken, err := net.Dial("tcp", strings.TrimPrefix(h.mqtt, "tcp://")) // a CONNECT that is no good, with a password
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(broken, "\x10\x2a\x00\x04MQTT\x09\xc2\x00\x3c\x00\x01a\x00\x04anna\x00\x13%s", password)
	broken.SetReadDeadline(time.Now().Add(patience))
	broken.Read(make([]byte, 64))
	broken.Close()
	h.log.await("login refused")
	h.log.await("bridge down")
	shown := h.log.String() + get(t, h.console+"/metrics") + get(t, h.console+"/readyz")
	signature := token[strings.LastIndexByte(token, '.')+1:]
	for name, secret := range map[string]string{
		"a password": password, "a wrong password": wrong, "an upstream's password": upstream, "the login in a URL": userinfo,
		"a channel's secret": channel, "a hash of the users file": hash[strings.LastIndexByte(hash, '$')+1:], "a token": token, "a token's signature": signature,
	} {
		if strings.Contains(strings.ToLower(shown), strings.ToLower(secret)) {
			t.Errorf("%s is shown", name)
		}
	}
}
