package report

import (
	"encoding/hex"
	"errors"

	"corescope-hub/decoder"
)

func (r *Reporter) responseMessage(m *decoder.ResponseMessage) Object {
	o := opening(&m.Opening)
	r.addReply(&o, m.Reply)
	return o
}

// addReply adds the tag and, when the keys say what was asked, the answer.
func (r *Reporter) addReply(o *Object, reply decoder.Reply) {
	o.add("tag", reply.Tag)
	if !r.hint.Valid() {
		return
	}
	a, err := reply.Read(r.hint)
	var body Object
	body.add("kind", string(r.hint.Kind))
	body = append(body, answer(a)...)
	if err != nil {
		body.add("body_error", bodyError(err))
		body.add("body_hex", hex.EncodeToString(reply.Body))
	}
	o.add("response", body)
}

func bodyError(err error) string {
	switch {
	case errors.Is(err, decoder.ErrTruncated):
		return "truncated"
	case errors.Is(err, decoder.ErrUnknownSensor):
		return "unknown_lpp_type"
	}
	return err.Error()
}

func answer(a decoder.Answer) Object {
	switch a := a.(type) {
	case *decoder.LoginAnswer:
		return loginAnswer(a)
	case *decoder.RepeaterStatus:
		return repeaterStatus(a)
	case *decoder.RoomStatus:
		return append(nodeStatus(&a.NodeStatus), Object{
			{"posted", a.Posted},
			{"post_pushes", a.PostPushes},
		}...)
	case *decoder.Telemetry:
		return Object{{"records", measurements(a.Records)}}
	case *decoder.AccessList:
		return accessList(a)
	case *decoder.Neighbours:
		return neighbours(a)
	case *decoder.OwnerInfo:
		return Object{{"firmware", line(a.Firmware)}, {"node_name", line(a.Name)}, {"owner", line(a.Owner)}}
	case *decoder.Series:
		return series(a)
	case *decoder.AnonRegions:
		names := make([]any, len(a.Names))
		for i, n := range a.Names {
			names[i] = text(n)
		}
		return Object{{"clock", a.Clock}, {"regions", names}}
	case *decoder.AnonOwner:
		return Object{{"clock", a.Clock}, {"node_name", line(a.Name)}, {"owner", line(a.Owner)}}
	case *decoder.AnonClock:
		return anonClock(a)
	}
	return nil
}

// line is b as text, null when it did not come or is not text.
func line(b []byte) any {
	if b == nil {
		return nil
	}
	return text(b)
}

func loginAnswer(a *decoder.LoginAnswer) Object {
	if a.Legacy {
		return Object{{"ok", true}, {"legacy", true}}
	}
	return Object{
		{"result", a.Result},
		{"ok", a.OK()},
		{"keep_alive_secs", int(a.KeepAlive) * 16},
		{"is_admin", a.Admin},
		{"permissions", uint8(a.Permissions)},
		{"acl_role", a.Permissions.Role()},
		{"random", hex.EncodeToString(a.Random[:])},
		{"fw_ver_level", a.FirmwareLevel},
	}
}

func nodeStatus(s *decoder.NodeStatus) Object {
	return Object{
		{"batt_mv", s.BatteryMV},
		{"tx_queue_len", s.TxQueue},
		{"noise_floor", s.NoiseFloor},
		{"last_rssi", s.LastRSSI},
		{"packets_recv", s.Received},
		{"packets_sent", s.Sent},
		{"air_time_secs", s.AirtimeSecs},
		{"up_time_secs", s.UptimeSecs},
		{"sent_flood", s.SentFlood},
		{"sent_direct", s.SentDirect},
		{"recv_flood", s.RecvFlood},
		{"recv_direct", s.RecvDirect},
		{"err_events", s.ErrorFlags},
		{"last_snr_raw", s.LastSNR},
		{"last_snr", float64(s.LastSNR) / 4},
		{"direct_dups", s.DirectDups},
		{"flood_dups", s.FloodDups},
	}
}

func repeaterStatus(s *decoder.RepeaterStatus) Object {
	o := nodeStatus(&s.NodeStatus)
	if s.RxAirtimeSecs != nil {
		o.add("rx_air_time_secs", *s.RxAirtimeSecs)
	}
	if s.RecvErrors != nil {
		o.add("recv_errors", *s.RecvErrors)
	}
	return o
}

func measurements(records []decoder.Measurement) []Object {
	all := make([]Object, len(records))
	for i, m := range records {
		o := Object{{"channel", m.Channel}, {"type", uint8(m.Sensor)}, {"name", m.Sensor.String()}}
		values := m.Values()
		for _, v := range values {
			o.add(v.Name, v.Value)
		}
		if len(values) == 0 {
			o.add("data_hex", hex.EncodeToString(m.Data))
		}
		all[i] = o
	}
	return all
}

func accessList(l *decoder.AccessList) Object {
	entries := make([]Object, len(l.Entries))
	for i, e := range l.Entries {
		entries[i] = Object{
			{"pubkey_prefix", hex.EncodeToString(e.KeyPrefix[:])},
			{"permissions", uint8(e.Permissions)},
		}
	}
	return Object{{"entries", entries}}
}

func neighbours(n *decoder.Neighbours) Object {
	o := Object{{"total", n.Total}, {"count", n.Returned}}
	if n.Entries == nil {
		o.add("entries_hex", hex.EncodeToString(n.Data))
		return o
	}
	entries := make([]Object, len(n.Entries))
	for i, e := range n.Entries {
		entries[i] = Object{
			{"pubkey_prefix", hex.EncodeToString(e.KeyPrefix)},
			{"heard_secs_ago", e.HeardSecsAgo},
			{"snr_raw", e.SNR},
			{"snr", quarterDB(e.SNR)},
		}
	}
	o.add("entries", entries)
	return o
}

func series(s *decoder.Series) Object {
	entries := make([]Object, len(s.Entries))
	for i, e := range s.Entries {
		entries[i] = Object{
			{"channel", e.Channel},
			{"type", uint8(e.Sensor)},
			{"name", e.Sensor.String()},
			{"min", e.Min},
			{"max", e.Max},
			{"avg", e.Avg},
		}
	}
	return Object{{"clock", s.Clock}, {"series", entries}}
}

func anonClock(a *decoder.AnonClock) Object {
	return Object{
		{"clock", a.Clock},
		{"features", a.Features},
		{"bridge", a.Bridge() != decoder.BridgeNone},
		{"bridge_type", bridge(a.Bridge())},
		{"disabled", a.ForwardingDisabled()},
	}
}

func bridge(b decoder.Bridge) any {
	switch b {
	case decoder.BridgeNone:
		return nil
	case decoder.BridgeRS232:
		return "rs232"
	case decoder.BridgeESPNow:
		return "espnow"
	}
	return "unknown"
}
