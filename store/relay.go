package store

import "fmt"

// noteRelays takes down that the nodes on a path have passed a packet on.
func (l *ledger) noteRelays(r *Record, path []*party) {
	at := l.text.format(r.ReceivedAt)
	for _, p := range path {
		if p == nil {
			continue
		}
		if p.relayed == "" {
			l.dueRelays = append(l.dueRelays, p)
		}
		p.relayed = max(p.relayed, at)
	}
}

// touchNode is for a node that was heard and said nothing of itself.
const touchNode = `UPDATE nodes SET last_seen = MAX(MIN(COALESCE(last_seen, ''), ?2), ?3)
	WHERE public_key = ?1 AND last_seen IS NOT MAX(MIN(COALESCE(last_seen, ''), ?2), ?3)`

// flushRelay writes when a relay was last heard, or leaves it to flushNode when
// the batch has an advert of it too. Times are whole seconds: of a busy relay's
// touches most change nothing, and then the row is not looked for.
func (l *ledger) flushRelay(p *party, now string) error {
	latest := p.relayed
	p.relayed = ""
	if n, ok := l.nodes[p.key]; ok {
		n.latest = max(n.latest, latest)
		return nil
	}
	if latest <= p.lastSeen && p.lastSeen <= now {
		return nil
	}
	if _, err := l.conn.exec(touchNode, p.key, now, latest); err != nil {
		return fmt.Errorf("update relay: %w", err)
	}
	l.topology.saw(p, latest)
	return nil
}
