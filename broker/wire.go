package broker

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
)

// wire is the connection to an upstream, below the client library. It hands the
// library whole control packets, and only such as it can bear: the library
// allocates whatever a length field says, ends the program over a SUBACK with a
// return code too many, takes an unknown CONNACK code for a yes, and waits
// without limit for a write.
type wire struct {
	net.Conn
	r         *bufio.Reader
	most      int           // bytes of one control packet
	idle      time.Duration // an upstream that lets so much pass without a control packet is gone
	writeWait time.Duration // likewise one that takes nothing of what is written

	buf     []byte // of the control packet at hand
	frame   []byte // what the library has not read of it
	greeted bool   // CONNACK has come
	refusal byte   // its code; 0 when it said yes
	mark    byte   // the code by which a listener of our own answers; 0 for none
	self    bool   // one did

	mu    sync.Mutex     // held to write
	asked map[uint16]int // filters of each SUBSCRIBE that has no answer yet, by packet id
}

// errBroken begins every complaint about what an upstream sends.
var errBroken = errors.New("the upstream breaks the protocol")

func newWire(conn net.Conn, most int, idle, writeWait time.Duration) *wire {
	return &wire{
		Conn: conn, r: bufio.NewReaderSize(conn, 4<<10), most: most, idle: idle, writeWait: writeWait,
		asked: map[uint16]int{},
	}
}

// Read implements io.Reader for the library, the only reader there is.
func (w *wire) Read(p []byte) (int, error) {
	if len(w.frame) == 0 {
		if err := w.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, w.frame)
	w.frame = w.frame[n:]
	return n, nil
}

// Write implements io.Writer. The library writes one control packet at a time.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(p) > 0 && p[0]>>4 == packets.Subscribe {
		if id, filters, ok := readSubscribe(p); ok {
			w.asked[id] = filters
			p = otherID(p)
		}
	}
	if w.writeWait > 0 {
		w.Conn.SetWriteDeadline(time.Now().Add(w.writeWait)) // a connection that cannot shows itself in Write
	}
	return w.Conn.Write(p)
}

// next reads one control packet into frame.
func (w *wire) next() error {
	if w.greeted && w.r.Buffered() == 0 { // until then the deadline of the login holds
		w.Conn.SetReadDeadline(time.Now().Add(w.idle))
	}
	header, err := w.r.ReadByte()
	if err != nil {
		return w.silence(err)
	}
	kind := header >> 4
	if !w.greeted && kind != packets.Connack {
		return fmt.Errorf("%w: it begins with a control packet of kind %d, not with a CONNACK", errBroken, kind)
	}
	size, err := w.size()
	if err != nil {
		return w.silence(err)
	}
	if kind == packets.Publish && size > w.most {
		err = w.shorten(header, size)
	} else if size > w.most {
		return fmt.Errorf("%w: a control packet of kind %d with %d bytes", errBroken, kind, size)
	} else if err = w.body(header, size); err == nil {
		err = w.check(kind)
	}
	return w.silence(err)
}

// silence words what ends a connection without a word from the upstream.
func (w *wire) silence(err error) error {
	var timeout net.Error
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the upstream closed the connection")
	case w.greeted && errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("the upstream does not answer: no whole control packet in %s", w.idle)
	}
	return err
}

// size reads a remaining length: MQTT 3.1.1, 2.2.3.
func (w *wire) size() (int, error) {
	n := 0
	for shift := 0; shift < 28; shift += 7 {
		b, err := w.r.ReadByte()
		if err != nil {
			return 0, err
		}
		n |= int(b&0x7f) << shift
		if b&0x80 == 0 {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%w: a length of more than four bytes", errBroken)
}

// body reads the rest of a control packet, the length before it written anew.
func (w *wire) body(header byte, size int) error {
	w.buf = binary.AppendUvarint(append(w.buf[:0], header), uint64(size)) // MQTT's variable length is the same code
	start := len(w.buf)
	if need := start + size; cap(w.buf) < need {
		w.buf = append(make([]byte, 0, need), w.buf...)
	}
	w.buf = w.buf[:start+size]
	if _, err := io.ReadFull(w.r, w.buf[start:]); err != nil {
		return err
	}
	w.frame = w.buf
	return nil
}

// payload is what follows header and length of the control packet at hand.
func (w *wire) payload() []byte {
	_, n := binary.Uvarint(w.buf[1:])
	return w.buf[1+n:]
}

// check judges the control packet at hand.
func (w *wire) check(kind byte) error {
	body := w.payload()
	switch kind {
	case packets.Connack:
		return w.checkConnack(body)
	case packets.Publish:
		return w.checkPublish(body)
	case packets.Suback:
		return w.checkSuback(body)
	case packets.Pubrel:
		if len(body) != 2 {
			return fmt.Errorf("%w: a PUBREL of %d bytes", errBroken, len(body))
		}
		return nil
	case packets.Pingresp:
		if len(body) != 0 {
			return fmt.Errorf("%w: a PINGRESP of %d bytes", errBroken, len(body))
		}
		return nil
	}
	// We publish at QoS 0 and never unsubscribe, so nothing else is an answer.
	return fmt.Errorf("%w: nobody asked for a control packet of kind %d", errBroken, kind)
}

func (w *wire) checkConnack(body []byte) error {
	const lastCode = 5 // MQTT 3.1.1, 3.2.2.3
	if !w.greeted && len(body) == 2 && w.mark != 0 && body[1] == w.mark {
		w.self = true
		return errSelf
	}
	if w.greeted || len(body) != 2 || body[1] > lastCode {
		return fmt.Errorf("%w: not a CONNACK that it may send: % x", errBroken, body[:min(len(body), 8)])
	}
	w.greeted, w.refusal = true, body[1]
	return nil
}

func (w *wire) checkSuback(body []byte) error {
	if len(body) < 2 {
		return fmt.Errorf("%w: a SUBACK of %d bytes", errBroken, len(body))
	}
	id := ^binary.BigEndian.Uint16(body)
	binary.BigEndian.PutUint16(body, id)
	w.mu.Lock()
	defer w.mu.Unlock()
	filters, known := w.asked[id]
	if !known || len(body)-2 != filters {
		return fmt.Errorf("%w: a SUBACK with %d codes for %d filters", errBroken, len(body)-2, filters)
	}
	delete(w.asked, id)
	return nil
}

// checkPublish lets pass what can be acknowledged. A topic that nobody may use
// becomes refusedTopic: the message is acknowledged in its turn, and not kept.
func (w *wire) checkPublish(body []byte) error {
	qos := w.buf[0] >> 1 & 3
	if qos == 3 {
		return fmt.Errorf("%w: a PUBLISH at QoS 3", errBroken)
	}
	id := 0 // bytes
	if qos > 0 {
		id = 2
	}
	if len(body) < 2 || len(body) < 2+int(binary.BigEndian.Uint16(body))+id {
		return fmt.Errorf("%w: a PUBLISH that ends within its topic", errBroken)
	}
	n := 2 + int(binary.BigEndian.Uint16(body))
	if qos > 0 && binary.BigEndian.Uint16(body[n:]) == 0 {
		return fmt.Errorf("%w: a PUBLISH with packet id 0", errBroken)
	}
	if topic := string(body[2:n]); !plainTopic(topic) {
		w.refuse(w.buf[0], body[n:n+id])
	}
	return nil
}

// shorten reads a PUBLISH that is too large, piece by piece, and leaves of it a
// message to refusedTopic. Without its acknowledgement it would come again with
// every connection.
func (w *wire) shorten(header byte, size int) error {
	var length [2]byte
	if _, err := io.ReadFull(w.r, length[:]); err != nil {
		return err
	}
	topic := int(binary.BigEndian.Uint16(length[:]))
	id := make([]byte, min(header>>1&3, 1)*2)
	rest := size - len(length) - topic - len(id)
	if header>>1&3 == 3 || rest < 0 {
		return fmt.Errorf("%w: a PUBLISH of %d bytes that is none", errBroken, size)
	}
	if err := w.discard(topic); err != nil {
		return err
	}
	if _, err := io.ReadFull(w.r, id); err != nil {
		return err
	}
	if len(id) > 0 && binary.BigEndian.Uint16(id) == 0 {
		return fmt.Errorf("%w: a PUBLISH with packet id 0", errBroken)
	}
	if err := w.discard(rest); err != nil {
		return err
	}
	w.refuse(header, id)
	return nil
}

// discard reads n bytes; an upstream that sends slowly gets time for each piece.
func (w *wire) discard(n int) error {
	const piece = 64 << 10
	for ; n > 0; n -= piece {
		w.Conn.SetReadDeadline(time.Now().Add(w.idle))
		if _, err := w.r.Discard(min(n, piece)); err != nil {
			return err
		}
	}
	return nil
}

// refuse makes the control packet at hand an empty message to refusedTopic.
func (w *wire) refuse(header byte, id []byte) {
	size := 2 + len(refusedTopic) + len(id)
	frame := []byte{header, byte(size)}
	frame = binary.BigEndian.AppendUint16(frame, uint16(len(refusedTopic)))
	w.buf = append(append(frame, refusedTopic...), id...)
	w.frame = w.buf
}
