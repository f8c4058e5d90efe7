package decoder

// Field is one field of a frame or of a plaintext, as bytes.
type Field struct {
	Name   string
	Offset int // bytes from the start of the frame or plaintext
	Size   int // bytes, at least 1

	// Value is what the bytes say by themselves: an integer as wide and as signed
	// as on the wire, a float64 for a scaled number, a Measurement for its data,
	// []byte for text, which ends at its first NUL and is not checked UTF-8. It is
	// nil for bytes that are just bytes.
	Value any
}

// FieldUnread is the name of bytes that no rule reads: what is cut from an
// advert, what follows a mistake, the tail of a fixed form, the padding of a
// plaintext.
const FieldUnread = "unread"

// Layout says which bytes of a frame are which field, in order and without gaps.
// It reads as Decode does and returns its error, with the fields before it. What
// is sealed is one field.
func Layout(raw []byte) (fields []Field, err error) {
	fields = layout(raw, func(c *cursor) { _, err = readFrame(c) })
	return fields, err
}

// Layout says which bytes of the plaintext are which field, as the function
// Layout does for a frame.
func (m *GroupMessage) Layout() []Field {
	return layout(m.Plaintext, func(c *cursor) { readGroupMessage(m.Channel, c) })
}

// Layout says which bytes of the plaintext are which field.
func (m *GroupDatagram) Layout() []Field {
	return layout(m.Plaintext, func(c *cursor) { readGroupDatagram(m.Channel, c) })
}

// Layout says which bytes of the plaintext are which field.
func (m *DirectMessage) Layout() []Field {
	return layout(m.Plaintext, func(c *cursor) { readDirectMessage(m.Opening, c) })
}

// Layout says which bytes of the plaintext are which field.
func (m *RequestMessage) Layout() []Field {
	return layout(m.Plaintext, func(c *cursor) { readRequestMessage(m.Opening, c) })
}

// Layout says which bytes of the plaintext are which field, read as the answer
// that h names. The body is one field when h does not say.
func (m *ResponseMessage) Layout(h Hint) []Field {
	return layout(m.Plaintext, func(c *cursor) { layoutReply(c, h) })
}

// Layout says which bytes of the plaintext are which field. A response that came
// with the path is read as the answer that h names.
func (m *PathMessage) Layout(h Hint) []Field {
	return layout(m.Plaintext, func(c *cursor) {
		readPathMessage(m.Opening, c)
		switch _, reply := m.Reply(); {
		case m.Err != nil:
		case reply:
			layoutReply(c, h)
		case m.ExtraType == TypeAck:
			readAck(c)
		default:
			c.rest("extra")
		}
	})
}

// Layout says which bytes of the plaintext are which field, read as a node of
// the given role does.
func (m *AnonMessage) Layout(receiver Role) []Field {
	return layout(m.Plaintext, func(c *cursor) {
		readAnonMessage(m.Opening, c)
		readAnonBody(receiver, c)
	})
}

func layoutReply(c *cursor, h Hint) {
	readReply(c)
	if read := h.reader(); read != nil {
		_, _ = read(c, h) // an error ends the fields
	} else {
		c.rest("body")
	}
}

// layout notes what read reads of b, and fills the gaps.
func layout(b []byte, read func(*cursor)) []Field {
	var noted []Field
	read(&cursor{buf: b, fields: &noted})
	fields := make([]Field, 0, len(noted)+1)
	end := 0
	for _, f := range noted {
		if f.Size == 0 {
			continue
		}
		if f.Offset > end {
			fields = append(fields, Field{Name: FieldUnread, Offset: end, Size: f.Offset - end})
		}
		fields = append(fields, f)
		end = f.Offset + f.Size
	}
	if end < len(b) {
		fields = append(fields, Field{Name: FieldUnread, Offset: end, Size: len(b) - end})
	}
	return fields
}
