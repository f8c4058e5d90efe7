package report

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"unicode/utf8"
)

// Object is a JSON object whose members keep their order.
type Object []Member

// Member is one name and value of an Object.
type Member struct {
	Name  string
	Value any
}

// Get returns the value of the first member called name.
func (o Object) Get(name string) (any, bool) {
	for _, m := range o {
		if m.Name == name {
			return m.Value, true
		}
	}
	return nil, false
}

// MarshalJSON writes the members in order. Text is escaped as JSON asks for and
// no further: what is read from the air is not HTML.
func (o Object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := enc.Encode(m.Name); err != nil {
			return nil, err
		}
		b.Truncate(b.Len() - 1) // the newline that Encode adds
		b.WriteByte(':')
		if err := enc.Encode(m.Value); err != nil {
			return nil, err
		}
		b.Truncate(b.Len() - 1)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (o *Object) add(name string, value any) {
	*o = append(*o, Member{name, value})
}

// addText adds bytes that should be text: name as a string, or null when they
// are not valid UTF-8, and name_hex as they are.
func (o *Object) addText(name string, b []byte) {
	o.add(name+"_hex", hex.EncodeToString(b))
	o.add(name, text(b))
}

// text is b as a string, nil when it is not valid UTF-8.
func text(b []byte) any {
	if !utf8.Valid(b) {
		return nil
	}
	return string(b)
}

// list makes hex strings of n byte slices, never nil.
func list(n int, item func(int) []byte) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = hex.EncodeToString(item(i))
	}
	return out
}
