package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"sort"
	"time"
)

// Bounds of one look at the packets, so that no question of a page takes long.
const (
	maxPackets            = 1000   // rows of one answer
	maxPacketObservations = 64     // of each packet, the first ones
	maxHops               = 30_000 // in the paths of one answer
	maxTouchedHops        = 5000   // likewise of PacketsTouchedAfter
	packetWindow          = 20_000 // transmissions that a filter looks at
)

// PacketFilter says which transmissions to list. What is empty does not filter.
type PacketFilter struct {
	Before   int64  // ids below this one; 0 begins with the newest
	Types    uint16 // bit n stands for payload type n; 0 for all
	Observer string // heard by this observer, by id
	Region   string // heard in this region, upper case
	Channel  string // as channel_hash: a name, or "enc_" and the channel hash
	Text     string // in what is decoded, in the hash or in the sender's key; case of ASCII ignored
	Limit    int    // rows, at most 1000
}

// PacketRow is one transmission with those who heard it.
type PacketRow struct {
	ID             int64
	Hash           string // 16 lower-case hex digits
	FirstSeen      time.Time
	RouteType      uint8
	PayloadType    uint8
	PayloadVersion uint8
	DecodedJSON    string
	ChannelHash    string    // channel name, or "enc_" and the channel hash
	ScopeName      *string   // nil: not scoped; "": scoped, region unknown; else "#region"
	From           *[32]byte // adverts: the node's public key
	Raw            []byte    // the frame as it was heard first

	Observations []PacketObservation // in the order of their ids, the first 64 at most
}

// PacketObservation is one observer hearing the packet on one path.
type PacketObservation struct {
	ID           int64
	ReceivedAt   time.Time // hub clock, whole seconds
	ObserverID   string    // "" when none is named
	ObserverName string
	IATA         string
	SNR          *float64 // dB
	RSSI         *float64 // dBm
	Score        *int64   // 0 to 1000
	Path         []string // path hashes, upper-case hex digits
	Resolved     []string // keys of the nodes they mean, "" where not known; nil when none is
	Raw          []byte   // the frame as this observer heard it; only from Packet
}

const packetColumns = `t.id, t.hash, t.first_seen,
	COALESCE(t.route_type, 0), COALESCE(t.payload_type, 0), COALESCE(t.payload_version, 0),
	COALESCE(t.decoded_json, ''), COALESCE(t.channel_hash, ''), t.scope_name, COALESCE(t.from_pubkey, ''), t.raw_hex`

const (
	selectPackets = `SELECT ` + packetColumns + ` FROM transmissions t
		WHERE t.id < ?1 AND t.id >= ?2
		AND (?3 = 0 OR (?3 >> COALESCE(t.payload_type, 0)) & 1)
		AND (?4 = '' OR EXISTS (SELECT 1 FROM observations o JOIN observers s ON s.rowid = o.observer_idx
			WHERE o.transmission_id = t.id AND s.id = ?4))
		AND (?5 = '' OR EXISTS (SELECT 1 FROM observations o JOIN observers s ON s.rowid = o.observer_idx
			WHERE o.transmission_id = t.id AND upper(s.iata) = ?5))
		AND (?6 = '' OR t.channel_hash = ?6)
		AND (?7 = '' OR instr(lower(t.decoded_json), lower(?7)) OR instr(t.hash, lower(?7)) OR instr(t.from_pubkey, lower(?7)))
		ORDER BY t.id DESC LIMIT ?8`

	selectPacketsByID = `SELECT ` + packetColumns + ` FROM transmissions t
		WHERE t.id IN (SELECT value FROM json_each(?1)) ORDER BY t.id DESC`

	selectPacketByHash = `SELECT ` + packetColumns + ` FROM transmissions t WHERE t.hash = ?1`

	selectPacketsFrom = `SELECT ` + packetColumns + ` FROM transmissions t
		WHERE t.from_pubkey = ?1 ORDER BY t.id DESC LIMIT ?2`

	// selectHeard reads of each packet no more than its bound, whatever there is,
	// packet by packet in the order of the list; frames only when they are asked for.
	selectHeard = `SELECT o.transmission_id, o.id, o.timestamp,
		COALESCE(s.id, ''), COALESCE(s.name, ''), COALESCE(s.iata, ''),
		o.snr, o.rssi, CAST(round(o.score) AS INTEGER), COALESCE(o.path_json, ''), COALESCE(o.resolved_path, ''),
		CASE WHEN ?2 THEN COALESCE(o.raw_hex, '') ELSE '' END
		FROM json_each(?1) j CROSS JOIN observations o ON o.id IN
			(SELECT id FROM observations WHERE transmission_id = j.value ORDER BY timestamp, id LIMIT ?3)
		LEFT JOIN observers s ON s.rowid = o.observer_idx`

	selectTouched = `SELECT transmission_id, min(id), max(id) FROM
		(SELECT id, transmission_id FROM observations WHERE id > ?1 ORDER BY id LIMIT ?2) GROUP BY transmission_id ORDER BY 2`
)

// Packets lists transmissions, newest first. next is where the following page
// begins, as Before; 0 when there is nothing more. A filter looks at 20,000
// transmissions at a time, and an answer has 30,000 hops at most, or those of one
// packet, so a page may be short or empty and have a next.
func (s *Store) Packets(ctx context.Context, f PacketFilter) (packets []PacketRow, next int64, err error) {
	limit := min(max(f.Limit, 1), maxPackets)
	first, last, err := s.packetIDs(ctx)
	if err != nil {
		return nil, 0, err
	}
	before := last + 1
	if f.Before > 0 && f.Before < before {
		before = f.Before
	}
	from := max(before-packetWindow, first)
	packets, err = s.packets(ctx, selectPackets, before, from, int64(f.Types), f.Observer, f.Region, f.Channel, f.Text, limit)
	if err != nil {
		return nil, 0, err
	}
	switch {
	case len(packets) == limit:
		next = packets[limit-1].ID
	case from > first:
		next = from
	}
	if next <= first {
		next = 0
	}
	whole, err := s.addObservations(ctx, packets, false, maxHops)
	if err != nil {
		return nil, 0, err
	}
	if whole < len(packets) {
		packets, next = packets[:whole], packets[whole-1].ID
	}
	return packets, next, nil
}

// packetIDs are the ids of the oldest and of the newest transmission.
func (s *Store) packetIDs(ctx context.Context) (first, last int64, err error) {
	const ids = `SELECT COALESCE((SELECT min(id) FROM transmissions), 0), COALESCE((SELECT max(id) FROM transmissions), 0)`
	if err := s.read.QueryRowContext(ctx, ids).Scan(&first, &last); err != nil {
		return 0, 0, fmt.Errorf("read packets: %w", err)
	}
	return first, last, nil
}

// PacketsTouchedAfter lists the transmissions that have an observation with an
// id above id, whole, newest first, and the id of the last observation that was
// looked at: the cursor to go on with. limit bounds the observations; there are
// 5000 hops at most, or those of one packet.
func (s *Store) PacketsTouchedAfter(ctx context.Context, id int64, limit int) (packets []PacketRow, last int64, err error) {
	rows, err := s.read.QueryContext(ctx, selectTouched, id, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("read packets: %w", err)
	}
	defer rows.Close()
	var ids []int64
	first := map[int64]int64{} // observation of each packet above id
	last = id
	for rows.Next() {
		var tx, oldest, newest int64
		if err := rows.Scan(&tx, &oldest, &newest); err != nil {
			return nil, 0, fmt.Errorf("read packets: %w", err)
		}
		ids, last, first[tx] = append(ids, tx), max(last, newest), oldest
	}
	if err := rows.Err(); err != nil || len(ids) == 0 {
		return nil, last, err
	}
	list, _ := json.Marshal(ids)
	if packets, err = s.packets(ctx, selectPacketsByID, string(list)); err != nil {
		return nil, 0, err
	}
	sort.Slice(packets, func(i, k int) bool { return first[packets[i].ID] < first[packets[k].ID] })
	whole, err := s.addObservations(ctx, packets, false, maxTouchedHops)
	if err != nil {
		return nil, 0, err
	}
	if whole < len(packets) {
		last = first[packets[whole].ID] - 1
		packets = packets[:whole]
	}
	sort.Slice(packets, func(i, k int) bool { return packets[i].ID > packets[k].ID })
	return packets, last, nil
}

// Packet is the transmission with that hash, with every frame; false when there
// is none.
func (s *Store) Packet(ctx context.Context, hash string) (PacketRow, bool, error) {
	packets, err := s.packets(ctx, selectPacketByHash, hash)
	if err != nil || len(packets) == 0 {
		return PacketRow{}, false, err
	}
	_, err = s.addObservations(ctx, packets, true, maxHops)
	return packets[0], true, err
}

// Adverts lists the adverts of a node, newest first, as far as they have 30,000
// hops together. key is 64 lower-case hex digits.
func (s *Store) Adverts(ctx context.Context, key string, limit int) ([]PacketRow, error) {
	packets, err := s.packets(ctx, selectPacketsFrom, key, min(limit, maxPackets))
	if err != nil {
		return nil, err
	}
	whole, err := s.addObservations(ctx, packets, false, maxHops)
	return packets[:whole], err
}

func (s *Store) packets(ctx context.Context, query string, args ...any) ([]PacketRow, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read packets: %w", err)
	}
	defer rows.Close()
	var packets []PacketRow
	for rows.Next() {
		var p PacketRow
		var first, from, raw string
		err := rows.Scan(&p.ID, &p.Hash, &first, &p.RouteType, &p.PayloadType, &p.PayloadVersion,
			&p.DecodedJSON, &p.ChannelHash, &p.ScopeName, &from, &raw)
		if err != nil {
			return nil, fmt.Errorf("read packets: %w", err)
		}
		p.FirstSeen, p.From, p.Raw = parseTime(first), parseKey(from), parseHex(raw)
		packets = append(packets, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read packets: %w", err)
	}
	return packets, nil
}

// addObservations reads those of all packets at once, until they have more hops
// than hops says: whoever sends the same packets by ever new and long paths must
// not decide how much memory an answer takes. whole is how many of the packets,
// in their order, have what they should; one at least, if there are any.
func (s *Store) addObservations(ctx context.Context, packets []PacketRow, frames bool, hops int) (whole int, err error) {
	ids, at := make([]int64, len(packets)), make(map[int64]int, len(packets))
	for i := range packets {
		ids[i], at[packets[i].ID] = packets[i].ID, i
	}
	list, _ := json.Marshal(ids)
	rows, err := s.read.QueryContext(ctx, selectHeard, string(list), frames, maxPacketObservations)
	if err != nil {
		return 0, fmt.Errorf("read observations: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		tx, o, err := scanHeard(rows)
		if err != nil {
			return 0, fmt.Errorf("read observations: %w", err)
		}
		if hops -= len(o.Path); hops < 0 && at[tx] > 0 {
			inOrder(packets[:at[tx]])
			return at[tx], nil
		}
		p := &packets[at[tx]]
		p.Observations = append(p.Observations, o)
	}
	if err := rows.Err(); err != nil {
		return 0, fmt.Errorf("read observations: %w", err)
	}
	inOrder(packets)
	return len(packets), nil
}

// inOrder puts the observations of each packet in the order of their ids.
func inOrder(packets []PacketRow) {
	for i := range packets {
		heard := packets[i].Observations
		sort.Slice(heard, func(i, k int) bool { return heard[i].ID < heard[k].ID })
	}
}

func scanHeard(rows *sql.Rows) (tx int64, o PacketObservation, err error) {
	var received int64
	var path, resolved, raw string
	err = rows.Scan(&tx, &o.ID, &received, &o.ObserverID, &o.ObserverName, &o.IATA, &o.SNR, &o.RSSI, &o.Score, &path, &resolved, &raw)
	if err != nil {
		return 0, PacketObservation{}, err
	}
	o.ReceivedAt, o.Path, o.Resolved, o.Raw = time.Unix(received, 0).UTC(), parsePath(path), parseResolved(resolved), parseHex(raw)
	return tx, o, nil
}

// parseResolved reads resolved_path; nil when it is not one.
func parseResolved(text string) []string {
	var keys []*string
	if text == "" || json.Unmarshal([]byte(text), &keys) != nil {
		return nil
	}
	resolved := make([]string, len(keys))
	for i, key := range keys {
		if key != nil {
			resolved[i] = *key
		}
	}
	return resolved
}
