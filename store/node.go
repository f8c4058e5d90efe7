package store

import "fmt"

// nodeChange is what a batch's adverts say of one node. "" and nil are no news.
type nodeChange struct {
	key           string
	name, role    string
	lat, lon      any
	battery       any
	temperature   any
	scope         string
	foreign       bool
	adverts       int64  // transmissions that are new
	first, latest string // received
}

// noteAdvert takes down what an advert says of its node. It reports false, and
// does not, when the node is new and too many are.
func (l *ledger) noteAdvert(r *Record, isNew bool) (known bool) {
	a, at := r.Advert, l.text.format(r.ReceivedAt)
	key := keyText(&a.PublicKey)
	n, ok := l.nodes[key]
	if !ok {
		n = &nodeChange{key: key, first: at}
		if !l.topology.hasNode(key) && !l.newNodes.admit(r.ReceivedAt) {
			return false
		}
		l.nodes[key] = n
		l.dueNodes = append(l.dueNodes, n)
	}
	if a.Name != "" {
		n.name = a.Name
	}
	if a.Role != "" {
		n.role = a.Role
	}
	n.lat, n.lon = latest(n.lat, a.Lat), latest(n.lon, a.Lon)
	n.battery, n.temperature = latest(n.battery, a.BatteryMV), latest(n.temperature, a.TemperatureC)
	if scope := r.Transmission.ScopeName; scope != nil && *scope != "" {
		n.scope = *scope
	}
	n.foreign = n.foreign || a.Foreign
	if isNew {
		n.adverts++
	}
	n.first, n.latest = min(n.first, at), max(n.latest, at)
	l.topology.addNode(n.key)
	return true
}

func latest[T any](old any, p *T) any {
	if v := deref(p); v != nil {
		return v
	}
	return old
}

const (
	updateNode = `UPDATE nodes SET
		name = COALESCE(?2, name), role = COALESCE(?3, role),
		lat = COALESCE(?4, lat), lon = COALESCE(?5, lon),
		last_seen = MAX(MIN(COALESCE(last_seen, ''), ?6), ?7),
		advert_count = COALESCE(advert_count, 0) + ?8,
		battery_mv = COALESCE(?9, battery_mv), temperature_c = COALESCE(?10, temperature_c),
		foreign_advert = MAX(COALESCE(foreign_advert, 0), ?11),
		default_scope = COALESCE(?12, default_scope)
		WHERE public_key = ?1`

	insertNode = `INSERT INTO nodes
		(public_key, name, role, lat, lon, last_seen, first_seen, advert_count,
		 battery_mv, temperature_c, foreign_advert, default_scope)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	// returnNode brings a node back whole. Columns are named: in a file that
	// CoreScope has migrated the two tables may have them in different orders.
	returnNode = `INSERT INTO nodes
		(public_key, name, role, lat, lon, last_seen, first_seen, advert_count, battery_mv, temperature_c,
		 foreign_advert, default_scope, multibyte_sup, multibyte_evidence)
		SELECT public_key, name, role, lat, lon, last_seen, first_seen, advert_count, battery_mv, temperature_c,
		 foreign_advert, default_scope, multibyte_sup, multibyte_evidence
		FROM inactive_nodes WHERE public_key = ?`

	deleteInactive = `DELETE FROM inactive_nodes WHERE public_key = ?`

	// scopeInactive reaches the row that CoreScope left behind when it made a
	// returning node anew.
	scopeInactive = `UPDATE inactive_nodes SET default_scope = ?1
		WHERE public_key = ?2 AND default_scope IS NOT ?1`
)

// flushNode writes what the batch's adverts say of a node: into its row, into
// the one it brings back from inactive_nodes, or into a new one.
func (l *ledger) flushNode(n *nodeChange, now string) error {
	known, err := l.updateNode(n, now)
	if err == nil && !known {
		if known, err = l.returnNode(n.key); err == nil && known {
			_, err = l.updateNode(n, now)
		} else if err == nil {
			_, err = l.conn.exec(insertNode, n.key, n.name, orNull(n.role), n.lat, n.lon, n.latest, n.first,
				n.adverts, n.battery, n.temperature, boolInt(n.foreign), orNull(n.scope))
		}
	}
	if err == nil && n.scope != "" {
		_, err = l.conn.exec(scopeInactive, n.scope, n.key)
	}
	if err != nil {
		return fmt.Errorf("write node: %w", err)
	}
	return nil
}

func (l *ledger) updateNode(n *nodeChange, now string) (known bool, err error) {
	did, err := l.conn.exec(updateNode, n.key, orNull(n.name), orNull(n.role), n.lat, n.lon, now, n.latest,
		n.adverts, n.battery, n.temperature, boolInt(n.foreign), orNull(n.scope))
	return did.rows == 1, err
}

func (l *ledger) returnNode(key string) (known bool, err error) {
	did, err := l.conn.exec(returnNode, key)
	if err != nil || did.rows == 0 {
		return false, err
	}
	_, err = l.conn.exec(deleteInactive, key)
	return true, err
}
