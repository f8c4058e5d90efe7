package broker

import (
	"fmt"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"
)

// willing connects with a last will at QoS 1 for name.
func willing(t *testing.T, addr string, version byte, retain bool, name string, props, willProps []byte) *rawClient {
	t.Helper()
	flags := byte(0x0E)
	if retain {
		flags |= 0x20
	}
	fields := [][]byte{str("will" + name)}
	if version == 5 {
		if willProps == nil {
			willProps = properties()
		}
		fields = append(fields, willProps)
	}
	c, ack := greet(t, addr, version, flags, props, append(fields, str(name), str("offline"))...)
	if ack.ReasonCode != 0 {
		t.Fatalf("CONNACK %#x", ack.ReasonCode)
	}
	return c
}

// MQTT-3.1.2-8, -10, -14, -15: the ways to leave, and whether a will follows.
func TestConformanceWills(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	for i, tc := range []struct {
		how  string
		from byte // version
		do   func(c *rawClient)
		want bool
	}{
		{"vanishes", 3, func(c *rawClient) { c.conn.Close() }, true},
		{"breaks the protocol", 3, func(c *rawClient) { c.send([]byte{0x36, 0}) }, true},
		{"says goodbye", 3, func(c *rawClient) { c.goodbye() }, false},
		{"says goodbye with a code", 5, func(c *rawClient) { c.goodbye(0) }, false},
		{"asks for its will", 5, func(c *rawClient) { c.goodbye(4) }, true},
		{"asks for its will, with properties", 5, func(c *rawClient) { c.goodbye(4, 0) }, true},
	} {
		eachVersionFrom(t, tc.from, func(t *testing.T, version byte) {
			for _, retain := range []bool{false, true} {
				name := fmt.Sprintf("meshcore/ZRH/%d%d%v/status", i, version, retain)
				sub := connect(t, b.addr, connectOptions{id: "sub" + name, version: version})
				sub.ask(name, 1)
				c := willing(t, b.addr, version, retain, name, nil, nil)
				gone := b.connOf(c).gone
				tc.do(c)
				<-gone
				if tc.want {
					if pk := sub.expect(packets.Publish); string(pk.Payload) != "offline" || pk.FixedHeader.Retain {
						t.Errorf("%s: got %q", tc.how, pk.Payload)
					}
				}
				sub.ping()
				late := connect(t, b.addr, connectOptions{id: "late" + name, version: version})
				late.ask(name, 0)
				if tc.want && retain {
					if _, got, kept := late.expectPublish(); got != "offline" || !kept {
						t.Errorf("%s: kept %q", tc.how, got)
					}
				}
				late.ping()
			}
		})
	}
}

// MQTT-3.1.3-9: not while it may come back, and not when it does; and a session
// that ends before takes it along.
func TestConformanceWillDelay(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	sub := connect(t, b.addr, connectOptions{id: "sub", version: 5})
	sub.ask("meshcore/#", 0)
	minute := properties(seconds(0x18, 60))
	for name, tc := range map[string]struct{ props, will []byte }{
		"meshcore/ZRH/1/status": {properties(seconds(0x11, 60)), properties(seconds(0x18, 1))},
		"meshcore/ZRH/2/status": {properties(seconds(0x11, 1)), minute},
		"meshcore/ZRH/3/status": {nil, minute},
	} {
		b.leaves(willing(t, b.addr, 5, false, name, tc.props, tc.will))
		if got := sub.expect(packets.Publish); got.TopicName != name {
			t.Errorf("got %s", got.TopicName)
		}
	}
	const back = "meshcore/ZRH/4/status"
	b.leaves(willing(t, b.addr, 5, false, back, properties(seconds(0x11, 60)), minute))
	sub.ping()
	greet(t, b.addr, 5, keep, nil, str("will"+back))
	sub.ping()
}

// 3.1.3.2: the properties of a will go with it.
func TestConformanceWillProperties(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	sub := connect(t, b.addr, connectOptions{id: "sub", version: 5})
	sub.ask(statusTopic, 0)
	props := properties([]byte{0x01, 1}, text(0x03, "text/plain"), text(0x08, "reply"), text(0x09, "12"), text(0x26, "k", "v"))
	b.leaves(willing(t, b.addr, 5, false, statusTopic, nil, props))
	p := sub.expect(packets.Publish).Properties
	if p.PayloadFormat != 1 || p.ContentType != "text/plain" || p.ResponseTopic != "reply" || string(p.CorrelationData) != "12" || len(p.User) != 1 || p.User[0] != (packets.UserProperty{Key: "k", Val: "v"}) {
		t.Errorf("got %+v", p)
	}
}
