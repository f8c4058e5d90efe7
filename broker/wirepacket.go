package broker

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// plainTopic says whether a message may have this topic.
func plainTopic(topic string) bool {
	if topic == "" || !utf8.ValidString(topic) || refuseTopic(topic) {
		return false
	}
	for _, r := range topic {
		if r == 0 || r == '+' || r == '#' {
			return false
		}
	}
	return true
}

// otherID makes a SUBSCRIBE whose packet id is counted from the other end. The
// library begins with 1 on every connection, and brokers made of mochi-mqtt take
// a SUBSCRIBE for wrong whose id is that of a message they wait to have
// acknowledged.
func otherID(subscribe []byte) []byte {
	p := bytes.Clone(subscribe)
	_, n := binary.Uvarint(p[1:])
	id := p[1+n:]
	binary.BigEndian.PutUint16(id, ^binary.BigEndian.Uint16(id))
	return p
}

// readSubscribe takes a SUBSCRIBE apart, as the library writes it.
func readSubscribe(p []byte) (id uint16, filters int, ok bool) {
	size, n := binary.Uvarint(p[1:])
	if n <= 0 || uint64(len(p)-1-n) != size || size < 2 {
		return 0, 0, false
	}
	body := p[1+n:]
	id, body = binary.BigEndian.Uint16(body), body[2:]
	for len(body) > 0 {
		if len(body) < 2 {
			return 0, 0, false
		}
		end := 2 + int(binary.BigEndian.Uint16(body)) + 1 // and its QoS
		if end > len(body) {
			return 0, 0, false
		}
		body = body[end:]
		filters++
	}
	return id, filters, true
}
