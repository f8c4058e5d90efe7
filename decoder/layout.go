package decoder

// Field is one field of a frame, as bytes.
type Field struct {
	Name   string
	Offset int // bytes from the start of the frame
	Size   int // bytes, at least 1
}

// FieldUnread is the name of bytes that no rule reads: what is cut from an
// advert, what follows a mistake, the tail of a fixed form.
const FieldUnread = "unread"

// Layout says which bytes of a frame are which field, in order and without gaps.
// It reads as Decode does and returns its error, with the fields before it. What
// is sealed is one field.
func Layout(raw []byte) ([]Field, error) {
	var read []Field
	_, err := readFrame(&cursor{buf: raw, fields: &read})
	fields := make([]Field, 0, len(read)+1)
	end := 0
	for _, f := range read {
		if f.Size == 0 {
			continue
		}
		if f.Offset > end {
			fields = append(fields, Field{Name: FieldUnread, Offset: end, Size: f.Offset - end})
		}
		fields = append(fields, f)
		end = f.Offset + f.Size
	}
	if end < len(raw) {
		fields = append(fields, Field{Name: FieldUnread, Offset: end, Size: len(raw) - end})
	}
	return fields, err
}
