package broker

import (
	"bytes"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// What costs time and is in no observer's account makes its connection wait.
func TestWhoKeepsTheHubBusyIsReadSlowly(t *testing.T) {
	t.Parallel()
	const beyond = 30
	for name, tc := range map[string]struct {
		topic             string // of messages at QoS 0; "" for pings
		atOnce, perSecond int
	}{
		"pings":                   {"", requestsAtOnce, requestsPerSecond},
		"refused messages":        {"$SYS/x", requestsAtOnce, requestsPerSecond},
		"messages of no observer": {"other/x", foreignAtOnce, foreignPerSecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t, verdictSink(storeAll))
			c := connect(t, b.addr, connectOptions{id: "busy"})
			one := []byte{0xC0, 0}
			if tc.topic != "" {
				one = c.publishPacket(tc.topic, "x", 0, 0, false)
			}
			n := tc.atOnce + beyond
			begun := time.Now()
			go c.conn.Write(bytes.Repeat(one, n))
			if tc.topic != "" {
				n = 1
				for b.Stats().Received < int64(tc.atOnce+beyond) {
					time.Sleep(time.Millisecond)
				}
				c.send([]byte{0xC0, 0})
			}
			for range n {
				if h, body := c.read(); h != 0xD0 {
					t.Fatalf("got % x % x, want a PINGRESP", h, body)
				}
			}
			if least := time.Second * (beyond - 1) / time.Duration(tc.perSecond); time.Since(begun) < least {
				t.Errorf("all was taken within %s", time.Since(begun))
			}
		})
	}
}

func TestAcknowledgementsThatNothingWaitsForAreRequests(t *testing.T) {
	t.Parallel()
	cl := mqtt.New(nil).NewClient(nil, "", "", true)
	cl.State.Inflight.Set(packets.Packet{PacketID: 7})
	for _, tc := range []struct {
		kind byte
		id   uint16
		want bool
	}{
		{packets.Pingreq, 0, true}, {packets.Subscribe, 1, true}, {packets.Unsubscribe, 1, true},
		{packets.Puback, 7, false}, {packets.Puback, 8, true}, {packets.Pubrel, 7, false}, {packets.Pubcomp, 8, true},
		{packets.Publish, 1, false}, {packets.Disconnect, 0, false},
	} {
		pk := packets.Packet{FixedHeader: packets.FixedHeader{Type: tc.kind}, PacketID: tc.id}
		if got := asks(cl, pk); got != tc.want {
			t.Errorf("type %d, id %d: %v", tc.kind, tc.id, got)
		}
	}
}

func TestWebSocketWithoutMQTTIsReadSlowly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		f := newFramed(ours)
		go func() { theirs.Write(make([]byte, 1<<20)) }()
		read := func(n int) time.Duration {
			begun := time.Now()
			if _, err := io.ReadFull(f, make([]byte, n)); err != nil {
				t.Error(err)
			}
			return time.Since(begun)
		}
		if took := read(idleBytes); took != 0 {
			t.Errorf("the first bytes took %s", took)
		}
		if took := read(10 * idleReading); took != 10*idlePause {
			t.Errorf("what is beyond took %s", took)
		}
		f.brought(idleReading / bytesOfOne)
		if took := read(idleReading); took != 0 {
			t.Errorf("what brings MQTT took %s", took)
		}
		if took := read(1); took != idlePause {
			t.Errorf("and the next %s", took)
		}
		ours.Close()
	})
}
