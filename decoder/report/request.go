package report

import (
	"encoding/hex"
	"errors"

	"corescope-hub/decoder"
)

func requestMessage(m *decoder.RequestMessage) Object {
	o := opening(&m.Opening)
	o.add("timestamp", m.Timestamp)
	o.add("req_type", uint8(m.Kind))
	o.add("req_name", m.Kind.String())
	switch p := m.Params.(type) {
	case *decoder.KeepAliveParams:
		o.add("sync_since", p.SyncSince)
	case *decoder.TelemetryParams:
		o.add("inv_perm_mask", p.InverseMask)
		o.add("perm_mask", p.Mask())
	case *decoder.SeriesParams:
		o.add("start_secs_ago", p.StartSecsAgo)
		o.add("end_secs_ago", p.EndSecsAgo)
		o.add("res1", p.Reserved[0])
		o.add("res2", p.Reserved[1])
	case *decoder.AccessListParams:
		o.add("res1", p.Reserved[0])
		o.add("res2", p.Reserved[1])
	case *decoder.NeighboursParams:
		o.add("req_version", p.Version)
		o.add("count", p.Count)
		o.add("offset", p.Offset)
		o.add("order_by", p.OrderBy)
		o.add("pubkey_prefix_len", p.PrefixSize)
	default:
		o.add("data_hex", hex.EncodeToString(m.Data))
	}
	addAck(&o, m.ExpectedAck)
	return o
}

func (r *Reporter) anonRequest(a *decoder.AnonRequest, route decoder.RouteType) (Object, []decoder.Warning) {
	var o Object
	o.add("dest_hash", hexByte(a.Dest))
	o.add("sender_pub", hex.EncodeToString(a.SenderKey[:]))
	o.add("mac", hex.EncodeToString(a.MAC[:]))
	o.add("ciphertext_len", len(a.Ciphertext))
	all, err := r.nodes.OpenAnon(a)
	if err != nil {
		return shut(o, err), nil
	}
	var warnings []decoder.Warning
	if q, ok := all[0].Read(r.destRole).(*decoder.AnonQuery); ok {
		warnings = q.Warnings(route)
	}
	return opened(o, all, r.anonMessage), warnings
}

func (r *Reporter) anonMessage(m *decoder.AnonMessage) Object {
	o := opening(&m.Opening)
	o.add("timestamp", m.Timestamp)
	if r.destRole == decoder.RoleNone {
		o.add("dest_role_assumed", decoder.RoleRepeater.String())
	}
	switch b := m.Read(r.destRole).(type) {
	case *decoder.AnonLogin:
		o.add("kind", "login")
		if b.SyncSince != nil {
			o.add("sync_since", *b.SyncSince)
		}
		o.addText("password", b.Password)
	case *decoder.AnonQuery:
		o = append(o, anonQuery(b)...)
	}
	return o
}

func anonQuery(q *decoder.AnonQuery) Object {
	var o Object
	if errors.Is(q.Err, decoder.ErrUnknownQuery) {
		o.add("kind", "unknown")
		o.add("anon_type", uint8(q.Query))
		return o
	}
	o.add("kind", q.Query.String())
	o.add("anon_type", uint8(q.Query))
	o.add("reply_path_valid", q.Err == nil)
	if q.Err == nil {
		o.add("reply_path_hash_size", q.ReplyPath.HashSize())
		o.add("reply_hop_count", q.ReplyPath.HopCount())
		o.add("reply_path", list(q.ReplyPath.HopCount(), q.ReplyPath.Hop))
	}
	return o
}
