package console

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"corescope-hub/decoder"
	"corescope-hub/decoder/report"
	"corescope-hub/store"
)

// maxFrames is how many different frames of one packet are taken apart.
const maxFrames = 32

// PacketDetail is the answer of GET /api/v1/packets/{hash}.
type PacketDetail struct {
	Packet Packet  `json:"packet"`
	Frames []Frame `json:"frames"` // each different one, since its path grows on the way; at most 32
}

// Frame is the bytes that some observers heard, taken apart.
type Frame struct {
	Observations []int64  `json:"observations"` // ids of those who heard it so
	Hex          string   `json:"hex"`
	AirtimeMS    *float64 `json:"airtimeMs"` // null when no observer has told how its radio is set
	Radio        string   `json:"radio"`     // the setting that the airtime is of
	Parts        []Part   `json:"parts"`     // the frame, then what is sealed in it and can be opened
}

// Part is a frame or a plaintext, every byte of it in order.
type Part struct {
	Title string  `json:"title"`
	Rows  []Row   `json:"rows"`
	Facts []Pair  `json:"facts"` // what no field says by itself
	Cut   *string `json:"error"` // why the frame is refused; null when it is not
}

// Row is one field.
type Row struct {
	Offset  int    `json:"offset"`
	Field   string `json:"field"`
	Hex     string `json:"hex"`
	Meaning string `json:"meaning"`
	Colour  int    `json:"colour"` // 1 to 7: what kind of field it is
}

// Pair is a name and a value.
type Pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// packetDetail answers GET /api/v1/packets/{hash}.
func (s *server) packetDetail(ctx context.Context, r *http.Request) (any, error) {
	return s.detail(ctx, r.PathValue("hash"))
}

func (s *server) detail(ctx context.Context, hash string) (*PacketDetail, error) {
	row, ok, err := s.store().Packet(ctx, strings.ToLower(hash))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errNotThere
	}
	names := s.names.now(ctx)
	d := &PacketDetail{Packet: names.packet(&row), Frames: []Frame{}}
	radios, err := s.radios(ctx)
	if err != nil {
		return nil, err
	}
	var raws [][]byte
	for i := range row.Observations {
		o := &row.Observations[i]
		raw := o.Raw
		if raw == nil {
			raw = row.Raw
		}
		at := -1
		for k := range raws {
			if bytes.Equal(raws[k], raw) {
				at = k
			}
		}
		switch {
		case at >= 0:
			d.Frames[at].Observations = append(d.Frames[at].Observations, o.ID)
		case len(raws) < maxFrames:
			f := s.frame(raw, names, o)
			f.AirtimeMS, f.Radio = airtime(radios[o.ObserverID], len(raw))
			raws, d.Frames = append(raws, raw), append(d.Frames, f)
		}
	}
	return d, nil
}

// radios is how the observers' radios are set, as they say.
func (s *server) radios(ctx context.Context) (map[string]string, error) {
	all, err := s.observers.get(ctx)
	if err != nil {
		return nil, err
	}
	radios := make(map[string]string, len(all.rows))
	for i := range all.rows {
		radios[all.rows[i].ID] = all.rows[i].Radio
	}
	return radios, nil
}

// airtime is how long a frame takes with a radio set as an observer says: MHz,
// kHz, spreading factor and coding rate.
func airtime(radio string, size int) (ms *float64, words string) {
	var v [4]float64
	part := strings.Split(radio, ",")
	if len(part) < len(v) {
		return nil, ""
	}
	for i := range v {
		var err error
		if v[i], err = strconv.ParseFloat(strings.TrimSpace(part[i]), 64); err != nil || math.IsNaN(v[i]) || math.Abs(v[i]) > 1e6 {
			return nil, ""
		}
	}
	sf := int(v[2])
	took, err := decoder.Modulation{
		SpreadingFactor: sf, BandwidthHz: int(v[1] * 1000), CodingRate: int(v[3]), PreambleSymbols: decoder.PreambleSymbols(sf),
	}.Airtime(size)
	if err != nil {
		return nil, ""
	}
	t := float64(took.Round(time.Millisecond)) / float64(time.Millisecond)
	return &t, fmt.Sprintf("SF%d, %s kHz", sf, strconv.FormatFloat(v[1], 'f', -1, 64))
}

// frame takes one apart with the breakdown that `corescope-hub decode` prints,
// and names the nodes in it.
func (s *server) frame(raw []byte, names book, o *store.PacketObservation) Frame {
	f := Frame{Observations: []int64{o.ID}, Hex: strings.ToUpper(hex.EncodeToString(raw)), Parts: []Part{}}
	for i, part := range s.report.Breakdown(raw) {
		p := Part{Title: part.Title, Rows: []Row{}, Facts: []Pair{}}
		for _, fact := range part.Facts {
			if fact.Name == "why" {
				why := fact.Value
				p.Cut = &why
				continue
			}
			p.Facts = append(p.Facts, Pair{fact.Name, fact.Value})
		}
		for _, row := range part.Rows {
			if i == 0 && row.Field == "path" {
				p.Rows = append(p.Rows, names.hopRows(row, o, pathHashSize(part.Rows))...)
				continue
			}
			p.Rows = append(p.Rows, names.row(row))
		}
		f.Parts = append(f.Parts, p)
	}
	return f
}

func (b book) row(row report.Row) Row {
	out := Row{Offset: row.Offset, Field: row.Field, Hex: strings.ToUpper(hex.EncodeToString(row.Bytes)), Meaning: row.Meaning, Colour: colour(row.Field)}
	if len(row.Bytes) == 32 && strings.HasSuffix(row.Field, "key") {
		if n := b.name(hex.EncodeToString(row.Bytes)); n != "" {
			out.Meaning += ": " + n
		}
	}
	return out
}

// pathHashSize is what the path length says; 0 when there is none.
func pathHashSize(rows []report.Row) int {
	for _, row := range rows {
		if row.Field == "path length" && len(row.Bytes) == 1 {
			return int(row.Bytes[0]>>6) + 1
		}
	}
	return 0
}

// hopRows is a path with a row for each hop, named as far as they are known.
func (b book) hopRows(row report.Row, o *store.PacketObservation, size int) []Row {
	if size < 1 || len(row.Bytes)%size != 0 || len(o.Path) != len(row.Bytes)/size {
		return []Row{b.row(row)}
	}
	var rows []Row
	for i, hash := range o.Path {
		key := ""
		if i < len(o.Resolved) {
			key = o.Resolved[i]
		}
		h := b.hop(hash, strings.ToLower(key))
		meaning := h.Name
		switch {
		case len(h.Candidates) > 1:
			meaning = "several fit: " + strings.Join(h.Candidates, ", ")
		case meaning == "":
			meaning = "a node that this hub has not heard"
		}
		at := i * size
		rows = append(rows, Row{
			Offset: row.Offset + at, Field: fmt.Sprintf("hop %d", i+1), Colour: 3, Meaning: meaning,
			Hex: strings.ToUpper(hex.EncodeToString(row.Bytes[at : at+size])),
		})
	}
	return rows
}

// colours are the kinds of fields: 1 headers and flags, 2 times, 3 hops,
// 4 identities and text, 5 proofs, 6 ciphertext and positions, 7 lengths and
// what is not read.
var colours = map[string]int{
	"header": 1, "flags": 1, "type": 1, "sub-type and flags": 1, "remaining and inner type": 1, "type filter": 1,
	"timestamp": 2, "clock": 2, "since": 2, "sync since": 2, "transport code 0": 2, "transport code 1": 2, "tag": 2,
	"path": 3, "hashes": 3,
	"public key": 4, "sender key": 4, "name": 4, "text": 4, "data": 4, "channel hash": 4, "destination hash": 4, "source hash": 4, "author": 4, "password": 4,
	"signature": 5, "MAC": 5, "acknowledgement": 5, "auth code": 5,
	"ciphertext": 6, "latitude": 6, "longitude": 6, "body": 6,
	"path length": 7, "length": 7, decoder.FieldUnread: 7,
}

func colour(field string) int {
	if c, ok := colours[field]; ok {
		return c
	}
	return 1 + len(field)%6 // always the same for one field
}
