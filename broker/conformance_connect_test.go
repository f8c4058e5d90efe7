package broker

import (
	"fmt"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
)

const (
	cleanStart = 2
	keep       = 0
)

// MQTT-3.1.3-6 and -7; 3.1.1: MQTT-3.1.3-7 to -9.
func TestConformanceEmptyClientIDs(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	for _, tc := range []struct {
		version, flags byte
		code           byte
		assigned       bool
	}{
		{4, cleanStart, 0, false},
		{4, keep, 2, false},
		{5, cleanStart, 0, true},
		{5, keep, 0, true},
	} {
		t.Run(fmt.Sprintf("version %d flags %d", tc.version, tc.flags), func(t *testing.T) {
			t.Parallel()
			c, ack := greet(t, b.addr, tc.version, tc.flags, nil, str(""))
			if ack.ReasonCode != tc.code || ack.Properties.AssignedClientID != "" != tc.assigned {
				t.Fatalf("code %#x, assigned %q", ack.ReasonCode, ack.Properties.AssignedClientID)
			}
			if tc.code != 0 {
				c.expectClosed()
				return
			}
			c.ping()
		})
	}
}

// Two clients that have no id of their own are two. MQTT 3.1 wants an id.
func TestConformanceAssignedClientIDsDiffer(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	eachVersionFrom(t, 4, func(t *testing.T, version byte) {
		one, first := greet(t, b.addr, version, cleanStart, nil, str(""))
		two, second := greet(t, b.addr, version, cleanStart, nil, str(""))
		one.ping()
		two.ping()
		if version == 5 && first.Properties.AssignedClientID == second.Properties.AssignedClientID {
			t.Errorf("both are called %q", first.Properties.AssignedClientID)
		}
	})
}

// A first packet that is no lawful CONNECT lets nobody in.
func TestConformanceUnlawfulFirstPackets(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	id := str("x")
	for name, first := range map[string][]byte{
		"wrong name":                packet(0x10, str("MQTQ"), []byte{4, 2, 0, 0}, id),
		"3.1's name with 4":         packet(0x10, str("MQIsdp"), []byte{4, 2, 0, 0}, id),
		"3.1.1's name with 3":       packet(0x10, str("MQTT"), []byte{3, 2, 0, 0}, id),
		"version 6":                 packet(0x10, str("MQTT"), []byte{6, 2, 0, 0, 0}, id),
		"version 0":                 packet(0x10, str("MQTT"), []byte{0, 2, 0, 0}, id),
		"reserved flag, 3.1.1":      hello(4, 3, nil, id),
		"reserved flag, 5":          hello(5, 3, nil, id),
		"flags in the fixed header": append([]byte{0x12}, hello(4, 2, nil, id)[1:]...),
		"will of QoS 3":             hello(4, 0x1E, nil, id, str("w"), str("p")),
		"will retain without will":  hello(4, 0x22, nil, id),
		"name announced, not sent":  hello(4, 0x82, nil, id),
		"PUBLISH":                   packet(0x30, str("a"), []byte("x")),
		"SUBSCRIBE":                 packet(0x82, []byte{0, 1}, str("a"), []byte{0}),
		"PINGREQ":                   {0xC0, 0},
		"DISCONNECT":                {0xE0, 0},
		"CONNACK":                   {0x20, 2, 0, 0},
		"property of PUBLISH":       hello(5, 2, properties(text(0x08, "a")), id),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dialRaw(t, b.addr)
			c.send(first)
			if h, body, err := c.next(patience); err == nil {
				if h != 0x20 || len(body) < 2 || body[1] == 0 {
					t.Fatalf("got % x % x", h, body)
				}
				c.expectClosed()
			}
		})
	}
}

// MQTT-3.1.0-2.
func TestConformanceSecondConnectEndsTheConnection(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	eachVersion(t, func(t *testing.T, version byte) {
		id := fmt.Sprint(version)
		c, _ := greet(t, b.addr, version, cleanStart, nil, str(id))
		c.send(hello(version, cleanStart, nil, str(id)))
		c.expectClosed()
	})
}

// Half again the keep-alive (MQTT-3.1.2-22), of which five seconds is the least
// here: see keepalive.
func TestConformanceSilentClientIsGoneAfterItsKeepAlive(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	eachVersion(t, func(t *testing.T, version byte) {
		began := time.Now()
		c := connect(t, b.addr, connectOptions{id: fmt.Sprint(version), version: version, keepalive: 1})
		if _, _, err := c.next(time.Minute); err == nil && version < 5 {
			t.Error("it is sent something")
		}
		if _, _, err := c.next(time.Minute); err == nil {
			t.Error("the connection is open")
		}
		if d := time.Since(began); d < 7*time.Second {
			t.Errorf("it was given %v", d)
		}
	})
}

func TestConformanceKeepAliveIsToldWhenItIsAnother(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	for asked, used := range map[uint16]uint16{0: 0, 1: 5, 60: 60, 65535: 43690} {
		c := dialRaw(t, b.addr)
		c.version = 5
		c.send(connectOptions{id: "a", version: 5, keepalive: asked}.packet())
		p := c.expect(packets.Connack).Properties
		if told := p.ServerKeepAlive; p.ServerKeepAliveFlag && told != used || !p.ServerKeepAliveFlag && asked > used {
			t.Errorf("%d: told %v %d, used %d", asked, p.ServerKeepAliveFlag, told, used)
		}
	}
}

// What the broker can and cannot is in the CONNACK.
func TestConformanceConnackTellsTheBounds(t *testing.T) {
	t.Parallel()
	o := DefaultOptions()
	b := start(t, verdictSink(storeAll))
	_, ack := greet(t, b.addr, 5, cleanStart, nil, str("a"))
	p := ack.Properties
	if p.ReceiveMaximum != uint16(o.MaxInFlight) || p.MaximumPacketSize != uint32(o.MaxPacketSize) || p.TopicAliasMaximum != 0 {
		t.Errorf("receive maximum %d, packet size %d, aliases %d", p.ReceiveMaximum, p.MaximumPacketSize, p.TopicAliasMaximum)
	}
}

func TestConformancePing(t *testing.T) {
	t.Parallel()
	b := start(t, verdictSink(storeAll))
	eachVersion(t, func(t *testing.T, version byte) {
		c := connect(t, b.addr, connectOptions{id: fmt.Sprint(version), version: version})
		for range 3 {
			c.ping()
		}
	})
}
