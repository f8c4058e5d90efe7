package store

import "fmt"

// noteRelays takes down that the nodes on a path have passed a packet on.
func (l *ledger) noteRelays(r *Record, path []*party) {
	at := l.text.format(r.ReceivedAt)
	for _, p := range path {
		if p == nil {
			continue
		}
		latest, ok := l.relays[p.key]
		if !ok {
			l.dueRelays = append(l.dueRelays, p.key)
		}
		if at > latest {
			l.relays[p.key] = at
		}
	}
}

// touchNode is for a node that was heard and said nothing of itself. Times are
// whole seconds: of a busy relay's touches most change nothing, and then no page
// is written.
const touchNode = `UPDATE nodes SET last_seen = MAX(MIN(COALESCE(last_seen, ''), ?2), ?3)
	WHERE public_key = ?1 AND last_seen IS NOT MAX(MIN(COALESCE(last_seen, ''), ?2), ?3)`

// flushRelay writes when a relay was last heard, or leaves it to flushNode when
// the batch has an advert of it too.
func (l *ledger) flushRelay(key, now string) error {
	latest := l.relays[key]
	if n, ok := l.nodes[*parseKey(key)]; ok {
		n.latest = max(n.latest, latest)
		return nil
	}
	if _, err := l.conn.exec(touchNode, key, now, latest); err != nil {
		return fmt.Errorf("update relay: %w", err)
	}
	return nil
}
