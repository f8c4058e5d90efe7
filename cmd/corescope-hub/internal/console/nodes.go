package console

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"corescope-hub/store"
)

// Node is one node, as /api/v1/nodes shows it.
type Node struct {
	Key       string     `json:"key"` // 64 lower-case hex digits
	Name      string     `json:"name"`
	Role      string     `json:"role"` // companion, repeater, room, sensor
	Lat       *float64   `json:"lat"`  // degrees; null when it never told
	Lon       *float64   `json:"lon"`
	FirstSeen *time.Time `json:"firstSeen"`
	LastSeen  *time.Time `json:"lastSeen"` // advertised or relayed
	Adverts   int64      `json:"adverts"`
	BatteryMV *int64     `json:"batteryMv"`
}

// NodeList is the answer of GET /api/v1/nodes.
type NodeList struct {
	Nodes []Node  `json:"nodes"` // by key
	Next  *string `json:"next,omitempty"`
}

func nodeOf(n *store.NodeRow) Node {
	out := Node{Key: n.Key, Name: name(n.Name), Role: n.Role, FirstSeen: orNever(n.FirstSeen), LastSeen: orNever(n.LastSeen), Adverts: n.Adverts, BatteryMV: n.BatteryMV}
	if n.Lat != nil && n.Lon != nil && (*n.Lat != 0 || *n.Lon != 0) {
		out.Lat, out.Lon = n.Lat, n.Lon
	}
	return out
}

// listNodes answers GET /api/v1/nodes.
func (s *server) listNodes(ctx context.Context, r *http.Request) (any, error) {
	limit, err := limitOf(r)
	if err != nil {
		return nil, err
	}
	var since time.Time
	if text := r.FormValue("since"); text != "" {
		if since, err = time.Parse(time.RFC3339, text); err != nil {
			return nil, &badRequest{"since", text, "a time such as 2026-11-24T20:14:00Z"}
		}
	}
	rows, err := s.store().Nodes(ctx, r.FormValue("cursor"), since, limit)
	if err != nil {
		return nil, err
	}
	list := NodeList{Nodes: make([]Node, len(rows))}
	for i := range rows {
		list.Nodes[i] = nodeOf(&rows[i])
	}
	if len(rows) == limit {
		list.Next = &rows[limit-1].Key
	}
	return list, nil
}

// nodeView is one row of the nodes page.
type nodeView struct {
	Node
	HeardBy  int    `json:"heardBy"`  // observers, of its adverts in the last day
	Observer string `json:"observer"` // "", connected, silent or away
}

// nodesPage is what the nodes page shows.
type nodesPage struct {
	Now    time.Time  `json:"now"`
	Days   int        `json:"days"`
	Nodes  []nodeView `json:"nodes"`
	Edges  [][3]int64 `json:"edges"`  // places in nodes, and packets
	Hidden int64      `json:"hidden"` // nodes not heard for that long
}

// nodeDays are the choices of the page.
var nodeDays = []int{1, 7, 30}

// nodePage makes the page of the nodes heard in the last days.
func (s *server) nodePage(ctx context.Context, days int) (*nodesPage, error) {
	now := time.Now()
	since := now.AddDate(0, 0, -days)
	rows, err := s.store().Nodes(ctx, "", since, namesMost)
	if err != nil {
		return nil, err
	}
	total, err := s.store().CountNodes(ctx)
	if err != nil {
		return nil, err
	}
	heard, err := s.heardBy.get(ctx)
	if err != nil {
		return nil, err
	}
	edges, err := s.store().Edges(ctx, since)
	if err != nil {
		return nil, err
	}
	observers, err := s.observed.get(ctx)
	if err != nil {
		return nil, err
	}
	page := &nodesPage{Now: now.UTC(), Days: days, Hidden: max(total-int64(len(rows)), 0), Edges: [][3]int64{}, Nodes: make([]nodeView, 0, len(rows)+len(observers))}
	at := make(map[string]int64, len(rows))
	for i := range rows {
		at[rows[i].Key] = int64(i)
		page.Nodes = append(page.Nodes, nodeView{Node: nodeOf(&rows[i]), HeardBy: heard[rows[i].Key]})
	}
	page.addObservers(observers, at)
	for _, e := range edges {
		a, okA := at[e.A]
		b, okB := at[e.B]
		if okA && okB && a != b {
			page.Edges = append(page.Edges, [3]int64{a, b, e.Count})
		}
	}
	return page, nil
}

// addObservers marks the nodes that are observers, and adds those that are no
// nodes.
func (p *nodesPage) addObservers(observers []observerView, at map[string]int64) {
	for i := range observers {
		o := &observers[i]
		if k, ok := at[strings.ToLower(o.ID)]; ok {
			p.Nodes[k].Observer = o.State
			continue
		}
		p.Nodes = append(p.Nodes, nodeView{Observer: o.State, Node: Node{
			Key: strings.ToLower(o.ID), Name: o.Name, Role: "observer", FirstSeen: o.FirstSeen, LastSeen: o.LastSeen}})
	}
}

// nodeDetail is one node, closer.
type nodeDetail struct {
	Now        time.Time       `json:"now"`
	Node       nodeView        `json:"node"`
	Heard      []hearing       `json:"heard"`
	Neighbours []neighbourView `json:"neighbours"`
	Adverts    []advertView    `json:"adverts"`
	Every      *float64        `json:"every"` // seconds between two adverts, on median
}

// hearing is one observer hearing the node itself, in the last day.
type hearing struct {
	Observer string       `json:"observer"`
	Name     string       `json:"name"`
	Packets  int          `json:"packets"`
	SNR      *float64     `json:"snr"` // medians
	RSSI     *float64     `json:"rssi"`
	Points   [][3]float64 `json:"points"` // Unix time, SNR, RSSI: medians of each half hour
}

// neighbourView is a node next to this one on paths.
type neighbourView struct {
	Key   string `json:"key"`
	Name  string `json:"name"`
	Count int64  `json:"count"`
}

// advertView is one advert of the node.
type advertView struct {
	Hash      string    `json:"hash"`
	At        time.Time `json:"at"`
	Observers int       `json:"observers"`
	Paths     int       `json:"paths"`
}

// node makes the pane of one node.
func (s *server) node(ctx context.Context, key string) (*nodeDetail, error) {
	key = strings.ToLower(key)
	page, err := s.nodePage(ctx, 3650)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(page.Nodes, func(n nodeView) bool { return n.Key == key })
	if i < 0 {
		return nil, errNotThere
	}
	d := &nodeDetail{Now: page.Now, Node: page.Nodes[i], Heard: []hearing{}, Neighbours: []neighbourView{}, Adverts: []advertView{}}
	for _, e := range page.Edges {
		other := e[1]
		if int(e[1]) == i {
			other = e[0]
		} else if int(e[0]) != i {
			continue
		}
		n := &page.Nodes[other]
		d.Neighbours = append(d.Neighbours, neighbourView{Key: n.Key, Name: n.Name, Count: e[2]})
	}
	d.Neighbours = d.Neighbours[:min(len(d.Neighbours), 12)]
	if err := s.addAdverts(ctx, d); err != nil {
		return nil, err
	}
	hops, err := s.lastHops.get(ctx)
	if err != nil {
		return nil, err
	}
	observers, err := s.observers.get(ctx)
	if err != nil {
		return nil, err
	}
	d.Heard = append(d.Heard, hops.of(key, observers.rows)...)
	return d, nil
}

func (s *server) addAdverts(ctx context.Context, d *nodeDetail) error {
	adverts, err := s.store().Adverts(ctx, d.Node.Key, 30)
	if err != nil {
		return err
	}
	var gaps []float64
	for i := range adverts {
		a := &adverts[i]
		if i > 0 {
			gaps = append(gaps, adverts[i-1].FirstSeen.Sub(a.FirstSeen).Seconds())
		}
		who, paths := map[string]bool{}, map[string]bool{}
		for k := range a.Observations {
			who[a.Observations[k].ObserverID] = true
			paths[strings.Join(a.Observations[k].Path, ",")] = true
		}
		if i < 8 {
			d.Adverts = append(d.Adverts, advertView{Hash: a.Hash, At: a.FirstSeen, Observers: len(who), Paths: len(paths)})
		}
	}
	if slices.Sort(gaps); len(gaps) > 0 {
		d.Every = &gaps[len(gaps)/2]
	}
	return nil
}
