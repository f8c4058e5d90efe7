package decoder

import (
	"bytes"
	"encoding/binary"
)

// cursor reads fields one after the other and never past its end. The first
// field that does not fit is remembered; from then on every read yields zero.
type cursor struct {
	buf    []byte
	off    int
	failed *Error
	fields *[]Field // where to note what was read; nil outside Layout
}

// err is nil while every field has fitted, else an *Error.
func (c *cursor) err() error {
	if c.failed == nil {
		return nil
	}
	return c.failed
}

// left is the number of bytes not yet read.
func (c *cursor) left() int { return len(c.buf) - c.off }

// bytes returns the next n bytes, aliasing the buffer and without spare
// capacity; nil when they are not all there.
func (c *cursor) bytes(field string, n int) []byte {
	if c.failed != nil {
		return nil
	}
	if n < 0 || n > c.left() {
		c.failed = &Error{Field: field, Offset: c.off, Value: n, Err: ErrTruncated}
		return nil
	}
	if c.fields != nil {
		*c.fields = append(*c.fields, Field{Name: field, Offset: c.off, Size: n})
	}
	b := c.buf[c.off : c.off+n : c.off+n]
	c.off += n
	return b
}

// rest returns all that is left as one field, which may be empty.
func (c *cursor) rest(field string) []byte { return c.bytes(field, c.left()) }

// ahead is all that is left, without reading it.
func (c *cursor) ahead() []byte { return c.buf[c.off:len(c.buf):len(c.buf)] }

// peek is the next byte, without reading it; 0 when there is none.
func (c *cursor) peek() uint8 {
	if c.failed != nil || c.left() == 0 {
		return 0
	}
	return c.buf[c.off]
}

// part is a cursor over at most the next n bytes; offsets go on counting from
// the start of the whole buffer.
func (c *cursor) part(n int) cursor {
	end := c.off + min(n, c.left())
	return cursor{buf: c.buf[:end:end], off: c.off, failed: c.failed, fields: c.fields}
}

func (c *cursor) uint8(field string) uint8 {
	b := c.bytes(field, 1)
	if b == nil {
		return 0
	}
	if c.fields != nil {
		c.note(b[0])
	}
	return b[0]
}

func (c *cursor) int8(field string) int8 {
	v := int8(c.uint8(field))
	if c.fields != nil {
		c.note(v)
	}
	return v
}

func (c *cursor) uint16(field string) uint16 {
	b := c.bytes(field, 2)
	if b == nil {
		return 0
	}
	v := binary.LittleEndian.Uint16(b)
	if c.fields != nil {
		c.note(v)
	}
	return v
}

func (c *cursor) int16(field string) int16 {
	v := int16(c.uint16(field))
	if c.fields != nil {
		c.note(v)
	}
	return v
}

func (c *cursor) uint32(field string) uint32 {
	b := c.bytes(field, 4)
	if b == nil {
		return 0
	}
	v := binary.LittleEndian.Uint32(b)
	if c.fields != nil {
		c.note(v)
	}
	return v
}

func (c *cursor) int32(field string) int32 {
	v := int32(c.uint32(field))
	if c.fields != nil {
		c.note(v)
	}
	return v
}

// text returns all that is left as one field, to its first NUL.
func (c *cursor) text(field string) []byte {
	b := cString(c.rest(field))
	if c.fields != nil {
		c.note(b)
	}
	return b
}

// note adds to the field just read what its bytes mean. Callers ask whether
// anybody wants to know first: to pass a number here costs an allocation.
func (c *cursor) note(value any) {
	if c.failed == nil {
		(*c.fields)[len(*c.fields)-1].Value = value
	}
}

// cString is b to its first NUL, as the firmware's C strings end.
func cString(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i:i]
	}
	return b
}
