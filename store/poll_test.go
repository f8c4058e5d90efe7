package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What CoreScope's server asks for each second, and at most how many rows.
const (
	pollTransmissions = `SELECT id, raw_hex, hash, first_seen, route_type, payload_type, payload_version, decoded_json, from_pubkey
		FROM transmissions WHERE id > ? ORDER BY id ASC LIMIT 100`
	pollObservations = `SELECT o.id, o.transmission_id, t.hash, obs.id, obs.name, o.direction, o.snr, o.rssi, o.score,
		o.path_json, o.resolved_path, o.timestamp
		FROM observations o JOIN transmissions t ON t.id = o.transmission_id
		LEFT JOIN observers obs ON obs.rowid = o.observer_idx
		WHERE o.id > ? ORDER BY o.id ASC LIMIT 500`
)

// poller reads new rows as CoreScope's server does, and notes what it saw.
type poller struct {
	t  *testing.T
	db *sql.DB

	lastTransmission, lastObservation int64
	transmissions, observations       []string
}

// poll asks once and reports whether there was anything new.
func (p *poller) poll() (news bool) {
	before := len(p.transmissions) + len(p.observations)
	p.each(pollTransmissions, &p.lastTransmission, func(rows *sql.Rows) (id int64, err error) {
		var (
			raw, hash, firstSeen       string
			route, payload, version    int
			decodedJSON, fromPublicKey sql.NullString
		)
		err = rows.Scan(&id, &raw, &hash, &firstSeen, &route, &payload, &version, &decodedJSON, &fromPublicKey)
		if len(firstSeen) != len(noonText) {
			p.t.Errorf("transmission %d first seen %q", id, firstSeen)
		}
		p.transmissions = append(p.transmissions, fmt.Sprintf("%d|%s", id, hash))
		return id, err
	})
	p.each(pollObservations, &p.lastObservation, func(rows *sql.Rows) (id int64, err error) {
		var (
			transmission, timestamp               int64
			hash, observer, name, direction, path string
			resolved                              sql.NullString
			snr, rssi                             *float64
			score                                 *int
		)
		err = rows.Scan(&id, &transmission, &hash, &observer, &name, &direction, &snr, &rssi, &score, &path, &resolved, &timestamp)
		p.observations = append(p.observations, fmt.Sprintf("%d|%s|%s", id, hash, observer))
		return id, err
	})
	return len(p.transmissions)+len(p.observations) > before
}

// each reads one page of rows, which must go on from last.
func (p *poller) each(query string, last *int64, scan func(*sql.Rows) (int64, error)) {
	rows, err := p.db.Query(query, *last)
	if err != nil {
		p.t.Fatalf("%s: %v", query, err) // a lock among others: the server does not wait
	}
	defer rows.Close()
	for rows.Next() {
		id, err := scan(rows)
		if err != nil {
			p.t.Fatalf("row %d does not fit: %v", id, err)
		}
		if id <= *last {
			p.t.Fatalf("row %d after row %d", id, *last)
		}
		*last = id
	}
	if err := rows.Err(); err != nil {
		p.t.Fatal(err)
	}
}

// Rows that a reader sees stay, and no row appears behind the last it has seen:
// neither when batches are taken back nor when records are refused.
func TestPollingReaderSeesEveryRowOnceAndInOrder(t *testing.T) {
	const senders, each = 4, 400
	transactions := 0 // counted on the writer's goroutine
	s := openTest(t, func(o *Options) {
		o.MaxBatch = 7
		o.before = func(c *writeConn) error {
			if transactions++; transactions%10 == 0 {
				return errors.New("no commit now")
			}
			return nil
		}
	})
	// Half of the records are written before the fault of their batch shows.
	execSQL(t, s.path, poison)

	ctx, written := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	for sender := range senders {
		sending.Go(func() { sendUnderLoad(t, s, sender, each) })
	}
	go func() { sending.Wait(); written() }()

	p := &poller{t: t, db: openAsServer(t, s.path)}
	for p.poll() || ctx.Err() == nil || p.poll() { // once more after the last was written
		if err := s.WaitAfter(ctx, p.lastObservation); err != nil && ctx.Err() == nil {
			t.Fatal(err)
		}
	}
	const observations = "SELECT o.id, hash, obs.id FROM observations o JOIN transmissions t ON t.id = transmission_id JOIN observers obs ON obs.rowid = observer_idx ORDER BY o.id"
	for query, seen := range map[string][]string{
		"SELECT id, hash FROM transmissions ORDER BY id": p.transmissions,
		observations: p.observations,
	} {
		if diff := cmp.Diff(dump(t, s.path, query), seen); diff != "" {
			t.Errorf("%s (-file +seen):\n%s", query, diff)
		}
	}
	if got := len(p.observations); got != senders*each {
		t.Errorf("%d observations, want %d", got, senders*each)
	}
	if s.Stats().CommitErrors == 0 || s.Stats().BadRecords == 0 {
		t.Error("nothing was taken back, nothing refused: no load")
	}
}

// The same while old rows are pruned, nodes come and go, pages are given back,
// and the WAL is copied: a reader sees each new row once, in order, and by the
// right observer; at last also after a VACUUM.
func TestPollingReaderIsNotDisturbedByMaintenance(t *testing.T) {
	const senders, each = 4, 200
	path := filepath.Join(t.TempDir(), "meshcore.db")
	old := openAt(t, path)
	manyOld(t, old, 600, 4)
	proveClock(t, old)
	old.Close()
	// A gap in the numbers of the observers, which VACUUM would close.
	execSQL(t, path, "PRAGMA foreign_keys = OFF; DELETE FROM observers WHERE id IN ('1', '2')")

	s := openAt(t, path, func(o *Options) {
		o.MaxBatch, o.CheckpointBytes = 16, 50*pageSize
		o.Retention = Retention{PacketDays: 10, NodeDays: 1, ObserverDays: 10, NeighbourDays: 1}
	})
	execSQL(t, path, poison) // sendUnderLoad wants some records refused
	last := s.LastObservation()
	p := &poller{t: t, db: openAsServer(t, path), lastObservation: last}
	for _, id := range dump(t, path, "SELECT MAX(id) FROM transmissions") {
		fmt.Sscan(id, &p.lastTransmission)
	}
	ctx, written := context.WithCancel(t.Context())
	swept := make(chan struct{}) // all of it once
	var sending, keeping sync.WaitGroup
	for sender := range senders {
		sending.Go(func() { sendUnderLoad(t, s, sender, each) })
	}
	keeping.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			s.doJobs(ctx, s.jobs(), trusting(s))
			if n == 0 {
				close(swept)
			}
			if _, err := s.DeleteNodes(ctx, []string{testKey("0a")}); err != nil && ctx.Err() == nil {
				t.Errorf("delete nodes: %v", err)
			}
		}
	})
	go func() { sending.Wait(); <-swept; written() }()
	for p.poll() || ctx.Err() == nil || p.poll() {
		if err := s.WaitAfter(ctx, p.lastObservation); err != nil && ctx.Err() == nil {
			t.Fatal(err)
		}
	}
	keeping.Wait()
	if u := s.Stats().Upkeep; u["packets"].Rows == 0 || u["vacuum"].Rows == 0 {
		t.Errorf("nothing was pruned: no load: %+v", u)
	}
	const observations = `SELECT o.id, hash, obs.id FROM observations o JOIN transmissions t ON t.id = transmission_id
		JOIN observers obs ON obs.rowid = observer_idx WHERE o.id > ? ORDER BY o.id`
	if diff := cmp.Diff(dump(t, path, observations, last), p.observations); diff != "" {
		t.Errorf("observations (-file +seen):\n%s", diff)
	}
	if got := len(p.observations); got != senders*each {
		t.Errorf("%d observations, want %d", got, senders*each)
	}

	seen := p.observations
	execSQL(t, path, "VACUUM")
	put(t, s, packet(fmt.Sprintf("%064X", 0xA1), "after"))
	p.poll()
	if diff := cmp.Diff(dump(t, path, observations, last), p.observations); diff != "" || len(p.observations) != len(seen)+1 {
		t.Errorf("after VACUUM (-file +seen):\n%s", diff)
	}
}

// sendUnderLoad stores n packets, each of which every sender has, over relays
// that adverts among them make known, with records between that are refused.
// What is not committed is sent again.
func sendUnderLoad(t *testing.T, s *Store, sender, n int) {
	observer := fmt.Sprintf("%064X", 0xA0+sender)
	pending := make([]Record, 0, n)
	for i := range n {
		r := packet(observer, fmt.Sprintf("%016x", i), via(1, byte(i), byte(i+1)), travelled)
		if i%10 == 0 {
			r = nodeNamed(fmt.Sprintf("%02x", i%256), func(r *Record) {
				r.Observer.ID, r.Transmission.Hash = observer, fmt.Sprintf("%016x", i)
			})
		}
		beside(Party{Key: strings.ToLower(observer)}, Party{PathHash: []byte{byte(i)}})(&r)
		pending = append(pending, r)
	}
	for len(pending) > 0 {
		fates := make(chan error, len(pending))
		for i := range pending {
			if i%20 == 0 {
				bad := packet(observer, "", func(r *Record) { r.Transmission.Hash = "bad" })
				if err := s.Append(t.Context(), bad, nil); err != nil {
					t.Error(err)
				}
			}
			if err := s.Append(t.Context(), pending[i], func(_ Result, err error) { fates <- err }); err != nil {
				t.Error(err)
				fates <- nil
			}
		}
		var again []Record
		for _, r := range pending { // fates come in the order of sending
			if err := <-fates; err != nil {
				again = append(again, r)
			}
		}
		pending = again
	}
}
