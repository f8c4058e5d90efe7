package report

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"corescope-hub/decoder"
)

// open opens what p carries, and says what became of that in the words for its
// MAC.
func (r *Reporter) open(p *decoder.Packet) (parts []Part, mac string) {
	var err error
	switch v := p.Payload.(type) {
	case *decoder.GroupText:
		if m, ok := r.channels.OpenText(v); ok {
			parts = groupPart(m.Channel, rows(m.Plaintext, m.Layout(), textMeaning(m.TextType(), m.Attempt(), 0)))
		} else {
			_, _, err = r.channels.Open(&v.GroupSealed)
		}
	case *decoder.GroupData:
		if m, ok := r.channels.OpenData(v); ok {
			parts = groupPart(m.Channel, rows(m.Plaintext, m.Layout(), dataMeaning))
		} else {
			_, _, err = r.channels.Open(&v.GroupSealed)
		}
	case *decoder.Text:
		all, e := r.nodes.OpenText(v)
		parts, err = partOf(all, directPart), e
	case *decoder.Request:
		all, e := r.nodes.OpenRequest(v)
		parts, err = partOf(all, requestPart), e
	case *decoder.Response:
		all, e := r.nodes.OpenResponse(v)
		parts, err = partOf(all, r.responsePart), e
	case *decoder.ReturnedPath:
		all, e := r.nodes.OpenPath(v)
		parts, err = partOf(all, r.pathPart), e
	case *decoder.AnonRequest:
		all, e := r.nodes.OpenAnon(v)
		parts, err = partOf(all, r.anonPart), e
	}
	switch {
	case errors.Is(err, decoder.ErrNotBlockMultiple):
		return nil, "verifies, but the blocks are not whole"
	case err != nil:
		return nil, "sealed: no key fits"
	}
	return parts, "verifies"
}

func groupPart(channel string, rows []Row) []Part {
	return []Part{{Title: "plaintext, channel " + called(channel), Rows: rows}}
}

func partOf[T any](all []T, part func(*T) Part) []Part {
	parts := make([]Part, len(all))
	for i := range all {
		parts[i] = part(&all[i])
		if parts[i].Title = "plaintext"; i > 0 {
			parts[i].Title = "plaintext, if it is between these two"
		}
	}
	return parts
}

// between is who wrote to whom.
func between(o *decoder.Opening) []Fact {
	return []Fact{{"from", hex.EncodeToString(o.Source[:])}, {"to", hex.EncodeToString(o.Dest[:])}}
}

func directPart(m *decoder.DirectMessage) Part {
	meaning := textMeaning(m.TextType(), m.Attempt(), m.HiddenAttempt)
	return Part{Rows: rows(m.Plaintext, m.Layout(), meaning), Facts: withAck(between(&m.Opening), m.ExpectedAck)}
}

func withAck(facts []Fact, expected func() ([4]byte, bool)) []Fact {
	if sum, ok := expected(); ok {
		facts = append(facts, Fact{"expects ACK", hex.EncodeToString(sum[:])})
	}
	return facts
}

func textMeaning(kind decoder.TextType, attempt, hidden uint8) meaningFunc {
	return func(f decoder.Field, _ []byte) string {
		switch f.Name {
		case "flags":
			return fmt.Sprintf("%s, attempt %d", textKind(kind), attempt)
		case "author":
			return "start of the author's key"
		case "text":
			if hidden != 0 {
				return fmt.Sprintf("%s, then attempt %d", value(f.Value), hidden)
			}
		}
		return ""
	}
}

func textKind(k decoder.TextType) string {
	switch k {
	case decoder.TextPlain:
		return "plain text"
	case decoder.TextCLI:
		return "command or reply"
	case decoder.TextSigned:
		return "signed text"
	}
	return fmt.Sprintf("text of unknown type %d", k)
}

func dataMeaning(f decoder.Field, b []byte) string {
	switch f.Name {
	case "data type":
		return fmt.Sprintf("0x%04x", f.Value)
	case "data length":
		return count(int(small(f)), "byte")
	case "data":
		return count(len(b), "byte")
	}
	return ""
}

func requestPart(m *decoder.RequestMessage) Part {
	return Part{Rows: rows(m.Plaintext, m.Layout(), requestMeaning), Facts: withAck(between(&m.Opening), m.ExpectedAck)}
}

func requestMeaning(f decoder.Field, _ []byte) string {
	switch f.Name {
	case "type":
		return decoder.RequestType(small(f)).String()
	case "inverse permission mask":
		return "wants " + telemetryParts((&decoder.TelemetryParams{InverseMask: small(f)}).Mask())
	case "start", "end":
		return span(f.Value) + " ago"
	case "order":
		return ordering(small(f))
	case "prefix size":
		return count(int(small(f)), "byte") + " of each public key"
	}
	return ""
}

func telemetryParts(mask uint8) string {
	var words []string
	for bit, name := range []string{"base", "location", "environment"} {
		if mask&(1<<bit) != 0 {
			words = append(words, name)
		}
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

func ordering(by uint8) string {
	if names := []string{"newest first", "oldest first", "strongest first", "weakest first"}; int(by) < len(names) {
		return names[by]
	}
	return "unknown order"
}

func (r *Reporter) responsePart(m *decoder.ResponseMessage) Part {
	return Part{Rows: rows(m.Plaintext, m.Layout(r.hint), r.answerMeaning),
		Facts: append(between(&m.Opening), r.unread(m.Reply)...)}
}

// unread says why a body was not read to its end.
func (r *Reporter) unread(reply decoder.Reply) []Fact {
	if !r.hint.Valid() {
		return nil
	}
	if _, err := reply.Read(r.hint); err != nil {
		return []Fact{{"body", fmt.Sprintf("not all is %s: in it, %v", r.hint.Kind, err)}}
	}
	return nil
}

func (r *Reporter) pathPart(m *decoder.PathMessage) Part {
	facts := between(&m.Opening)
	if m.Err != nil {
		facts = append(facts, Fact{"path", m.Err.Error()})
	}
	if reply, ok := m.Reply(); ok {
		facts = append(facts, r.unread(reply)...)
	}
	return Part{Rows: rows(m.Plaintext, m.Layout(r.hint), oneOf(r.pathMeaning(m), r.answerMeaning)), Facts: facts}
}

func (r *Reporter) pathMeaning(m *decoder.PathMessage) meaningFunc {
	return func(f decoder.Field, _ []byte) string {
		switch f.Name {
		case "path length":
			return pathLength(decoder.Path{LengthByte: small(f)})
		case "path":
			return "to the sender by " + hops(m.Path)
		case "extra type":
			if m.ExtraType == decoder.ExtraNone {
				return "nothing more"
			}
			return m.ExtraType.String()
		case "extra":
			return "filler, or padding"
		}
		return ""
	}
}

func (r *Reporter) anonPart(m *decoder.AnonMessage) Part {
	facts := between(&m.Opening)
	if r.destRole == decoder.RoleNone {
		facts = append(facts, Fact{"read as", "by a repeater; name another dest_role in the keys"})
	}
	return Part{Rows: rows(m.Plaintext, m.Layout(r.destRole), anonMeaning(m.Read(r.destRole))), Facts: facts}
}

func anonMeaning(body decoder.AnonBody) meaningFunc {
	return func(f decoder.Field, _ []byte) string {
		q, _ := body.(*decoder.AnonQuery)
		switch {
		case f.Name == "query":
			return q.Query.String()
		case f.Name == "path length":
			return pathLength(decoder.Path{LengthByte: small(f)})
		case f.Name == "path":
			return "answer by " + hops(q.ReplyPath)
		}
		return ""
	}
}
