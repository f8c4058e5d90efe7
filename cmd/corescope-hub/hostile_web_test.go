package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// webAttacks are those over HTTP, and what else keeps a hub busy without saying
// anything.
var webAttacks = []attack{
	{"pings", (*siege).pings},
	{"pings at each WebSocket frame", func(s *siege) string { return s.webSockets(frame(0x89, "ping")) }},
	{"empty WebSocket fragments", func(s *siege) string { return s.webSockets(frame(0x00, "")) }},
	{"WebSocket frames of a byte", func(s *siege) string { return s.webSockets(frame(0x82, "\xC0") + frame(0x82, "\x00")) }},
	{"event streams that nobody reads", (*siege).eventStreams},
	{"backups that nobody reads", (*siege).backups},
	{"PROXY headers that lie", (*siege).proxyHeaders},
	{"logins with forged tokens", (*siege).forgedTokens},
	{"messages of no observer", func(s *siege) string { return s.small("other/x") }},
	{"messages that are refused", func(s *siege) string { return s.small("$SYS/x") }},
}

// flooded lets n clients log in and write the same over and over, reading nothing.
func (s *siege) flooded(n int, to string, begin func(i int, one *foe) error, again string) (wrote int64) {
	f := s.foes(1)
	f.to = to
	var sum atomic.Int64
	end := time.Now().Add(s.lasts())
	many := []byte(strings.Repeat(again, 1+2000/len(again)))
	f.come(n, func(i int, one *foe) error {
		if err := begin(i, one); err != nil {
			return err
		}
		for time.Now().Before(end) {
			one.conn.SetWriteDeadline(end)
			wrote, err := one.conn.Write(many)
			sum.Add(int64(wrote))
			if err != nil {
				return err
			}
		}
		return nil
	})
	return sum.Load()
}

func (s *siege) pings() string {
	n := s.flooded(s.many(5, 50), s.addr, func(i int, one *foe) error { return one.login(fmt.Sprintf("ping-%d", i)) }, "\xC0\x00")
	return fmt.Sprintf("%d PINGREQ", n/2)
}

// small messages at QoS 0, which nobody keeps.
func (s *siege) small(topic string) string {
	again := string(publishPacket(topic, "x", 0, 0))
	n := s.flooded(s.many(5, 50), s.addr, func(i int, one *foe) error { return one.login(fmt.Sprintf("small-%d", i)) }, again)
	return fmt.Sprintf("%d messages", n/int64(len(again)))
}

// frame is a WebSocket frame of a client, masked with zeros (RFC 6455, 5.2).
func frame(first byte, payload string) string {
	head := []byte{first, 0x80 | byte(len(payload))}
	if len(payload) > 125 {
		head = binary.BigEndian.AppendUint16([]byte{first, 0x80 | 126}, uint16(len(payload)))
	}
	return string(head) + "\x00\x00\x00\x00" + payload
}

// upgrade makes a WebSocket of the connection, and logs in over it.
func (f *foe) upgrade(host, id string) error {
	fmt.Fprintf(f.conn, "GET /mqtt HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n", host)
	answer, err := http.ReadResponse(f.in, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("no WebSocket: %v, %w", answer, err)
	}
	_, err = f.conn.Write([]byte(frame(0x82, string(connectPacket(id)))))
	return err
}

func (s *siege) webSockets(again string) string {
	n := s.flooded(s.many(5, 50), s.web, func(i int, one *foe) error {
		if err := one.upgrade(s.web, fmt.Sprintf("ws-%d", i)); err != nil {
			return err
		}
		if again[0] != 0x00 {
			return nil
		}
		_, err := one.conn.Write([]byte(frame(0x02, "\xC0"))) // a message that has no end
		return err
	}, again)
	return fmt.Sprintf("%d bytes of frames", n)
}

// eventStreams follow everything and read nothing, from many addresses, while
// there is a flood to be shown.
func (s *siege) eventStreams() string {
	f := s.foes(s.many(2, 20))
	f.to = s.web
	n := f.come(s.many(20, 400), func(_ int, one *foe) error {
		fmt.Fprintf(one.conn, "GET /api/events HTTP/1.1\r\nHost: %s\r\n\r\n", s.web)
		answer, err := http.ReadResponse(bufio.NewReaderSize(one.conn, 256), nil)
		if err == nil && answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s", answer.Status)
		}
		return err
	})
	return fmt.Sprintf("%d streams let in, ", n) + s.flood(1, 1, 0)
}

func (s *siege) backups() string {
	f := s.foes(s.many(2, 20))
	f.to = s.web
	n := f.come(s.many(10, 100), func(_ int, one *foe) error {
		_, err := fmt.Fprintf(one.conn, "POST /api/console/backup HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\n\r\n", s.web)
		return err
	})
	return fmt.Sprintf("%d backups asked for, ", n) + s.flood(1, 1, 0)
}

// proxyHeaders say that their client is on this machine; nobody trusts them.
func (s *siege) proxyHeaders() string {
	f := s.foes(1)
	v2 := "\r\n\r\n\x00\r\nQUIT\n\x21\x11\xFF\xFF"
	in := f.come(s.many(20, 2000), func(i int, one *foe) error {
		lie := []string{
			"PROXY TCP4 127.0.0.1 127.0.0.1 1 1\r\n", "PROXY UNKNOWN\r\n", "PROXY " + strings.Repeat("x", 200), v2, "PROXY",
		}[i%5]
		one.conn.Write([]byte(lie))
		return one.login(fmt.Sprintf("lie-%d", i))
	})
	return fmt.Sprintf("%d of them let in", in)
}

// forgedTokens are logins whose check costs most: large, and with a signature of
// the right form. Here they are as good as none, which is enough on this machine.
func (s *siege) forgedTokens() string {
	f := s.foes(1)
	key := strings.Repeat("AB", 32)
	end := time.Now().Add(s.lasts())
	var tried, in atomic.Int64
	for time.Now().Before(end) {
		f.come(64, func(i int, one *foe) error {
			defer one.conn.Close()
			tried.Add(1)
			head := []string{"eyJhbGciOiJFZDI1NTE5IiwidHlwIjoiSldUIn0", "eyJhbGciOiJub25lIn0", strings.Repeat("A", 7000)}[i%3]
			token := head + "." + strings.Repeat("e30", 2000) + "." + strings.Repeat("0", 128)
			err := one.loginWith(control(0x10, text("MQTT"), []byte{4, 0xC2, 0, 0}, text(fmt.Sprint("token-", i)), text("v1_"+key), text(token)))
			if err == nil {
				in.Add(1)
			}
			return err
		})
		f.end()
	}
	return fmt.Sprintf("%d forged tokens, %d let in as guests", tried.Load(), in.Load())
}
