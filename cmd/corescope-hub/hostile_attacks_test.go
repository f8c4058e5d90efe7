package main

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
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

// filters asks for as many and as deep subscriptions as are to be had.
func (s *siege) filters() string {
	f := s.foes(s.many(1, 5))
	var granted atomic.Int64
	n := f.come(s.many(20, 2000), func(i int, one *foe) error {
		if err := one.login(fmt.Sprintf("filters-%d", i)); err != nil {
			return err
		}
		for j := range 64 {
			filter := fmt.Sprintf("a/b%d/%d/%d/%d/%d/%d/%s", i, j, j, j, j, j, strings.Repeat("x", 180))
			if _, err := one.conn.Write(subscribePacket(0, filter)); err != nil {
				return err
			}
			_, body, err := one.read()
			if err != nil {
				return err
			}
			if body[len(body)-1] == 0 {
				granted.Add(1)
			}
		}
		return nil
	})
	return fmt.Sprintf("%d clients, %d subscriptions granted", n, granted.Load())
}

// retained fills the retained messages with the largest that are taken.
func (s *siege) retained() string {
	f := s.foes(1)
	n := s.many(10, 50)
	f.come(n, func(i int, one *foe) error {
		if err := one.login(fmt.Sprintf("retained-%d", i)); err != nil {
			return err
		}
		for j := range s.many(20, 400) {
			topic := fmt.Sprintf("a/b%d/%d/%d/%d/%d/%d/%s", i, j, j, j, j, j, strings.Repeat("x", 180))
			p := publishPacket(topic, strings.Repeat("y", 3800), 1, 1)
			p[0] |= 1
			one.conn.Write(p)
			if _, _, err := one.read(); err != nil {
				return err
			}
		}
		return nil
	})
	return fmt.Sprintf("%d retained messages of 4 KiB", n*s.many(20, 400))
}

// properties sends MQTT 5 packets full of the smallest user properties, which
// take more memory than room in the packet.
func (s *siege) properties() string {
	f := s.foes(s.many(1, 5))
	user := func(bytes int) []byte {
		props := []byte(strings.Repeat("\x26\x00\x00\x00\x00", bytes/5))
		return append(binary.AppendUvarint(nil, uint64(len(props))), props...)
	}
	connect := func(id string) []byte {
		return control(0x10, text("MQTT"), []byte{5, 2, 0, 0}, user(15_000), text(id))
	}
	publish := func(topic string) []byte {
		return control(0x33, text(topic), []byte{0, 1}, user(60_000), []byte("{}"))
	}
	n := f.come(s.many(20, 1900), func(i int, one *foe) error {
		if err := one.loginWith(connect(fmt.Sprintf("props-%d", i))); err != nil {
			return err
		}
		if _, err := one.conn.Write(publish(fmt.Sprintf("meshcore/a/b%d", i))); err != nil {
			return err
		}
		_, _, err := one.read()
		return err
	})
	return fmt.Sprintf("%d clients with 3 000 properties, and 12 000 in a retained message each", n)
}

func (s *siege) megabytes() string {
	f := s.foes(1)
	packet := publishPacket(packetTopic, strings.Repeat("x", 8<<20), 1, 1)
	n := s.many(10, 200)
	ended := f.come(n, func(i int, one *foe) error {
		if err := one.login(fmt.Sprintf("big-%d", i)); err != nil {
			return err
		}
		one.conn.SetWriteDeadline(time.Now().Add(s.lasts()))
		_, err := one.conn.Write(packet)
		return err
	})
	return fmt.Sprintf("%d messages of 8 MiB, %d taken", n, ended)
}

func (s *siege) clientIDs() string {
	f := s.foes(1)
	ids := []string{"", "\x00", "a\x00b", "\u202Eevil", "\xff\xfe", "$SYS", "#", "+/+", "../../etc", strings.Repeat("x", 10_000),
		"mochi", "inline", "hub", "\r\nSet-Cookie: x", "<script>", "honest-0\x00", " ", "\ufeff", "%s%n", "';--"}
	in := f.come(len(ids), func(i int, one *foe) error { return one.login(ids[i]) })
	return fmt.Sprintf("%d of %d odd client ids let in", in, len(ids))
}

// unreleased begins as many QoS 2 handshakes as are to be had and ends none.
func (s *siege) unreleased() string {
	f := s.foes(s.many(1, 5))
	var begun atomic.Int64
	var mu sync.Mutex
	n := f.come(s.many(10, 300), func(i int, one *foe) error {
		if err := one.login(fmt.Sprintf("qos2-%d", i)); err != nil {
			return err
		}
		for id := uint16(1); id <= uint16(s.many(50, 1000)); id++ {
			if _, err := one.conn.Write(publishPacket("meshcore/a", "{}", 2, id)); err != nil {
				return err
			}
			header, _, err := one.read()
			if err != nil || header != 0x50 {
				return err
			}
			mu.Lock()
			begun.Add(1)
			mu.Unlock()
		}
		return nil
	})
	return fmt.Sprintf("%d clients, %d handshakes begun", n, begun.Load())
}
