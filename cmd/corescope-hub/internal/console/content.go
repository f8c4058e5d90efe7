package console

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Party is a sender or a receiver, as far as the packet tells.
type Party struct {
	Name string `json:"name,omitempty"` // of a node, or what the sender of a channel message calls itself, which nothing proves
	Key  string `json:"key,omitempty"`  // public key, lower-case hex digits, when the packet holds it
	Hash string `json:"hash,omitempty"` // first byte of its key, when that is all that the packet holds
}

// said is what a packet says, for one line of a list.
type said struct {
	from, to *Party
	channel  string // name, or the channel hash in upper-case hex digits
	text     string
	sealed   bool // it cannot be read here
}

// decodedJSON is the members of decoded_json that are shown, of all kinds of
// packets. Names are CoreScope's; see ingest/decodedjson.go.
type decodedJSON struct {
	Error string `json:"error"`

	DestHash      string `json:"destHash"`
	SrcHash       string `json:"srcHash"`
	EncryptedData string `json:"encryptedData"`
	PathData      string `json:"pathData"`
	Ephemeral     string `json:"ephemeralPubKey"`

	PubKey string   `json:"pubKey"`
	Name   string   `json:"name"`
	Lat    *float64 `json:"lat"`
	Lon    *float64 `json:"lon"`
	Flags  *struct {
		Type int `json:"type"`
	} `json:"flags"`

	ChannelHashHex   string `json:"channelHashHex"`
	DecryptionStatus string `json:"decryptionStatus"`
	Channel          string `json:"channel"`
	Text             string `json:"text"`
	Sender           string `json:"sender"`
	DataType         *int   `json:"dataType"`
	DataLen          *int   `json:"dataLen"`

	ExtraHash string    `json:"extraHash"`
	Tag       uint32    `json:"tag"`
	SNRValues []float64 `json:"snrValues"`

	Remaining int    `json:"remaining"`
	InnerName string `json:"innerTypeName"`

	Subtype    string `json:"ctrlSubtype"`
	CtrlSNR    *int   `json:"ctrlSNR"` // quarter dB
	CtrlPubKey string `json:"ctrlPubKey"`
	RawLength  int    `json:"rawLength"`
}

// read says in words what a packet is about. kind is the payload type's name in
// the firmware.
func (b book) read(kind, decoded string) said {
	var d decodedJSON
	if json.Unmarshal([]byte(decoded), &d) != nil {
		return said{text: "cannot be read"}
	}
	if d.Error != "" && kind != "ADVERT" {
		return said{text: "damaged: " + clean(d.Error)}
	}
	switch kind {
	case "ADVERT":
		return d.advert()
	case "GRP_TXT", "GRP_DATA":
		return d.group(kind)
	case "REQ", "RESPONSE", "TXT_MSG", "PATH", "ANON_REQ":
		return b.direct(kind, d)
	case "ACK":
		return said{text: "code " + pairs(d.ExtraHash)}
	case "TRACE":
		return d.trace()
	case "MULTIPART":
		return said{text: fmt.Sprintf("%s inside, %d more to come", clean(d.InnerName), d.Remaining)}
	case "CONTROL":
		return b.control(d)
	case "RAW_CUSTOM":
		return said{text: fmt.Sprintf("%d bytes that an application knows", d.RawLength)}
	}
	return said{text: "of a type that is not assigned"}
}

var roleTitles = map[int]string{1: "Companion", 2: "Repeater", 3: "Room", 4: "Sensor"}

func (d *decodedJSON) advert() said {
	s := said{from: &Party{Key: d.PubKey, Name: name(d.Name)}, text: "Node"}
	if d.Flags != nil && roleTitles[d.Flags.Type] != "" {
		s.text = roleTitles[d.Flags.Type]
	}
	switch {
	case d.Error != "":
		s.text += ", " + clean(d.Error)
	case d.Lat != nil && d.Lon != nil:
		s.text += " at " + degrees(*d.Lat) + ", " + degrees(*d.Lon)
	default:
		s.text += ", no position"
	}
	return s
}

// degrees has four decimals, some ten metres, and a real minus sign.
func degrees(v float64) string {
	return strings.Replace(strconv.FormatFloat(v, 'f', 4, 64), "-", "\u2212", 1)
}

func (d *decodedJSON) group(kind string) said {
	s := said{channel: d.ChannelHashHex}
	switch {
	case d.DecryptionStatus != "decrypted":
		s.sealed = true
		s.text = fmt.Sprintf("channel %s, no key on this hub", clean(d.ChannelHashHex))
		return s
	case kind == "GRP_DATA":
		s.channel, s.text = name(d.Channel), "data"
		if d.DataType != nil && d.DataLen != nil {
			s.text = fmt.Sprintf("data of type %04X, %d bytes", *d.DataType, *d.DataLen)
		}
		return s
	}
	s.channel, s.text = name(d.Channel), clean(d.Text)
	if d.Sender != "" {
		s.from = &Party{Name: name(d.Sender)}
		s.text = clean(strings.TrimPrefix(d.Text, d.Sender+": "))
	}
	return s
}

func (b book) direct(kind string, d decodedJSON) said {
	s := said{to: &Party{Hash: strings.ToUpper(d.DestHash)}, sealed: true}
	size := len(d.EncryptedData) / 2
	switch kind {
	case "PATH":
		s.text = fmt.Sprintf("%d bytes, a return path", len(d.PathData)/2)
	case "REQ", "RESPONSE":
		s.text = fmt.Sprintf("%d bytes", size)
	default:
		s.text = fmt.Sprintf("%d bytes, only the two ends can read it", size)
	}
	s.from = &Party{Hash: strings.ToUpper(d.SrcHash)}
	if kind == "ANON_REQ" && len(d.Ephemeral) >= 2 {
		s.from = &Party{Hash: strings.ToUpper(d.Ephemeral[:2]), Key: d.Ephemeral, Name: b.name(d.Ephemeral)}
	}
	return s
}

func (d *decodedJSON) trace() said {
	s := said{text: fmt.Sprintf("tag %08X", d.Tag)}
	for i, v := range d.SNRValues {
		sep := ", "
		if i == 0 {
			sep = "  "
		}
		s.text += sep + strings.Replace(strconv.FormatFloat(v, 'f', 1, 64), "-", "\u2212", 1)
	}
	if len(d.SNRValues) > 0 {
		s.text += " dB hop by hop"
	}
	return s
}

func (b book) control(d decodedJSON) said {
	switch d.Subtype {
	case "DISCOVER_REQ":
		return said{text: "asks which nodes hear it directly"}
	case "DISCOVER_RESP":
		s := said{text: "answers a discovery"}
		if d.CtrlSNR != nil {
			s.text = fmt.Sprintf("answers, heard at %s dB", strings.Replace(strconv.FormatFloat(float64(*d.CtrlSNR)/4, 'f', 1, 64), "-", "\u2212", 1))
		}
		if len(d.CtrlPubKey) >= 16 {
			h := b.hop(strings.ToUpper(d.CtrlPubKey[:16]), "")
			s.from = &Party{Key: h.Key, Name: h.Name, Hash: strings.ToUpper(d.CtrlPubKey[:2])}
		}
		return s
	}
	return said{text: "control data"}
}

// pairs sets hex digits in upper case, with a blank after each two bytes.
func pairs(digits string) string {
	if _, err := hex.DecodeString(digits); err != nil {
		return "unknown"
	}
	digits = strings.ToUpper(digits)
	var words []string
	for len(digits) > 4 {
		words, digits = append(words, digits[:4]), digits[4:]
	}
	return strings.Join(append(words, digits), " ")
}
