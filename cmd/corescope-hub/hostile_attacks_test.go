package main

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// attack is one thing that a hostile network does. It says what it has done.
type attack struct {
	name string
	do   func(*siege) string
}

var attacks = []attack{
	{"nothing", (*siege).wait},
	{"idle connections", (*siege).idle},
	{"slow CONNECT", (*siege).slowConnect},
	{"lengths of 256 MiB", (*siege).hugeLengths},
	{"half CONNECT", (*siege).halfConnects},
	{"half packets from one address", func(s *siege) string { return s.halfPackets(1) }},
	{"half packets from many addresses", func(s *siege) string { return s.halfPackets(500) }},
	{"connections per second", (*siege).connects},
	{"flood at QoS 1", func(s *siege) string { return s.flood(1, 1, 0) }},
	{"flood at QoS 0", func(s *siege) string { return s.flood(1, 0, 0) }},
	{"flood of large messages at QoS 0", func(s *siege) string { return s.flood(50, 0, 60_000) }},
	{"flood of large messages at QoS 1", func(s *siege) string { return s.flood(50, 1, 60_000) }},
	{"subscribers that never read, QoS 0", func(s *siege) string { return s.subscribers(0, false) }},
	{"subscribers that never read, QoS 1", func(s *siege) string { return s.subscribers(1, false) }},
	{"subscribers that never acknowledge", func(s *siege) string { return s.subscribers(1, true) }},
	{"deep topics and filters", (*siege).deep},
	{"subscriptions", (*siege).filters},
	{"retained messages", (*siege).retained},
	{"properties", (*siege).properties},
	{"messages of megabytes", (*siege).megabytes},
	{"client ids", (*siege).clientIDs},
	{"QoS 2 never released", (*siege).unreleased},
}

func (s *siege) wait() string {
	time.Sleep(s.lasts())
	return "waited"
}

func (s *siege) idle() string {
	f := s.foes(s.many(1, 20))
	n := f.come(s.many(100, 10_000), func(int, *foe) error { return nil })
	s.wait()
	return fmt.Sprintf("%d idle connections, %d still open", n, f.alive())
}

func (s *siege) slowConnect() string {
	f := s.foes(s.many(1, 5))
	packet := connectPacket(strings.Repeat("s", 200))
	n := f.come(s.many(50, 2000), func(_ int, one *foe) error { _, err := one.conn.Write(packet[:2]); return err })
	pause := s.lasts() / 20
	for i := 2; i < 22; i++ {
		for _, one := range f.all {
			one.conn.Write(packet[i : i+1])
		}
		time.Sleep(pause)
	}
	return fmt.Sprintf("%d trickled", n)
}

func (s *siege) hugeLengths() string {
	f := s.foes(s.many(1, 5))
	header := []byte{0x30, 0xFF, 0xFF, 0xFF, 0x7F}
	before := f.come(s.many(20, 1000), func(_ int, one *foe) error { _, err := one.conn.Write(append([]byte{0x10}, header[1:]...)); return err })
	after := f.come(s.many(20, 1000), func(i int, one *foe) error {
		if err := one.login(fmt.Sprintf("huge-%d", i)); err != nil {
			return err
		}
		_, err := one.conn.Write(header)
		return err
	})
	s.wait()
	return fmt.Sprintf("%d before login, %d after, %d still open", before, after, f.alive())
}

func (s *siege) halfConnects() string {
	f := s.foes(s.many(1, 5))
	packet := control(0x10, text("MQTT"), []byte{4, 0xC2, 0, 0}, text("half"), text("user"), text(strings.Repeat("p", 16_000)))
	n := f.come(s.many(50, 2048), func(_ int, one *foe) error { _, err := one.conn.Write(packet[:len(packet)-1]); return err })
	s.wait()
	return fmt.Sprintf("%d of %d bytes", n, len(packet)-1)
}

func (s *siege) halfPackets(addresses int) string {
	f := s.foes(s.many(1, addresses))
	packet := publishPacket(packetTopic, strings.Repeat("x", 64_000), 1, 1)
	n := f.come(s.many(50, 2000), func(i int, one *foe) error {
		if err := one.login(fmt.Sprintf("half-%d", i)); err != nil {
			return err
		}
		_, err := one.conn.Write(packet[:len(packet)-1])
		return err
	})
	s.wait()
	return fmt.Sprintf("%d logged in and sent %d bytes of a PUBLISH, %d still open", n, len(packet)-1, f.alive())
}

func (s *siege) connects() string {
	n := 0
	for end := time.Now().Add(s.lasts()); time.Now().Before(end); {
		begin := time.Now()
		f := &foes{s: s, to: s.addr, from: 1}
		n += f.come(s.many(10, 250), func(i int, one *foe) error { return one.login(fmt.Sprintf("again-%d", i)) })
		f.end()
		time.Sleep(time.Until(begin.Add(250 * time.Millisecond)))
	}
	return fmt.Sprintf("%d logins in %s", n, s.lasts())
}

// flood publishes as fast as the hub takes it, each message a packet of its own.
func (s *siege) flood(clients int, qos byte, size int) string {
	f := s.foes(1)
	var sent atomic.Int64
	end := time.Now().Add(s.lasts())
	n := min(clients, s.many(5, clients))
	f.come(n, func(i int, one *foe) error {
		if err := one.login(fmt.Sprintf("flood-%d", i)); err != nil {
			return err
		}
		go func() {
			for {
				if _, _, err := one.read(); err != nil {
					return
				}
			}
		}()
		topic := fmt.Sprintf("meshcore/SEA/%064X/packets", 0xF000+i)
		for id := uint16(1); time.Now().Before(end); id++ {
			message := fatMessage(i<<20+int(sent.Add(1)), size)
			one.conn.SetWriteDeadline(end)
			if _, err := one.conn.Write(publishPacket(topic, message, qos, max(id, 1))); err != nil {
				return err
			}
		}
		return nil
	})
	return fmt.Sprintf("%d clients sent %d messages of %d bytes more", n, sent.Load(), size)
}

// subscribers subscribe to everything and do not read, or read and do not
// acknowledge, while there is a flood of middling messages.
func (s *siege) subscribers(qos byte, read bool) string {
	f := s.foes(1)
	n := f.come(s.many(20, 900), func(i int, one *foe) error {
		if err := one.login(fmt.Sprintf("sub-%d", i)); err != nil {
			return err
		}
		if _, err := one.conn.Write(subscribePacket(qos, "meshcore/#")); err != nil {
			return err
		}
		_, _, err := one.read()
		if read {
			go func() {
				for err == nil {
					_, _, err = one.read()
				}
			}()
		}
		return err
	})
	return fmt.Sprintf("%d subscribers, ", n) + s.flood(1, 1, 50_000)
}

func (s *siege) deep() string {
	f := s.foes(1)
	levels := strings.Repeat("a/", 30_000) // the longest that a control packet may have
	var sent atomic.Int64
	end := time.Now().Add(s.lasts())
	f.come(10, func(i int, one *foe) error {
		if err := one.login(fmt.Sprintf("deep-%d", i)); err != nil {
			return err
		}
		for time.Now().Before(end) {
			for _, filter := range []string{levels + "#", strings.Repeat("+/", 30_000) + "#"} {
				if _, err := one.conn.Write(subscribePacket(1, filter)); err != nil {
					return err
				}
				if _, _, err := one.read(); err != nil {
					return err
				}
			}
			if err := one.publishAcked(levels, "x", 1); err != nil {
				return err
			}
			sent.Add(1)
		}
		return nil
	})
	return fmt.Sprintf("%d topics of 30 000 levels, twice as many filters", sent.Load())
}
