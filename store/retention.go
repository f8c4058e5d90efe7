package store

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"time"
)

// Retention is how long rows are kept after they were last of use. Whole days;
// 0 keeps them for ever.
type Retention struct {
	NodeDays      int // nodes not heard for so long move to inactive_nodes
	ObserverDays  int // observers not heard for so long are marked inactive; their rows stay
	MetricsDays   int // observer_metrics and dropped_packets
	PacketDays    int // transmissions not heard for so long, with their observations
	ClientRxDays  int // client_receptions, and clients not heard for so long
	NeighbourDays int // neighbor_edges not seen for so long
}

// mostDays bounds the settings: with more, a date would lose its four-digit
// year.
const mostDays = 365_000

func (r Retention) check() error {
	for _, d := range []int{r.NodeDays, r.ObserverDays, r.MetricsDays, r.PacketDays, r.ClientRxDays, r.NeighbourDays} {
		if d < 0 || d > mostDays {
			return fmt.Errorf("retention of %d days: must be from 0 to %d", d, mostDays)
		}
	}
	return nil
}

// daysBefore is the time before which rows are too old.
func daysBefore(now time.Time, days int) time.Time { return now.UTC().AddDate(0, 0, -days) }

const (
	staleNodes = `SELECT public_key FROM nodes WHERE last_seen < ? AND public_key IS NOT NULL
		ORDER BY last_seen LIMIT ?`

	// copyToInactive finds a row of the same node there where CoreScope has made
	// a returning node anew: then the node is as old as that row says, and has
	// sent the adverts of both.
	copyToInactive = `INSERT INTO inactive_nodes
		(public_key, name, role, lat, lon, last_seen, first_seen, advert_count, battery_mv, temperature_c,
		 foreign_advert, default_scope, multibyte_sup, multibyte_evidence)
		SELECT public_key, name, role, lat, lon, last_seen, first_seen, advert_count, battery_mv, temperature_c,
		 foreign_advert, default_scope, multibyte_sup, multibyte_evidence
		FROM nodes WHERE public_key = ?
		ON CONFLICT(public_key) DO UPDATE SET
			name = COALESCE(NULLIF(excluded.name, ''), name), role = COALESCE(excluded.role, role),
			lat = COALESCE(excluded.lat, lat), lon = COALESCE(excluded.lon, lon),
			last_seen = excluded.last_seen,
			first_seen = MIN(COALESCE(first_seen, excluded.first_seen), COALESCE(excluded.first_seen, first_seen)),
			advert_count = COALESCE(advert_count, 0) + COALESCE(excluded.advert_count, 0),
			battery_mv = COALESCE(excluded.battery_mv, battery_mv),
			temperature_c = COALESCE(excluded.temperature_c, temperature_c),
			foreign_advert = MAX(COALESCE(foreign_advert, 0), COALESCE(excluded.foreign_advert, 0)),
			default_scope = COALESCE(excluded.default_scope, default_scope),
			multibyte_sup = MAX(multibyte_sup, excluded.multibyte_sup),
			multibyte_evidence = COALESCE(excluded.multibyte_evidence, multibyte_evidence)`

	deleteNode = `DELETE FROM nodes WHERE public_key = ?`
)

// retireNodes moves nodes that were last heard before a time to inactive_nodes,
// from where their next advert brings them back.
func retireNodes(before time.Time) sweep {
	return takeAll(staleNodes, before.Format(timeLayout), func(l *ledger, key driver.Value) error {
		if _, err := l.conn.exec(copyToInactive, key); err != nil {
			return err
		}
		_, err := l.deleteNode(key)
		return err
	})
}

// deleteNode deletes a row of nodes: no path hash means it any more.
func (l *ledger) deleteNode(key driver.Value) (existed bool, err error) {
	did, err := l.conn.exec(deleteNode, key)
	if did.rows > 0 {
		l.topology.removeNode(columnText(key))
	}
	return did.rows > 0, err
}

const (
	walkObservers = `SELECT rowid, id, last_seen, inactive FROM observers WHERE rowid > ? ORDER BY rowid LIMIT ?`

	retireObserver = `UPDATE observers SET inactive = 1 WHERE rowid = ?`
)

// retireObservers marks observers inactive that were last heard before a time.
// One that has never been heard is not known to be stale.
func retireObservers(before time.Time) sweep {
	limit := before.Format(timeLayout)
	return markInactive(func(_, lastSeen string) bool { return lastSeen != "" && lastSeen < limit })
}

// banObservers marks those of the blacklist inactive.
func banObservers(blacklist []string) sweep {
	banned := make(map[string]bool, len(blacklist))
	for _, id := range blacklist {
		banned[strings.ToLower(strings.TrimSpace(id))] = true
	}
	return markInactive(func(id, _ string) bool { return banned[strings.ToLower(id)] })
}

func markInactive(which func(id, lastSeen string) bool) sweep {
	return walk(walkObservers, 4, func(l *ledger, row []driver.Value) (changed bool, err error) {
		if inactive, _ := row[3].(int64); inactive != 0 || !which(columnText(row[1]), columnText(row[2])) {
			return false, nil
		}
		_, err = l.conn.exec(retireObserver, row[0])
		return true, err
	})
}

const (
	oldMetrics    = `SELECT rowid FROM observer_metrics WHERE timestamp < ? ORDER BY timestamp LIMIT ?`
	deleteMetrics = `DELETE FROM observer_metrics WHERE rowid = ?`

	// walkDrops allows for times written with a T, which sorts after the blank.
	walkDrops  = `SELECT id, replace(dropped_at, 'T', ' ') FROM dropped_packets WHERE id > ? ORDER BY id LIMIT ?`
	deleteDrop = `DELETE FROM dropped_packets WHERE id = ?`

	oldReceptions   = `SELECT id FROM client_receptions WHERE rx_at < ? ORDER BY rx_at LIMIT ?`
	deleteReception = `DELETE FROM client_receptions WHERE id = ?`

	walkClients  = `SELECT rowid, last_seen FROM client_observers WHERE rowid > ? ORDER BY rowid LIMIT ?`
	deleteClient = `DELETE FROM client_observers WHERE rowid = ?`

	walkEdges  = `SELECT rowid, last_seen, node_a, node_b FROM neighbor_edges WHERE rowid > ? ORDER BY rowid LIMIT ?`
	deleteEdge = `DELETE FROM neighbor_edges WHERE rowid = ?`
)

// pruneMetrics deletes measurements, of inactive observers too only when they
// are old.
func pruneMetrics(before time.Time) sweep {
	return takeAll(oldMetrics, before.Format(timeLayout), remove(deleteMetrics))
}

func pruneDrops(before time.Time) sweep {
	return walk(walkDrops, 2, removeBefore(deleteDrop, before.Format(createdLayout)))
}

func pruneReceptions(before time.Time) sweep {
	return takeAll(oldReceptions, before.Format(timeLayout), remove(deleteReception))
}

func pruneClients(before time.Time) sweep {
	return walk(walkClients, 2, removeBefore(deleteClient, before.Format(timeLayout)))
}

func pruneNeighbours(before time.Time) sweep {
	removeEdge := removeBefore(deleteEdge, before.Format(timeLayout))
	return walk(walkEdges, 4, func(l *ledger, row []driver.Value) (changed bool, err error) {
		if changed, err = removeEdge(l, row); changed {
			l.topology.removeEdge(columnText(row[2]), columnText(row[3]))
		}
		return changed, err
	})
}
