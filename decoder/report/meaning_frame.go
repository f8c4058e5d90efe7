package report

import (
	"fmt"
	"strings"

	"corescope-hub/decoder"
)

// routing knows the fields before the payload. Without a packet, of a frame that
// is refused, it says what they say by themselves.
type routing struct {
	r *Reporter
	p *decoder.Packet
}

func (m routing) meaning(f decoder.Field, _ []byte) string {
	switch f.Name {
	case "header":
		h := decoder.Header(small(f))
		return fmt.Sprintf("%s, %s, version %d", h.Route(), h.Type(), h.Version())
	case "transport code 0":
		return fmt.Sprintf("0x%04x: %s", f.Value, m.scope())
	case "transport code 1":
		return fmt.Sprintf("0x%04x: home region, unused", f.Value)
	case "path length":
		return m.pathLength(decoder.Path{LengthByte: small(f)})
	case "path":
		return m.path()
	case decoder.FieldUnread:
		return "not read"
	}
	return ""
}

func (m routing) scope() string {
	switch {
	case m.p == nil || m.r.regions == nil:
		return "scope"
	case m.p.TransportCodes[0] == 0:
		return "no scope"
	}
	if region, ok := m.r.region(m.p).(string); ok {
		return "scope " + called(region)
	}
	return "scope, none of the regions given"
}

// pathLength reads a path length byte; a size of 4 is reserved.
func pathLength(p decoder.Path) string {
	return fmt.Sprintf("%s, path hashes of %s", count(p.HopCount(), "hop"), count(p.HashSize(), "byte"))
}

func (m routing) pathLength(p decoder.Path) string {
	if m.p != nil && m.p.Type() == decoder.TypeTrace {
		return count(p.HopCount(), "hop") + " done, an SNR of each"
	}
	return pathLength(p)
}

func (m routing) path() string {
	if m.p == nil {
		return "the hops"
	}
	if t, ok := m.p.Payload.(*decoder.Trace); ok {
		words := make([]string, len(t.SNRs))
		for i, v := range t.SNRs {
			words[i] = snr(v)
		}
		return "heard with " + strings.Join(words, ", ")
	}
	if m.p.Route.IsFlood() {
		return "travelled " + hops(m.p.Path)
	}
	return "to go " + hops(m.p.Path)
}

// payloadMeaning knows the fields of the payload as it is on the air.
func payloadMeaning(p *decoder.Packet, sealed string) meaningFunc {
	switch v := p.Payload.(type) {
	case *decoder.Incomplete:
		return only("data", fmt.Sprintf("too short: %s takes %d bytes", v.Of, v.Need))
	case *decoder.Advert:
		return advertMeaning(v)
	case *decoder.Trace:
		return traceMeaning(v)
	case *decoder.Multipart:
		return multipartMeaning(v)
	case *decoder.Control:
		return controlMeaning(v)
	case *decoder.RawCustom:
		return only("data", "the application knows")
	case *decoder.Unassigned:
		return only("data", "of an unassigned type")
	}
	return sealedMeaning(sealed)
}

func only(field, meaning string) meaningFunc {
	return func(f decoder.Field, _ []byte) string {
		if f.Name == field {
			return meaning
		}
		return ""
	}
}

func sealedMeaning(state string) meaningFunc {
	return func(f decoder.Field, b []byte) string {
		switch f.Name {
		case "channel hash":
			return "names the channel"
		case "sender key":
			return "the sender's public key"
		case "MAC":
			return state
		case "ciphertext":
			return fmt.Sprintf("%s, AES-128", count(len(b), "byte"))
		}
		return ""
	}
}

func advertMeaning(a *decoder.Advert) meaningFunc {
	return func(f decoder.Field, _ []byte) string {
		switch f.Name {
		case "public key":
			return "the node"
		case "signature":
			if a.Verify() {
				return "valid"
			}
			return "NOT valid: forged or damaged"
		case "flags":
			return advertFlags(decoder.AdvertFlags(small(f)))
		case "latitude", "longitude":
			return degrees(f)
		case decoder.FieldUnread:
			if a.Err != nil {
				return "less than the flags promise"
			}
			if a.Cut {
				return "beyond what is signed and read"
			}
		}
		return ""
	}
}

// degrees reads millionths of a degree, as adverts have them.
func degrees(f decoder.Field) string { return number(float64(integer(f.Value))/1e6) + "°" }

func advertFlags(flags decoder.AdvertFlags) string {
	words := []string{flags.Role().String()}
	for _, has := range []struct {
		it   bool
		name string
	}{
		{flags.HasLocation(), "location"}, {flags.HasFeat1(), "feature 1"},
		{flags.HasFeat2(), "feature 2"}, {flags.HasName(), "name"},
	} {
		if has.it {
			words = append(words, has.name)
		}
	}
	return strings.Join(words, ", ")
}

func traceMeaning(t *decoder.Trace) meaningFunc {
	return func(f decoder.Field, _ []byte) string {
		switch f.Name {
		case "flags":
			return "path hashes of " + count(t.HashSize, "byte")
		case "hashes":
			return "asked for " + joined(t.HopCount(), t.Hop)
		case "trailing":
			return "does not fill a path hash"
		}
		return ""
	}
}

func multipartMeaning(m *decoder.Multipart) meaningFunc {
	return func(f decoder.Field, _ []byte) string {
		switch f.Name {
		case "remaining and inner type":
			return fmt.Sprintf("%s inside, %d more to come", m.InnerType, m.Remaining)
		case "inner":
			return "not an ACK"
		}
		return ""
	}
}

func controlMeaning(c *decoder.Control) meaningFunc {
	return func(f decoder.Field, _ []byte) string {
		switch f.Name {
		case "sub-type and flags":
			return controlKind(c)
		case "type filter":
			return "asks every " + roles(small(f))
		case "SNR":
			return snr(f.Value) + ", of the request"
		case "public key":
			return "the node"
		case "data":
			return "of an unknown sub-type"
		case decoder.FieldUnread:
			if c.Response != nil {
				return "a public key has 8 or 32 bytes"
			}
		}
		return ""
	}
}

func controlKind(c *decoder.Control) string {
	switch {
	case c.Request != nil && c.Request.PrefixOnly:
		return "discovery request, for key prefixes"
	case c.Request != nil:
		return "discovery request"
	case c.Response != nil:
		return "discovery response of a " + c.Response.Role.String()
	}
	return fmt.Sprintf("sub-type %d, flags %d", c.SubType(), c.Flags())
}

// roles names the bits of a filter.
func roles(filter uint8) string {
	var words []string
	for role := range decoder.Role(8) {
		if filter&(1<<role) != 0 {
			words = append(words, role.String())
		}
	}
	if len(words) == 0 {
		return "nobody"
	}
	return strings.Join(words, ", ")
}
