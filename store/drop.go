package store

import "fmt"

const insertDrop = `INSERT INTO dropped_packets
	(hash, raw_hex, reason, observer_id, observer_name, node_pubkey, node_name, dropped_at)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

// keptDrops is how many rows of dropped_packets stay, whatever their age.
const keptDrops = 100_000

// spareDrops are the rows that are too many. Ids grow with time, and none is
// given twice.
const spareDrops = `SELECT id FROM dropped_packets
	WHERE id <= (SELECT MAX(id) FROM dropped_packets) - ?1 ORDER BY id LIMIT ?2`

// capDrops deletes the oldest refused packets beyond the latest so many.
func capDrops(most int) sweep { return takeAll(spareDrops, int64(most), remove(deleteDrop)) }

// insertDrop keeps a refused packet for the operator to look at. Refused
// packets say nothing of their observer: its row is not touched, only its id is
// written as that row has it.
func (l *ledger) insertDrop(r *Record) error {
	id := r.Observer.ID
	if id != "" {
		row, err := l.findObserver(id)
		if err != nil {
			return err
		}
		if row != nil {
			id = row.id
		}
	}
	d := r.Drop
	var node any
	if d.NodeKey != nil {
		node = keyText(d.NodeKey)
	}
	_, err := l.conn.exec(insertDrop, orNull(d.Hash), orNull(d.RawHex), d.Reason, orNull(id), orNull(r.Observer.Name),
		node, orNull(d.NodeName), createdAt(l.text.format(r.ReceivedAt)))
	if err != nil {
		return fmt.Errorf("insert dropped packet: %w", err)
	}
	return nil
}
