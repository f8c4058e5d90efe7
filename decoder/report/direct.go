package report

import (
	"encoding/hex"

	"corescope-hub/decoder"
)

func sealed(s *decoder.Sealed) Object {
	var o Object
	o.add("dest_hash", hexByte(s.Dest))
	o.add("src_hash", hexByte(s.Source))
	o.add("mac", hex.EncodeToString(s.MAC[:]))
	o.add("ciphertext_len", len(s.Ciphertext))
	return o
}

func (r *Reporter) text(t *decoder.Text) (Object, []decoder.Warning) {
	all, err := r.nodes.OpenText(t)
	if err != nil {
		return shut(sealed(&t.Sealed), err), nil
	}
	return opened(sealed(&t.Sealed), all, directMessage), all[0].Warnings()
}

func (r *Reporter) request(q *decoder.Request, route decoder.RouteType) (Object, []decoder.Warning) {
	all, err := r.nodes.OpenRequest(q)
	if err != nil {
		return shut(sealed(&q.Sealed), err), nil
	}
	return opened(sealed(&q.Sealed), all, requestMessage), all[0].Warnings(route)
}

func (r *Reporter) response(p *decoder.Response) Object {
	all, err := r.nodes.OpenResponse(p)
	if err != nil {
		return shut(sealed(&p.Sealed), err)
	}
	return opened(sealed(&p.Sealed), all, r.responseMessage)
}

func (r *Reporter) returnedPath(p *decoder.ReturnedPath) Object {
	all, err := r.nodes.OpenPath(p)
	if err != nil {
		return shut(sealed(&p.Sealed), err)
	}
	return opened(sealed(&p.Sealed), all, r.pathMessage)
}

// opened adds what a box between two nodes says: the first way in which it opens
// as "decrypted", any others as "also_decrypted".
func opened[T any](o Object, all []T, report func(*T) Object) Object {
	o.add("decrypted", report(&all[0]))
	if len(all) > 1 {
		others := make([]Object, len(all)-1)
		for i := range others {
			others[i] = report(&all[i+1])
		}
		o.add("also_decrypted", others)
	}
	return o
}

func opening(p *decoder.Opening) Object {
	var o Object
	o.add("src_pub", hex.EncodeToString(p.Source[:]))
	o.add("dest_pub", hex.EncodeToString(p.Dest[:]))
	o.add("plaintext", hex.EncodeToString(p.Plaintext))
	return o
}

func directMessage(m *decoder.DirectMessage) Object {
	o := opening(&m.Opening)
	o.add("timestamp", m.Timestamp)
	o.add("txt_type", uint8(m.TextType()))
	o.add("attempt", m.Attempt())
	if m.Author != nil {
		o.add("sender_prefix", hex.EncodeToString(m.Author))
	}
	o.addText("text", m.Text)
	if m.HiddenAttempt != 0 {
		o.add("ext_attempt", m.HiddenAttempt)
	}
	addAck(&o, m.ExpectedAck)
	return o
}

func addAck(o *Object, expected func() ([4]byte, bool)) {
	if sum, ok := expected(); ok {
		o.add("expected_ack", hex.EncodeToString(sum[:]))
	}
}

func (r *Reporter) pathMessage(m *decoder.PathMessage) Object {
	o := opening(&m.Opening)
	if m.Err != nil {
		o.add("path_error", "bad_path_len")
		return o
	}
	o.add("path_hash_size", m.Path.HashSize())
	o.add("hop_count", m.Path.HopCount())
	o.add("path", list(m.Path.HopCount(), m.Path.Hop))
	o.add("extra_type", uint8(m.ExtraType))
	o.add("extra_hex", hex.EncodeToString(m.Extra))
	if sum, ok := m.AckSum(); ok {
		o.add("ack", hex.EncodeToString(sum[:]))
	}
	if reply, ok := m.Reply(); ok {
		r.addReply(&o, reply)
	}
	return o
}
