package broker

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// rawClient speaks MQTT by the byte, so that a test sees exactly what the broker
// sends and when.
type rawClient struct {
	t       *testing.T
	conn    net.Conn
	r       *bufio.Reader
	version byte
}

const (
	patience         = 10 * time.Second
	beforeTheVerdict = 50 * time.Millisecond // long enough for an answer that must not come
)

func str(s string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...)
}

func packet(header byte, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	b := []byte{header}
	for n := len(body); ; {
		c := byte(n & 0x7f)
		n >>= 7
		if n > 0 {
			b = append(b, c|0x80)
			continue
		}
		return append(append(b, c), body...)
	}
}

// connectOptions describe a CONNECT.
type connectOptions struct {
	id        string
	version   byte // 3, 4 or 5; 0 means 4
	keepalive uint16
	persist   bool // clean session off
	willTopic string
	will      string
	retain    bool   // of the will
	user      string // with a password, which may be empty
	password  string
}

func (o connectOptions) packet() []byte {
	name := "MQTT"
	if o.version == 3 {
		name = "MQIsdp"
	}
	var flags byte
	if !o.persist {
		flags |= 2
	}
	if o.willTopic != "" {
		flags |= 4
		if o.retain {
			flags |= 0x20
		}
	}
	if o.user != "" {
		flags |= 0xC0
	}
	parts := [][]byte{str(name), {o.version, flags}, binary.BigEndian.AppendUint16(nil, o.keepalive)}
	if o.version == 5 {
		parts = append(parts, []byte{0})
	}
	parts = append(parts, str(o.id))
	if o.willTopic != "" {
		if o.version == 5 {
			parts = append(parts, []byte{0})
		}
		parts = append(parts, str(o.willTopic), str(o.will))
	}
	if o.user != "" {
		parts = append(parts, str(o.user), str(o.password))
	}
	return packet(0x10, parts...)
}

func dialRaw(t *testing.T, addr string) *rawClient {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &rawClient{t: t, conn: conn, r: bufio.NewReader(conn), version: 4}
}

// connect logs in and expects to be let in.
func connect(t *testing.T, addr string, o connectOptions) *rawClient {
	t.Helper()
	c := dialRaw(t, addr)
	c.login(o)
	return c
}

func (c *rawClient) login(o connectOptions) {
	c.t.Helper()
	if o.version == 0 {
		o.version = 4
	}
	c.version = o.version
	c.send(o.packet())
	header, body := c.read()
	if header != 0x20 || len(body) < 2 || body[1] != 0 {
		c.t.Fatalf("CONNACK: % x % x", header, body)
	}
}

func (c *rawClient) send(b []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

func (c *rawClient) publishPacket(topic, payload string, qos byte, id uint16, retain bool) []byte {
	header := 0x30 | qos<<1
	if retain {
		header |= 1
	}
	parts := [][]byte{str(topic)}
	if qos > 0 {
		parts = append(parts, binary.BigEndian.AppendUint16(nil, id))
	}
	if c.version == 5 {
		parts = append(parts, []byte{0})
	}
	return packet(header, append(parts, []byte(payload))...)
}

func (c *rawClient) publish(topic, payload string, qos byte, id uint16) {
	c.t.Helper()
	c.send(c.publishPacket(topic, payload, qos, id, false))
}

func (c *rawClient) subscribe(filter string, qos byte) {
	c.t.Helper()
	parts := [][]byte{{0, 1}}
	if c.version == 5 {
		parts = append(parts, []byte{0})
	}
	c.send(packet(0x82, append(parts, str(filter), []byte{qos})...))
	header, body := c.read()
	if header != 0x90 || body[len(body)-1] > 2 {
		c.t.Fatalf("SUBACK: % x % x", header, body)
	}
}

// next reads one control packet, or says why not.
func (c *rawClient) next(within time.Duration) (header byte, body []byte, err error) {
	c.conn.SetReadDeadline(time.Now().Add(within))
	if header, err = c.r.ReadByte(); err != nil {
		return 0, nil, err
	}
	n, err := binary.ReadUvarint(c.r) // MQTT's variable length is the same code
	if err != nil {
		return 0, nil, err
	}
	body = make([]byte, n)
	_, err = io.ReadFull(c.r, body)
	return header, body, err
}

func (c *rawClient) read() (byte, []byte) {
	c.t.Helper()
	header, body, err := c.next(patience)
	if err != nil {
		c.t.Fatalf("waiting for the broker: %v", err)
	}
	return header, body
}

// expectAck reads the acknowledgement of packet id.
func (c *rawClient) expectAck(header byte, id uint16) {
	c.t.Helper()
	h, body := c.read()
	if h != header || len(body) < 2 || binary.BigEndian.Uint16(body) != id {
		c.t.Fatalf("got % x % x, want header %x for packet id %d", h, body, header, id)
	}
}

// expectPublish reads a PUBLISH at QoS 0.
func (c *rawClient) expectPublish() (topic, payload string, retained bool) {
	c.t.Helper()
	h, body := c.read()
	if h&0xF0 != 0x30 {
		c.t.Fatalf("got % x % x, want a PUBLISH", h, body)
	}
	n := binary.BigEndian.Uint16(body)
	topic, body = string(body[2:2+n]), body[2+n:]
	if h&6 != 0 {
		body = body[2:]
	}
	if c.version == 5 {
		body = body[1+body[0]:]
	}
	return topic, string(body), h&1 != 0
}

// ping proves that the connection lives and that the broker has read all that
// was sent before.
func (c *rawClient) ping() {
	c.t.Helper()
	c.send([]byte{0xC0, 0})
	if h, body := c.read(); h != 0xD0 {
		c.t.Fatalf("got % x % x, want a PINGRESP", h, body)
	}
}

// expectClosed expects the broker to end the connection, sending nothing more.
func (c *rawClient) expectClosed() {
	c.t.Helper()
	h, body, err := c.next(patience)
	switch {
	case err == nil && h == 0xE0 && c.version == 5: // told why
		c.expectClosed()
	case err == nil:
		c.t.Fatalf("got % x % x, want the connection closed", h, body)
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.t.Fatal("the connection is still open")
	}
}

// secure goes on over TLS, whatever the certificate.
func (c *rawClient) secure() {
	c.t.Helper()
	over := tls.Client(c.conn, &tls.Config{InsecureSkipVerify: true})
	if err := over.Handshake(); err != nil {
		c.t.Fatal(err)
	}
	c.conn, c.r = over, bufio.NewReader(over)
}
