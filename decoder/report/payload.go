package report

import (
	"encoding/binary"
	"encoding/hex"

	"corescope-hub/decoder"
)

// payload reports what p carries, and the warnings that only opening it shows.
func (r *Reporter) payload(p *decoder.Packet) (Object, []decoder.Warning) {
	switch v := p.Payload.(type) {
	case *decoder.GroupText:
		return r.groupText(v)
	case *decoder.GroupData:
		return r.groupData(v), nil
	case *decoder.AnonRequest:
		return r.anonRequest(v, p.Route)
	case *decoder.Request:
		return r.request(v, p.Route)
	case *decoder.Response:
		return r.response(v), nil
	case *decoder.Text:
		return r.text(v)
	case *decoder.ReturnedPath:
		return r.returnedPath(v), nil
	case *decoder.Ack:
		return ack(v), nil
	case *decoder.Advert:
		return advert(v), nil
	case *decoder.Trace:
		return trace(v), nil
	case *decoder.Multipart:
		return multipart(v), nil
	case *decoder.Control:
		return control(v), nil
	case *decoder.RawCustom:
		return Object{{"data_hex", hex.EncodeToString(v.Data)}}, nil
	case *decoder.Unassigned:
		return Object{{"data_hex", hex.EncodeToString(v.Data)}}, nil
	}
	return Object{}, nil
}

func ack(a *decoder.Ack) Object {
	var o Object
	o.add("ack", hex.EncodeToString(a.Sum[:]))
	o.add("ack_u32", binary.LittleEndian.Uint32(a.Sum[:]))
	o.add("ack_len", len(a.Sum)+len(a.Extra))
	if len(a.Extra) > 0 {
		o.add("extra_hex", hex.EncodeToString(a.Extra))
	}
	if len(a.Extra) == 2 {
		o.add("ack_attempt", a.Extra[0])
		o.add("ack_rand", a.Extra[1])
	}
	return o
}

func trace(t *decoder.Trace) Object {
	raw := make([]int, len(t.SNRs))
	db := make([]float64, len(t.SNRs))
	for i, snr := range t.SNRs {
		raw[i] = int(snr)
		db[i] = quarterDB(snr)
	}
	var o Object
	o.add("tag", t.Tag)
	o.add("auth_code", t.AuthCode)
	o.add("flags", t.Flags)
	o.add("hash_size", t.HashSize)
	o.add("hashes", list(t.HopCount(), t.Hop))
	o.add("snr_raw", raw)
	o.add("snr_db", db)
	o.add("complete", t.Complete())
	if len(t.Trailing) > 0 {
		o.add("trailing_hex", hex.EncodeToString(t.Trailing))
	}
	return o
}

func multipart(m *decoder.Multipart) Object {
	var o Object
	o.add("remaining", m.Remaining)
	o.add("inner_type", uint8(m.InnerType))
	o.add("inner_name", m.InnerType.String())
	o.add("inner_hex", hex.EncodeToString(m.Inner))
	if m.InnerAck != nil {
		o.add("inner_ack", ack(m.InnerAck))
	}
	return o
}

func control(c *decoder.Control) Object {
	var o Object
	o.add("sub_type", c.SubType())
	o.add("flags", c.Flags())
	o.add("zero_hop_only", c.ZeroHopOnly())
	switch {
	case c.Request != nil:
		o.add("discover_req", Object{
			{"prefix_only", c.Request.PrefixOnly},
			{"type_filter", c.Request.TypeFilter},
			{"tag", c.Request.Tag},
			{"since", c.Request.Since},
		})
	case c.Response != nil:
		o.add("discover_resp", Object{
			{"node_type", uint8(c.Response.Role)},
			{"role", c.Response.Role.String()},
			{"snr_raw", c.Response.SNR},
			{"snr_db", quarterDB(c.Response.SNR)},
			{"tag", c.Response.Tag},
			{"pubkey", hex.EncodeToString(discoveredKey(c))},
		})
	default:
		o.add("data_hex", hex.EncodeToString(c.Data))
	}
	return o
}

// discoveredKey is what stands in the place of the public key, of whatever
// length: the reader sees whether it is one.
func discoveredKey(c *decoder.Control) []byte {
	const snrAndTag = 5
	return c.Data[snrAndTag:min(len(c.Data), snrAndTag+32)]
}

// quarterDB turns quarters of a dB, as the wire has SNRs, into dB.
func quarterDB(snr int8) float64 { return float64(snr) / 4 }

func hexByte(b uint8) string { return hex.EncodeToString([]byte{b}) }
