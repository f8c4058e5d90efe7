package ingest

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"corescope-hub/decoder"
)

// The types below are the forms of the column decoded_json, one for each kind
// of payload. Names, order and which keys are left out when empty or zero are
// CoreScope's (cmd/ingestor, Payload); a pointer is left out only when nil.
//
// CoreScope takes a payload of its own minimum length, which is shorter than
// the firmware's, so the forms are filled from the payload's bytes and not from
// decoder's types. Byte strings are lower-case hex.

// tooShortJSON is any payload shorter than CoreScope's minimum for its type.
type tooShortJSON struct {
	Type  string `json:"type"`
	Raw   string `json:"raw,omitempty"`
	Error string `json:"error"`
}

// sealedJSON is a REQ, RESPONSE or TXT_MSG.
type sealedJSON struct {
	Type          string `json:"type"`
	DestHash      string `json:"destHash"`
	SrcHash       string `json:"srcHash"`
	MAC           string `json:"mac"`
	EncryptedData string `json:"encryptedData,omitempty"`
}

// pathJSON is a PATH.
type pathJSON struct {
	Type     string `json:"type"`
	DestHash string `json:"destHash"`
	SrcHash  string `json:"srcHash"`
	MAC      string `json:"mac"`
	PathData string `json:"pathData,omitempty"`
}

// anonJSON is an ANON_REQ.
type anonJSON struct {
	Type            string `json:"type"`
	DestHash        string `json:"destHash"`
	MAC             string `json:"mac"`
	EncryptedData   string `json:"encryptedData,omitempty"`
	EphemeralPubKey string `json:"ephemeralPubKey"`
}

// ackJSON is an ACK.
type ackJSON struct {
	Type       string `json:"type"`
	ExtraHash  string `json:"extraHash"`
	AckLen     int    `json:"ackLen"`
	AckAttempt *int   `json:"ackAttempt,omitempty"`
	AckRand    *int   `json:"ackRand,omitempty"`
}

// traceJSON is a TRACE.
type traceJSON struct {
	Type       string    `json:"type"`
	PathData   string    `json:"pathData,omitempty"`
	SNRValues  []float64 `json:"snrValues,omitempty"` // dB
	Tag        uint32    `json:"tag,omitempty"`
	AuthCode   uint32    `json:"authCode,omitempty"`
	TraceFlags int       `json:"traceFlags"`
}

// multipartJSON is a MULTIPART.
type multipartJSON struct {
	Type            string `json:"type"`
	Remaining       int    `json:"remaining"`
	InnerType       int    `json:"innerType"`
	InnerTypeName   string `json:"innerTypeName"`
	InnerAckCRC     string `json:"innerAckCrc,omitempty"`
	InnerAckLen     *int   `json:"innerAckLen,omitempty"`
	InnerAckAttempt *int   `json:"innerAckAttempt,omitempty"`
	InnerAckRand    *int   `json:"innerAckRand,omitempty"`
	InnerPayload    string `json:"innerPayload,omitempty"`
}

// controlJSON is a CONTROL.
type controlJSON struct {
	Type     string  `json:"type"`
	Raw      string  `json:"raw"`
	Flags    string  `json:"ctrlFlags"`
	ZeroHop  bool    `json:"ctrlZeroHop"`
	Length   int     `json:"ctrlLength"`
	Subtype  string  `json:"ctrlSubtype"`
	Filter   *int    `json:"ctrlFilter,omitempty"`
	Tag      *uint32 `json:"ctrlTag,omitempty"`
	Since    *uint32 `json:"ctrlSince,omitempty"`
	NodeType *int    `json:"ctrlNodeType,omitempty"`
	SNR      *int    `json:"ctrlSNR,omitempty"` // quarter dB
	PubKey   string  `json:"ctrlPubKey,omitempty"`
}

// customJSON is a RAW_CUSTOM.
type customJSON struct {
	Type         string `json:"type"`
	Raw          string `json:"raw,omitempty"`
	RawLength    int    `json:"rawLength"`
	FirstByteTag string `json:"firstByteTag,omitempty"` // upper-case hex
}

// unknownJSON is a payload of a type that nobody has assigned.
type unknownJSON struct {
	Type string `json:"type"`
	Raw  string `json:"raw,omitempty"`
}

// decoded is what decoded_json says of pkt, and for a GRP_TXT the channel_hash.
func (in *Ingester) decoded(pkt *decoder.Packet) (form any, channel string) {
	b := pkt.RawPayload
	if len(b) < minPayload(pkt.Type()) {
		return tooShort(pkt), ""
	}
	if adv, ok := pkt.Payload.(*decoder.Advert); ok {
		return in.advertForm(adv), ""
	}
	switch pkt.Type() {
	case decoder.TypeRequest, decoder.TypeResponse, decoder.TypeText:
		return sealed(pkt.Type().String(), b), ""
	case decoder.TypePath:
		s := sealed("PATH", b)
		return pathJSON{s.Type, s.DestHash, s.SrcHash, s.MAC, s.EncryptedData}, ""
	case decoder.TypeAnonRequest:
		return anonJSON{Type: "ANON_REQ", DestHash: lower(b[:1]), EphemeralPubKey: lower(b[1:33]),
			MAC: lower(b[33:35]), EncryptedData: lower(b[35:])}, ""
	case decoder.TypeAck:
		return ack(b), ""
	case decoder.TypeGroupText:
		return in.groupText(pkt)
	case decoder.TypeGroupData:
		return in.groupData(pkt), ""
	case decoder.TypeTrace:
		return trace(pkt), ""
	case decoder.TypeMultipart:
		return multipart(b), ""
	case decoder.TypeControl:
		return control(b), ""
	case decoder.TypeRawCustom:
		return custom(b), ""
	}
	return unknownJSON{Type: "UNKNOWN", Raw: lower(b)}, ""
}

// minPayload is the least that CoreScope reads of a payload, in bytes.
func minPayload(t decoder.PayloadType) int {
	switch t {
	case decoder.TypeRequest, decoder.TypeResponse, decoder.TypeText, decoder.TypePath, decoder.TypeAck:
		return 4
	case decoder.TypeAdvert:
		return 100
	case decoder.TypeGroupText, decoder.TypeGroupData:
		return 3
	case decoder.TypeAnonRequest:
		return 35
	case decoder.TypeTrace:
		return 9
	case decoder.TypeMultipart, decoder.TypeControl:
		return 1
	}
	return 0
}

func tooShort(pkt *decoder.Packet) tooShortJSON {
	form := tooShortJSON{Type: pkt.Type().String(), Raw: lower(pkt.RawPayload), Error: "too short"}
	if pkt.Type() == decoder.TypeAdvert {
		form.Error = "too short for advert"
	}
	return form
}

func sealed(name string, b []byte) sealedJSON {
	return sealedJSON{Type: name, DestHash: lower(b[:1]), SrcHash: lower(b[1:2]), MAC: lower(b[2:4]), EncryptedData: lower(b[4:])}
}

func ack(b []byte) ackJSON {
	return ackJSON{Type: "ACK", ExtraHash: ackSum(b), AckLen: min(len(b), 6), AckAttempt: octet(b, 4), AckRand: octet(b, 5)}
}

func trace(pkt *decoder.Packet) traceJSON {
	b := pkt.RawPayload
	form := traceJSON{
		Type:       "TRACE",
		PathData:   lower(b[9:]),
		Tag:        binary.LittleEndian.Uint32(b),
		AuthCode:   binary.LittleEndian.Uint32(b[4:]),
		TraceFlags: int(b[8]),
	}
	if form.PathData != "" && pkt.Path.HashSize() == 1 {
		for _, quarter := range pkt.Path.Bytes {
			form.SNRValues = append(form.SNRValues, float64(int8(quarter))/4)
		}
	}
	return form
}

func multipart(b []byte) multipartJSON {
	inner := decoder.PayloadType(b[0] & 0x0F)
	form := multipartJSON{Type: "MULTIPART", Remaining: int(b[0] >> 4), InnerType: int(inner), InnerTypeName: inner.String()}
	if b = b[1:]; inner != decoder.TypeAck || len(b) < 4 {
		form.InnerPayload = lower(b)
		return form
	}
	n := min(len(b), 6)
	form.InnerAckCRC, form.InnerAckLen = ackSum(b), &n
	form.InnerAckAttempt, form.InnerAckRand = octet(b, 4), octet(b, 5)
	return form
}

func control(b []byte) controlJSON {
	form := controlJSON{Type: "CONTROL", Raw: lower(b), Flags: lower(b[:1]), ZeroHop: b[0]&0x80 != 0, Length: len(b), Subtype: "UNKNOWN"}
	switch b[0] & 0xF0 {
	case 0x80:
		form.Subtype = "DISCOVER_REQ"
		if form.Tag = word(b, 2); form.Tag != nil {
			form.Filter, form.Since = octet(b, 1), word(b, 6)
		}
	case 0x90:
		form.Subtype = "DISCOVER_RESP"
		node := int(b[0] & 0x0F)
		form.NodeType = &node
		if form.Tag = word(b, 2); form.Tag != nil {
			snr := int(int8(b[1]))
			form.SNR, form.PubKey = &snr, responderKey(b[6:])
		}
	}
	return form
}

// responderKey is the whole key or its first 8 bytes, as far as b goes.
func responderKey(b []byte) string {
	switch {
	case len(b) >= 32:
		return lower(b[:32])
	case len(b) >= 8:
		return lower(b[:8])
	}
	return ""
}

func custom(b []byte) customJSON {
	form := customJSON{Type: "RAW_CUSTOM", Raw: lower(b), RawLength: len(b)}
	if len(b) > 0 {
		form.FirstByteTag = fmt.Sprintf("%02X", b[0])
	}
	return form
}

// ackSum is the four bytes of an ACK as CoreScope writes them: a little-endian
// number.
func ackSum(b []byte) string { return fmt.Sprintf("%08x", binary.LittleEndian.Uint32(b)) }

// octet is b[i], or nil when b is not that long.
func octet(b []byte, i int) *int {
	if i >= len(b) {
		return nil
	}
	n := int(b[i])
	return &n
}

// word is the little-endian number at b[i], or nil when b is not that long.
func word(b []byte, i int) *uint32 {
	if i+4 > len(b) {
		return nil
	}
	n := binary.LittleEndian.Uint32(b[i:])
	return &n
}

func lower(b []byte) string { return hex.EncodeToString(b) }

// marshal encodes one of the forms. They hold nothing that JSON cannot say, so
// there is no error.
func marshal(form any) string {
	b, _ := json.Marshal(form)
	return string(b)
}
