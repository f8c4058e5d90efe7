package main

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

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
