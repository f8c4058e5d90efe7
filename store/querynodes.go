package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Bounds of what is read of nodes.
const (
	maxNodes        = 5000
	maxEdges        = 3000
	lastHopSlots    = 48     // equal parts of the time that LastHops looks at
	maxLastHops     = 20_000 // observations that it looks at
	maxAdvertsHeard = 5000   // adverts that HeardBy looks at
)

// NodeRow is a node as stored.
type NodeRow struct {
	Key       string // 64 lower-case hex digits
	Name      string
	Role      string // companion, repeater, room, sensor; "none" or "" when not said
	Lat, Lon  *float64
	FirstSeen time.Time
	LastSeen  time.Time
	Adverts   int64
	BatteryMV *int64
}

const selectNodes = `SELECT public_key, COALESCE(name, ''), COALESCE(role, ''), lat, lon,
	COALESCE(first_seen, ''), COALESCE(last_seen, ''), COALESCE(advert_count, 0), battery_mv
	FROM nodes WHERE public_key > ?1 AND last_seen >= ?2 ORDER BY public_key LIMIT ?3`

// Nodes lists the nodes that were heard since a time, by key, those with a key
// above after; at most 5000.
func (s *Store) Nodes(ctx context.Context, after string, since time.Time, limit int) ([]NodeRow, error) {
	from := ""
	if !since.IsZero() {
		from = since.UTC().Format(timeLayout)
	}
	rows, err := s.read.QueryContext(ctx, selectNodes, after, from, min(max(limit, 1), maxNodes))
	if err != nil {
		return nil, fmt.Errorf("read nodes: %w", err)
	}
	defer rows.Close()
	var all []NodeRow
	for rows.Next() {
		var n NodeRow
		var first, last string
		if err := rows.Scan(&n.Key, &n.Name, &n.Role, &n.Lat, &n.Lon, &first, &last, &n.Adverts, &n.BatteryMV); err != nil {
			return nil, fmt.Errorf("read nodes: %w", err)
		}
		n.FirstSeen, n.LastSeen = parseTime(first), parseTime(last)
		all = append(all, n)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read nodes: %w", err)
	}
	return all, nil
}

// CountNodes is how many nodes there are, inactive ones left out.
func (s *Store) CountNodes(ctx context.Context) (n int64, err error) {
	if err := s.read.QueryRowContext(ctx, `SELECT count(*) FROM nodes`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count nodes: %w", err)
	}
	return n, nil
}

// Edge is two nodes that were next to each other on a path.
type Edge struct {
	A, B     string // keys, lower-case hex digits
	Count    int64  // packets
	LastSeen time.Time
}

// Edges lists the neighbours seen since a time, those with most packets first;
// at most 3000.
func (s *Store) Edges(ctx context.Context, since time.Time) ([]Edge, error) {
	const query = `SELECT node_a, node_b, COALESCE(count, 0), COALESCE(last_seen, '') FROM neighbor_edges
		WHERE last_seen >= ?1 ORDER BY count DESC LIMIT ?2`
	rows, err := s.read.QueryContext(ctx, query, since.UTC().Format(timeLayout), maxEdges)
	if err != nil {
		return nil, fmt.Errorf("read neighbours: %w", err)
	}
	defer rows.Close()
	var all []Edge
	for rows.Next() {
		var e Edge
		var last string
		if err := rows.Scan(&e.A, &e.B, &e.Count, &last); err != nil {
			return nil, fmt.Errorf("read neighbours: %w", err)
		}
		e.A, e.B, e.LastSeen = strings.ToLower(e.A), strings.ToLower(e.B), parseTime(last)
		all = append(all, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read neighbours: %w", err)
	}
	return all, nil
}

// HeardBy counts the observers that heard the latest adverts of each node since
// a time, by key. It looks at 5000 adverts.
func (s *Store) HeardBy(ctx context.Context, since time.Time) (map[string]int, error) {
	const query = `SELECT t.from_pubkey, count(DISTINCT o.observer_idx) FROM
		(SELECT id, from_pubkey FROM transmissions WHERE payload_type = 4 AND first_seen >= ?1 AND from_pubkey IS NOT NULL
			ORDER BY id DESC LIMIT ?2) t
		JOIN observations o ON o.transmission_id = t.id GROUP BY 1`
	rows, err := s.read.QueryContext(ctx, query, since.UTC().Format(timeLayout), maxAdvertsHeard)
	if err != nil {
		return nil, fmt.Errorf("read who hears nodes: %w", err)
	}
	defer rows.Close()
	all := map[string]int{}
	for rows.Next() {
		var key string
		var n int
		if err := rows.Scan(&key, &n); err != nil {
			return nil, fmt.Errorf("read who hears nodes: %w", err)
		}
		all[strings.ToLower(key)] = n
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read who hears nodes: %w", err)
	}
	return all, nil
}

// LastHop is one observer hearing one node itself: the node sent the packet, or
// was the last to relay it.
type LastHop struct {
	Node     string // key, lower-case hex digits
	Observer string // id
	At       time.Time
	SNR      *float64 // dB
	RSSI     *float64 // dBm
}

// selectLastHops walks observations of a time; the sender of an advert that was
// heard directly, and the last hop of a path that is known.
const selectLastHops = `SELECT o.timestamp, s.id, o.snr, o.rssi, COALESCE(o.resolved_path, ''), COALESCE(o.path_json, ''), COALESCE(t.from_pubkey, '')
	FROM (SELECT * FROM observations WHERE timestamp >= ?1 AND timestamp < ?2 ORDER BY timestamp LIMIT ?3) o
	JOIN observers s ON s.rowid = o.observer_idx
	JOIN transmissions t ON t.id = o.transmission_id
	WHERE t.route_type IN (0, 1) AND t.payload_type <> 9`

// LastHops calls f for observations between two times that tell which node the
// observer heard itself. It looks at 20,000 observations at most, as many in each
// of 48 equal parts of the time: a busy evening does not hide the day.
func (s *Store) LastHops(ctx context.Context, since, until time.Time, f func(LastHop)) error {
	part := until.Sub(since) / lastHopSlots
	for i := range time.Duration(lastHopSlots) {
		from := since.Add(i * part)
		if err := s.lastHops(ctx, from, from.Add(part), f); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) lastHops(ctx context.Context, from, to time.Time, f func(LastHop)) error {
	rows, err := s.read.QueryContext(ctx, selectLastHops, from.Unix(), to.Unix(), maxLastHops/lastHopSlots)
	if err != nil {
		return fmt.Errorf("read last hops: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var h LastHop
		var at int64
		var resolved, path, from string
		if err := rows.Scan(&at, &h.Observer, &h.SNR, &h.RSSI, &resolved, &path, &from); err != nil {
			return fmt.Errorf("read last hops: %w", err)
		}
		if h.Node = lastNode(resolved, path, from); h.Node != "" {
			h.At = time.Unix(at, 0).UTC()
			f(h)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read last hops: %w", err)
	}
	return nil
}

// lastNode is the key of whoever sent what the observer heard; "" when that is
// not known.
func lastNode(resolved, path, from string) string {
	if path == "" || path == "[]" {
		return strings.ToLower(from)
	}
	var keys []*string
	if resolved == "" || json.Unmarshal([]byte(resolved), &keys) != nil || len(keys) == 0 || keys[len(keys)-1] == nil {
		return ""
	}
	return strings.ToLower(*keys[len(keys)-1])
}
