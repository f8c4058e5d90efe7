package report

import (
	"encoding/hex"
	"errors"

	"corescope-hub/decoder"
)

func groupSealed(g *decoder.GroupSealed) Object {
	var o Object
	o.add("channel_hash", hexByte(g.ChannelHash))
	o.add("mac", hex.EncodeToString(g.MAC[:]))
	o.add("ciphertext_len", len(g.Ciphertext))
	return o
}

func (r *Reporter) notOpened(o Object, g *decoder.GroupSealed) Object {
	_, _, err := r.channels.Open(g)
	return shut(o, err)
}

// shut adds that a box stayed shut, and why if its MAC did verify.
func shut(o Object, err error) Object {
	o.add("decrypted", nil)
	if errors.Is(err, decoder.ErrNotBlockMultiple) {
		o.add("decrypt_error", "not_block_multiple")
	}
	return o
}

func (r *Reporter) groupText(g *decoder.GroupText) (Object, []decoder.Warning) {
	o := groupSealed(&g.GroupSealed)
	m, ok := r.channels.OpenText(g)
	if !ok {
		return r.notOpened(o, &g.GroupSealed), nil
	}
	var d Object
	d.add("channel", m.Channel)
	d.add("plaintext", hex.EncodeToString(m.Plaintext))
	d.add("timestamp", m.Timestamp)
	d.add("txt_type", uint8(m.TextType()))
	d.add("attempt", m.Attempt())
	if m.TextType() == decoder.TextPlain {
		d.addText("text", m.Text)
		if sender, message, ok := m.Split(); ok && text(m.Text) != nil {
			d.add("sender", text(sender))
			d.add("message", text(message))
		}
	}
	o.add("decrypted", d)
	return o, m.Warnings()
}

func (r *Reporter) groupData(g *decoder.GroupData) Object {
	o := groupSealed(&g.GroupSealed)
	m, ok := r.channels.OpenData(g)
	if !ok {
		return r.notOpened(o, &g.GroupSealed)
	}
	var d Object
	d.add("channel", m.Channel)
	d.add("plaintext", hex.EncodeToString(m.Plaintext))
	d.add("data_type", m.DataType)
	d.add("data_len", m.Length)
	if m.Data == nil {
		d.add("data_error", "data_len_exceeds")
	} else {
		d.add("data", hex.EncodeToString(m.Data))
	}
	o.add("decrypted", d)
	return o
}
