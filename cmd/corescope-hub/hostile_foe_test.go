package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// foe speaks MQTT by the byte, well or badly. Its connection may end at any
// moment: that is what it is there for.
type foe struct {
	conn net.Conn
	in   *bufio.Reader
}

func newFoe(conn net.Conn) *foe { return &foe{conn, bufio.NewReaderSize(conn, 512)} }

func text(s string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...)
}

// control makes a control packet.
func control(header byte, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	return append(binary.AppendUvarint([]byte{header}, uint64(len(body))), body...) // MQTT's variable length is the same code
}

func connectPacket(id string) []byte {
	return control(0x10, text("MQTT"), []byte{4, 2, 0, 0}, text(id))
}

func (f *foe) login(id string) error { return f.loginWith(connectPacket(id)) }

func (f *foe) loginWith(connect []byte) error {
	if _, err := f.conn.Write(connect); err != nil {
		return err
	}
	header, body, err := f.read()
	if err == nil && (header != 0x20 || len(body) < 2 || body[1] != 0) {
		err = fmt.Errorf("answer % x % x", header, body)
	}
	return err
}

func (f *foe) read() (header byte, body []byte, err error) {
	f.conn.SetReadDeadline(time.Now().Add(patience))
	if header, err = f.in.ReadByte(); err != nil {
		return 0, nil, err
	}
	n, err := binary.ReadUvarint(f.in)
	if err != nil || n > 1<<20 {
		return 0, nil, errors.Join(err, errors.New("no length"))
	}
	body = make([]byte, n)
	_, err = io.ReadFull(f.in, body)
	return header, body, err
}

// publishAcked publishes at QoS 1 and waits for the acknowledgement.
func (f *foe) publishAcked(topic, payload string, id uint16) error {
	if _, err := f.conn.Write(publishPacket(topic, payload, 1, id)); err != nil {
		return err
	}
	header, body, err := f.read()
	if err == nil && (header != 0x40 || len(body) < 2 || binary.BigEndian.Uint16(body) != id) {
		err = fmt.Errorf("answer % x % x", header, body)
	}
	return err
}

func publishPacket(topic, payload string, qos byte, id uint16) []byte {
	parts := [][]byte{text(topic)}
	if qos > 0 {
		parts = append(parts, binary.BigEndian.AppendUint16(nil, id))
	}
	return control(0x30|qos<<1, append(parts, []byte(payload))...)
}

func subscribePacket(qos byte, filters ...string) []byte {
	parts := [][]byte{{0, 1}}
	for _, f := range filters {
		parts = append(parts, text(f), []byte{qos})
	}
	return control(0x82, parts...)
}

// fatMessage is one that is stored, with n bytes that nobody needs.
func fatMessage(number, n int) string {
	m := packetMessage(number)
	return m[:len(m)-1] + `,"x":"` + strings.Repeat("x", n) + `"}`
}

// foes are connections that stay open until the attack is over.
type foes struct {
	s    *siege
	to   string // HOST:PORT
	mu   sync.Mutex
	all  []*foe
	from int // addresses that they come from
}

// foes prepares attackers from that many addresses.
func (s *siege) foes(addresses int) *foes {
	f := &foes{s: s, to: s.addr, from: addresses}
	s.t.Cleanup(f.end)
	return f
}

// come opens n connections, some at a time, and does each on its own goroutine,
// which may fail: whoever attacks is cut off. It returns how many did not.
func (f *foes) come(n int, each func(i int, one *foe) error) (done int) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, 64)
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			conn, err := f.s.dialFrom(2, i%f.from, f.to)
			if err != nil {
				return
			}
			one := newFoe(conn)
			f.mu.Lock()
			f.all = append(f.all, one)
			f.mu.Unlock()
			if each(i, one) == nil {
				mu.Lock()
				done++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return done
}

// alive is how many connections the hub has not ended.
func (f *foes) alive() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range f.all {
		one.conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, err := io.Copy(io.Discard, one.conn)
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			n++
		}
	}
	return n
}

func (f *foes) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range f.all {
		one.conn.Close()
	}
	f.all = nil
}
