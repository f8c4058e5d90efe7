package broker

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"
)

// What the standards ask of a broker, case by case, at our own broker. Versions
// are those on the wire: 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5. Numbers like
// MQTT-3.1.0-2 are of the standard of version 5 unless said otherwise.

var versions = []byte{3, 4, 5}

// properties are those of a version 5 packet, with their length before them.
func properties(parts ...[]byte) []byte {
	b := packet(0, parts...)
	return b[1:]
}

func seconds(id byte, n uint32) []byte { return binary.BigEndian.AppendUint32([]byte{id}, n) }

func text(id byte, values ...string) []byte {
	b := []byte{id}
	for _, v := range values {
		b = append(b, str(v)...)
	}
	return b
}

// hello is a CONNECT with everything in it under the test's control. fields are
// what follows the properties.
func hello(version, flags byte, props []byte, fields ...[]byte) []byte {
	name := "MQTT"
	if version == 3 {
		name = "MQIsdp"
	}
	parts := [][]byte{str(name), {version, flags, 0, 0}}
	if version == 5 {
		if props == nil {
			props = properties()
		}
		parts = append(parts, props)
	}
	return packet(0x10, append(parts, fields...)...)
}

// greet sends a hello and returns the answer with the client.
func greet(t *testing.T, addr string, version, flags byte, props []byte, fields ...[]byte) (*rawClient, packets.Packet) {
	t.Helper()
	c := dialRaw(t, addr)
	c.version = version
	c.send(hello(version, flags, props, fields...))
	return c, c.expect(packets.Connack)
}

// expect reads a packet of that type.
func (c *rawClient) expect(kind byte) packets.Packet {
	c.t.Helper()
	h, body := c.read()
	pk := packets.Packet{ProtocolVersion: c.version}
	if err := pk.FixedHeader.Decode(h); err != nil {
		c.t.Fatalf("% x % x: %v", h, body, err)
	}
	pk.FixedHeader.Remaining = len(body)
	if pk.FixedHeader.Type != kind {
		c.t.Fatalf("got % x % x, want a packet of type %d", h, body, kind)
	}
	decode := map[byte]func([]byte) error{
		packets.Connack: pk.ConnackDecode, packets.Publish: pk.PublishDecode, packets.Puback: pk.PubackDecode,
		packets.Pubrec: pk.PubrecDecode, packets.Pubrel: pk.PubrelDecode, packets.Pubcomp: pk.PubcompDecode,
		packets.Suback: pk.SubackDecode, packets.Unsuback: pk.UnsubackDecode, packets.Disconnect: pk.DisconnectDecode,
	}[kind]
	if err := decode(body); err != nil {
		c.t.Fatalf("% x % x: %v", h, body, err)
	}
	return pk
}

// ask subscribes with those options and properties, and returns the reason code.
func (c *rawClient) ask(filter string, options byte, props ...[]byte) byte {
	c.t.Helper()
	parts := [][]byte{{0, 9}}
	if c.version == 5 {
		parts = append(parts, properties(props...))
	}
	c.send(packet(0x82, append(parts, str(filter), []byte{options})...))
	return c.expect(packets.Suback).ReasonCodes[0]
}

// say publishes at QoS 1, and waits for the acknowledgement.
func (c *rawClient) say(topic, payload string, retain bool, props ...[]byte) {
	c.t.Helper()
	header := byte(0x32)
	if retain {
		header++
	}
	parts := [][]byte{str(topic), {0, 7}}
	if c.version == 5 {
		parts = append(parts, properties(props...))
	}
	c.send(packet(header, append(parts, []byte(payload))...))
	c.expectAck(0x40, 7)
}

// connOf is the broker's side of a client's connection.
func (b running) connOf(c *rawClient) *conn {
	c.t.Helper()
	for _, open := range b.openConns() {
		if open.remote == c.conn.LocalAddr().String() {
			return open
		}
	}
	c.t.Fatal("the broker does not have the connection")
	return nil
}

// leaves ends the connection without a word, and waits until the broker knows.
func (b running) leaves(c *rawClient) {
	c.t.Helper()
	gone := b.connOf(c).gone
	c.conn.Close()
	<-gone
}

func eachVersion(t *testing.T, do func(t *testing.T, version byte)) {
	t.Helper()
	eachVersionFrom(t, versions[0], do)
}

// eachVersionFrom leaves out the versions of MQTT before one that brought
// something: their protocol level is lower.
func eachVersionFrom(t *testing.T, first byte, do func(t *testing.T, version byte)) {
	t.Helper()
	for _, version := range versions {
		if version < first {
			continue
		}
		t.Run(fmt.Sprintf("version %d", version), func(t *testing.T) {
			t.Parallel()
			do(t, version)
		})
	}
}
