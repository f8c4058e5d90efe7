package ingest

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
)

// maxRedactDepth is deeper than anything that observers send.
const maxRedactDepth = 16

// withheld are what names of members are about that a limited viewer does not
// get, in lower case, letters and digits only: how well an observer hears, and
// what it is.
var withheld = []string{"snr", "rssi", "score", "stats", "noisefloor", "model", "firmware"}

// gaugeNames are members of stats that old observers send beside it.
var gaugeNames = []string{
	"batterymv", "uptimesecs", "txairsecs", "rxairsecs", "recverrors", "errors", "queuelen", "debugflags", "internalheap",
	"packetssent", "packetsrecv", "packetsreceived", "recv", "sent", "floodtx", "directtx", "floodrx", "directrx",
}

// redactedLeafs are the topics whose payload is known to be JSON of which the
// withheld members can be told. A debug line may hold anything.
var redactedLeafs = []string{leafPackets, leafStatus, leafRaw, "decoded", "neighbors"}

// Redact returns a payload without signal strengths, score, statistics, model
// and firmware, for viewers who are not to know them; an empty one stays, as it
// deletes a retained message. It returns false for anything that it does not
// understand, which such viewers do not get at all.
func Redact(name string, payload []byte) ([]byte, bool) {
	t, reason := parseTopic(name)
	switch {
	case reason != "" || t.form == formForeign:
		return nil, false
	case t.form != formChannel && t.form != formDirect && !slices.Contains(redactedLeafs, t.leaf):
		return nil, false
	case len(payload) == 0:
		return payload, true
	case !bytes.HasPrefix(bytes.TrimLeft(payload, " \t\r\n"), []byte{'{'}):
		return nil, false
	}
	var out bytes.Buffer
	w := redactor{in: json.NewDecoder(bytes.NewReader(payload)), out: &out}
	w.in.UseNumber()
	if !w.value(0) {
		return nil, false
	}
	if _, err := w.in.Token(); err != io.EOF {
		return nil, false
	}
	return out.Bytes(), true
}

// redactor copies JSON, member by member.
type redactor struct {
	in  *json.Decoder
	out *bytes.Buffer
}

// value copies one value; false when it cannot be read.
func (w *redactor) value(depth int) bool {
	token, err := w.in.Token()
	if err != nil || depth > maxRedactDepth {
		return false
	}
	switch v := token.(type) {
	case json.Delim:
		if v == '{' {
			return w.object(depth)
		}
		return v == '[' && w.array(depth)
	case string:
		return w.text(v)
	case json.Number:
		w.out.WriteString(v.String())
	case bool:
		w.out.WriteString(map[bool]string{true: "true", false: "false"}[v])
	default:
		w.out.WriteString("null")
	}
	return true
}

func (w *redactor) object(depth int) bool {
	w.out.WriteByte('{')
	first := true
	for w.in.More() {
		name, err := w.in.Token()
		if err != nil {
			return false
		}
		text, _ := name.(string)
		keep := w.out.Len()
		if !first {
			w.out.WriteByte(',')
		}
		if !w.text(text) {
			return false
		}
		w.out.WriteByte(':')
		if !w.value(depth + 1) {
			return false
		}
		if isWithheld(text) {
			w.out.Truncate(keep)
			continue
		}
		first = false
	}
	_, err := w.in.Token()
	w.out.WriteByte('}')
	return err == nil
}

func (w *redactor) array(depth int) bool {
	w.out.WriteByte('[')
	for n := 0; w.in.More(); n++ {
		if n > 0 {
			w.out.WriteByte(',')
		}
		if !w.value(depth + 1) {
			return false
		}
	}
	_, err := w.in.Token()
	w.out.WriteByte(']')
	return err == nil
}

// text writes a string as JSON.
func (w *redactor) text(s string) bool {
	e := json.NewEncoder(w.out)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return false
	}
	w.out.Truncate(w.out.Len() - 1) // its line end
	return true
}

// isWithheld judges a member by the letters and digits of its name: clients
// write SNR and last_snr, firmware and firmware_version.
func isWithheld(name string) bool {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, name)
	return slices.Contains(gaugeNames, plain) ||
		slices.ContainsFunc(withheld, func(about string) bool { return strings.Contains(plain, about) })
}
