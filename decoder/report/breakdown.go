package report

import (
	"encoding/hex"
	"errors"
	"fmt"

	"corescope-hub/decoder"
)

// Breakdown is a frame taken apart for a person to read: the frame itself, then
// each way in which it opens. Its texts are printable and one line each, whatever
// the frame holds: what is from the air is quoted.
type Breakdown []Part

// Part is the frame, or the plaintext of what is sealed in it.
type Part struct {
	Title string
	Rows  []Row  // every byte, in order
	Facts []Fact // what no field says by itself
}

// Row is one field.
type Row struct {
	Offset  int // bytes from the start of the part
	Field   string
	Bytes   []byte // aliases the frame
	Meaning string
}

// Fact is a name and what there is to say.
type Fact struct{ Name, Value string }

// BreakdownHex takes the frame apart that s spells in hex digits.
func (r *Reporter) BreakdownHex(s string) Breakdown {
	raw, err := hex.DecodeString(s)
	if err != nil {
		return Breakdown{{Title: "refused: bad_hex", Facts: []Fact{{"why", badHex(s, err)}}}}
	}
	return r.Breakdown(raw)
}

func badHex(s string, err error) string {
	var bad hex.InvalidByteError
	if errors.As(err, &bad) {
		return fmt.Sprintf("%s is not a hex digit, in %.40q", quote([]byte{byte(bad)}), s)
	}
	return fmt.Sprintf("%d hex digits: a byte has two", len(s))
}

// Breakdown takes one frame apart. Of a frame that the firmware's receiver drops
// it says why, with the fields before the mistake.
func (r *Reporter) Breakdown(raw []byte) Breakdown {
	fields, err := decoder.Layout(raw)
	if err != nil {
		return Breakdown{{
			Title: "refused: " + reason(err),
			Rows:  rows(raw, fields, routing{}.meaning),
			Facts: []Fact{{"why", refusal(err, len(raw))}},
		}}
	}
	p, err := decoder.Decode(raw)
	if err != nil {
		panic(err) // Layout has read it
	}
	parts, sealed := r.open(p)
	meaning := oneOf(payloadMeaning(p, sealed), routing{r, p}.meaning)
	frame := Part{Title: title(p, len(raw)), Rows: rows(raw, fields, meaning), Facts: r.facts(p, raw)}
	return append(Breakdown{frame}, parts...)
}

func title(p *decoder.Packet, size int) string {
	return fmt.Sprintf("%s %s, %s, %s", p.Route, p.Type(), count(p.Path.HopCount(), "hop"), count(size, "byte"))
}

// refusal says what is wrong with a frame of size bytes.
func refusal(err error, size int) string {
	var e *decoder.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	switch {
	case errors.Is(err, decoder.ErrEmpty):
		return "there are no bytes"
	case errors.Is(err, decoder.ErrTruncated):
		return fmt.Sprintf("the frame ends early: %s takes %s at byte %d, and %d are left", e.Field, count(e.Value, "byte"), e.Offset, size-e.Offset)
	case errors.Is(err, decoder.ErrUnsupportedVersion):
		return fmt.Sprintf("payload version %d: the firmware reads only 0", e.Value)
	case errors.Is(err, decoder.ErrReservedPathMode):
		return "path hashes of 4 bytes are reserved"
	case errors.Is(err, decoder.ErrPathTooLong):
		return fmt.Sprintf("a path of %d bytes: the most is %d", e.Value, decoder.MaxPathSize)
	case errors.Is(err, decoder.ErrPayloadTooLong):
		return fmt.Sprintf("a payload of %d bytes: the most is %d", e.Value, decoder.MaxPayloadSize)
	}
	return err.Error()
}

// facts are what is known of the frame as a whole.
func (r *Reporter) facts(p *decoder.Packet, raw []byte) []Fact {
	hash := p.Hash()
	facts := []Fact{{"packet hash", hex.EncodeToString(hash[:])}}
	add := func(when bool, name, value string) {
		if when {
			facts = append(facts, Fact{name, value})
		}
	}
	short, isShort := p.Payload.(*decoder.Incomplete)
	if isShort {
		add(true, "payload", fmt.Sprintf("short: the firmware ignores fewer than %d bytes", short.Need))
	}
	if t, ok := p.Payload.(*decoder.Trace); ok {
		add(true, "hops done", fmt.Sprintf("%d of %d", len(t.SNRs), t.HopCount()))
	}
	add(p.IsShare(), "share", "a contact shared by an app, not heard from its node")
	add(p.Path.MaybeLegacy(), "path", "firmware before 1.14 means 64 hops of 1 byte by this path length")
	if ws, ok := r.Frame(raw).Get("warnings"); ok {
		for _, w := range ws.([]decoder.Warning) {
			add(true, "warning", fmt.Sprintf("%s: %s", w, warnings[w]))
		}
	}
	return facts
}

// warnings says what each warning means to a reader.
var warnings = map[decoder.Warning]string{
	decoder.WarnTraceNotDirect:          "the firmware ignores a TRACE that is flooded",
	decoder.WarnTracePathMode:           "the firmware ignores a TRACE whose path length names a path hash size",
	decoder.WarnControlNotZeroHopDirect: "the firmware takes this CONTROL only straight from its sender",
	decoder.WarnControlNotDirect:        "the firmware passes this CONTROL on only when it is direct",
	decoder.WarnRawNotDirect:            "the firmware ignores RAW_CUSTOM that is flooded",
	decoder.WarnMultipartInner:          "the firmware takes only an ACK inside",
	decoder.WarnUnknownPayloadType:      "the firmware neither reads nor forwards this type",
	decoder.WarnAppDataCut:              "the firmware cuts the appdata to 32 bytes",
	decoder.WarnGroupTextType:           "the firmware drops group text that is not plain",
	decoder.WarnTextType:                "the firmware ignores this type of text",
	decoder.WarnKeepAliveNotDirect:      "the firmware ignores a keep-alive that is flooded",
	decoder.WarnAnonQueryNotDirect:      "the firmware ignores a query that is flooded",
}

// rows puts the fields of b into words.
func rows(b []byte, fields []decoder.Field, meaning meaningFunc) []Row {
	all := make([]Row, len(fields))
	meaning = oneOf(meaning, commonMeaning)
	for i, f := range fields {
		all[i] = Row{Offset: f.Offset, Field: f.Name, Bytes: b[f.Offset : f.Offset+f.Size]}
		all[i].Meaning = meaning(f, all[i].Bytes)
	}
	return all
}
