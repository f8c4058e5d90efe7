package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"corescope-hub/decoder"
	"corescope-hub/store"
)

// Packet is one transmission, as pages and /api/v1/packets show it.
type Packet struct {
	ID           int64               `json:"id"` // rises with the time it was first stored
	Hash         string              `json:"hash"`
	FirstSeen    time.Time           `json:"firstSeen"` // whole seconds
	Type         string              `json:"type"`      // as the firmware calls it
	Route        string              `json:"route"`
	Bytes        int                 `json:"bytes"` // of the frame as it was heard first
	From         *Party              `json:"from"`  // null when the packet does not tell
	To           *Party              `json:"to"`
	Channel      string              `json:"channel"` // name, or channel hash in hex; "" for packets of no channel
	Text         string              `json:"text"`    // what it is about, in words
	Sealed       bool                `json:"sealed"`  // it cannot be read here
	Scope        *string             `json:"scope"`   // null: not scoped; "": of a region that is not known here
	Observations []PacketObservation `json:"observations"`
}

// PacketObservation is one observer hearing the packet on one path.
type PacketObservation struct {
	ID         int64     `json:"id"` // in the order of being stored
	Observer   string    `json:"observer"`
	Name       string    `json:"name"`
	Region     string    `json:"region"`
	ReceivedAt time.Time `json:"receivedAt"` // whole seconds
	SNR        *float64  `json:"snr"`        // dB
	RSSI       *float64  `json:"rssi"`       // dBm
	Score      *int64    `json:"score"`      // 0 to 1000
	Path       []Hop     `json:"path"`       // as it had travelled; of a direct packet what was still to go
}

// PacketList is the answer of GET /api/v1/packets.
type PacketList struct {
	Packets []Packet `json:"packets"`        // newest first
	Next    *string  `json:"next,omitempty"` // cursor of the next page; absent on the last one
}

func (b book) packet(p *store.PacketRow) Packet {
	kind := decoder.PayloadType(p.PayloadType)
	s := b.read(kind.String(), p.DecodedJSON)
	out := Packet{
		ID: p.ID, Hash: p.Hash, FirstSeen: p.FirstSeen,
		Type: kind.String(), Route: decoder.RouteType(p.RouteType).String(), Bytes: len(p.Raw),
		From: s.from, To: s.to, Channel: s.channel, Text: s.text, Sealed: s.sealed, Scope: p.ScopeName,
		Observations: make([]PacketObservation, len(p.Observations)),
	}
	if out.From != nil && out.From.Name == "" && out.From.Key != "" {
		out.From.Name = b.name(out.From.Key)
	}
	trace := kind == decoder.TypeTrace // its path field holds SNRs
	for i := range p.Observations {
		out.Observations[i] = b.observation(&p.Observations[i], trace)
	}
	return out
}

func (b book) observation(o *store.PacketObservation, trace bool) PacketObservation {
	out := PacketObservation{
		ID: o.ID, Observer: o.ObserverID, Name: name(o.ObserverName), Region: name(o.IATA),
		ReceivedAt: o.ReceivedAt, SNR: o.SNR, RSSI: o.RSSI, Score: o.Score, Path: []Hop{},
	}
	for i, hash := range o.Path {
		if trace {
			break
		}
		key := ""
		if i < len(o.Resolved) {
			key = strings.ToLower(o.Resolved[i])
		}
		out.Path = append(out.Path, b.hop(hash, key))
	}
	return out
}

func (b book) packets(rows []store.PacketRow) []Packet {
	out := make([]Packet, len(rows))
	for i := range rows {
		out[i] = b.packet(&rows[i])
	}
	return out
}

// Bounds of one page of an answer.
const (
	defaultLimit = 100
	maxLimit     = 500
	maxSearch    = 100 // bytes
)

// badRequest is a parameter that cannot be used.
type badRequest struct{ param, value, want string }

func (e *badRequest) Error() string {
	return fmt.Sprintf("%s=%.40q: use %s", e.param, e.value, e.want)
}

// limitOf reads the limit parameter.
func limitOf(r *http.Request) (int, error) {
	text := r.FormValue("limit")
	if text == "" {
		return defaultLimit, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxLimit {
		return 0, &badRequest{"limit", text, fmt.Sprintf("1 to %d", maxLimit)}
	}
	return n, nil
}

// packetFilter reads the parameters of a list of packets.
func packetFilter(r *http.Request) (f store.PacketFilter, err error) {
	if f.Limit, err = limitOf(r); err != nil {
		return f, err
	}
	if text := r.FormValue("cursor"); text != "" {
		if f.Before, err = strconv.ParseInt(text, 10, 64); err != nil || f.Before < 1 {
			return f, &badRequest{"cursor", text, "what the answer before gave as next"}
		}
	}
	for _, word := range strings.FieldsFunc(r.FormValue("type"), func(c rune) bool { return c == ',' }) {
		bit := uint16(0)
		for t := range decoder.PayloadType(16) {
			if strings.EqualFold(t.String(), word) {
				bit |= 1 << t
			}
		}
		if bit == 0 {
			return f, &badRequest{"type", word, "payload types of the firmware, such as ADVERT,GRP_TXT"}
		}
		f.Types |= bit
	}
	f.Observer = r.FormValue("observer")
	f.Region = strings.ToUpper(r.FormValue("region"))
	f.Channel = r.FormValue("channel")
	if f.Text = strings.TrimSpace(r.FormValue("q")); len(f.Text) > maxSearch {
		return f, &badRequest{"q", f.Text, fmt.Sprintf("at most %d bytes", maxSearch)}
	}
	return f, nil
}

// listPackets answers GET /api/v1/packets.
func (s *server) listPackets(ctx context.Context, r *http.Request) (any, error) {
	f, err := packetFilter(r)
	if err != nil {
		return nil, err
	}
	return s.packetList(ctx, f)
}

func (s *server) packetList(ctx context.Context, f store.PacketFilter) (PacketList, error) {
	rows, next, err := s.store().Packets(ctx, f)
	if err != nil {
		return PacketList{}, err
	}
	list := PacketList{Packets: s.names.now(ctx).packets(rows)}
	if next > 0 {
		cursor := strconv.FormatInt(next, 10)
		list.Next = &cursor
	}
	return list, nil
}

// errNotThere is asked for by a name that nothing has.
var errNotThere = errors.New("there is nothing of that name")
