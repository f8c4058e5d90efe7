package broker

import (
	"fmt"
	"testing"
)

// However fast one observer publishes and however slow the disk is, what another
// one sends has no more before it than one connection's share.
func TestFloodHasOnlyAShareOfTheWayToTheStore(t *testing.T) {
	t.Parallel()
	for qos, share := range map[byte]int{0: quietShare * 256, 1: 256} {
		t.Run(fmt.Sprintf("QoS %d", qos), func(t *testing.T) {
			t.Parallel()
			sink := newHeldSink()
			sink.messages = make(chan held, 10_000)
			b := start(t, sink)
			flooder := dialRaw(t, b.addr)
			flooder.login(connectOptions{id: "flooder"})
			go func() { // it ends with its connection
				for i := 0; ; i++ {
					if _, err := flooder.conn.Write(flooder.publishPacket(packetsOf(keyA), fmt.Sprint(i), qos, uint16(i%60_000+1), false)); err != nil {
						return
					}
				}
			}()
			for range share { // the store takes nothing: the flood fills its share
				sink.next(t)
			}
			for i := range 20 {
				c := connect(t, b.addr, connectOptions{id: fmt.Sprint(i)})
				c.publish(packetsOf(keyB), fmt.Sprint(i), 1, 1)
				if m := sink.next(t); m.Topic != packetsOf(keyB) {
					t.Fatalf("observer %d waits behind more than the share of the flood", i)
				}
			}
			flooder.conn.Close()
		})
	}
}
