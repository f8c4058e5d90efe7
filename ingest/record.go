package ingest

import (
	"corescope-hub/store"
)

// record reads m and returns what to store, or the reason why nothing is. With
// both, the record holds no more than the packet that was refused.
//
// The order of the questions is that of CoreScope's handleMessage, except that
// the topic is judged before the payload is read.
func (in *Ingester) record(m *Message) (*store.Record, Reason) {
	t, reason := parseTopic(m.Topic)
	if reason == "" {
		reason = in.refuse(m, t)
	}
	if reason != "" {
		return nil, reason
	}
	env := in.envelopes.Get().(*envelope)
	defer in.envelopes.Put(env)
	ok := env.parse(m.Payload)
	switch {
	case !ok && t.mustBeJSON():
		return nil, ReasonBadJSON
	case !ok:
		return nil, ReasonNotForUs
	}
	if t.form == formFlat {
		if t, ok = t.of(env.originID.text()); !ok {
			return nil, ReasonBadTopic
		}
		if reason := in.refuse(m, t); reason != "" {
			return nil, reason
		}
	}
	return in.read(m, t, env)
}

// refuse says why m, which came under t, is not read; "" when it is.
func (in *Ingester) refuse(m *Message, t topic) Reason {
	if reason := in.policy.refuse(m.Source, t, heardRegion(m, t)); reason != "" {
		return reason
	}
	switch {
	case t.form == formForeign:
		return ReasonNotForUs
	case t.form == formNodeName:
		return ReasonBadTopic
	case t.form == formClient && !in.clients:
		return ReasonClientTopic
	case t.form == formClient && t.leaf != leafPackets:
		return ReasonNotForUs
	case len(m.Payload) == 0: // MQTT's way to delete a retained message
		return ReasonNotForUs
	}
	return ""
}

// read is the part of record that knows the envelope. Whatever the leaf, an
// object with a "raw" text is a packet.
func (in *Ingester) read(m *Message, t topic, env *envelope) (*store.Record, Reason) {
	switch {
	case t.isStatus():
		return statusRecord(m, t, env), ""
	case t.form == formChannel || t.form == formDirect:
		return companionRecord(m, t, env)
	case t.form == formClient:
		return clientRecord(m, t, env)
	}
	raw := env.raw.bytes()
	switch {
	case len(raw) > 0 && t.form == formNameless:
		return nil, ReasonBadTopic
	case len(raw) > 0:
		if !m.Replayed {
			in.senders.note(t.observer, m.Received)
		}
		return in.packetRecord(m, t, env, raw)
	case t.form == formObserver && t.leaf == leafRaw:
		return in.rawRecord(m, t, env)
	case t.leaf == leafPackets:
		return nil, ReasonNoRaw
	}
	return nil, ReasonNotForUs
}

// heardRegion is where the observer says to be: the topic's word, else what
// the source assumes.
func heardRegion(m *Message, t topic) string {
	if t.region != "" {
		return t.region
	}
	return regionName(m.Region)
}

// observer is who reports, by topic and envelope.
func observer(m *Message, t topic, env *envelope) store.Observer {
	return store.Observer{
		ID:    t.observer,
		Name:  clean(env.origin.text(), maxOrigin),
		IATA:  heardRegion(m, t),
		Heard: !m.Replayed && !m.Will,
	}
}
