package store

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const (
	observerPresence = "SELECT rowid, id, name, iata, last_seen, first_seen, packet_count, last_packet_at, inactive FROM observers ORDER BY rowid"
	observerClock    = "SELECT clock_skew_seconds, clock_skew_count_24h, clock_last_naive_at FROM observers"
)

func status(observer string, edit ...func(*Record)) Record {
	r := Record{ReceivedAt: noon, Observer: Observer{ID: observer, Name: "Obs", IATA: "SEA", Heard: true}, Status: &Status{}}
	for _, e := range edit {
		e(&r)
	}
	return r
}

func named(name, iata string) func(*Record) {
	return func(r *Record) { r.Observer.Name, r.Observer.IATA = name, iata }
}

func TestFirstPacketOfAnObserverIsAttributed(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"))
	wantRows(t, s.path, observerPresence, "1|"+alpha+"|Obs|SEA|"+noonText+"|"+noonText+"|1|"+noonText+"|0")
	wantRows(t, s.path, "SELECT observer_idx FROM observations", "1")
	// The rest is as CoreScope leaves it.
	wantRows(t, s.path, `SELECT model, firmware, client_version, radio, battery_mv, uptime_secs, noise_floor,
		clock_skew_seconds, clock_skew_count_24h, clock_last_naive_at, can_relay, can_relay_seen FROM observers`,
		"NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|0|NULL|1|0")
}

func TestPacketCountCountsPackets(t *testing.T) {
	s, g := openGated(t)
	putTogether(t, s, g, packet(alpha, "01"), packet(alpha, "02"), status(alpha), packet(alpha, "01"))
	put(t, s, packet(alpha, "03"), status(alpha), packet(alpha, "01"), packet(alpha, "01", via(1)))
	wantRows(t, s.path, "SELECT packet_count, (SELECT count(*) FROM observations) FROM observers", "4|4")
}

func TestBlankNeverOverwrites(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01", named("", "")))
	wantRows(t, s.path, "SELECT name, iata FROM observers", "|")
	put(t, s, packet(alpha, "02", named("Obs Alpha", "SEA")), packet(alpha, "03", named("", "")), status(alpha, named("", "")))
	wantRows(t, s.path, "SELECT name, iata FROM observers", "Obs Alpha|SEA")
	put(t, s, packet(alpha, "04", named("", "YYZ")))
	wantRows(t, s.path, "SELECT name, iata FROM observers", "Obs Alpha|YYZ")
}

func TestLastNameOfATransactionStays(t *testing.T) {
	s, g := openGated(t)
	putTogether(t, s, g, packet(alpha, "01", named("A", "SEA")), packet(alpha, "02", named("B", "")), packet(alpha, "03", named("", "PDX")))
	wantRows(t, s.path, "SELECT name, iata FROM observers", "B|PDX")
}

func TestUnheardMessageIsNotPresence(t *testing.T) {
	s := openTest(t)
	later := at(noon.Add(time.Minute))
	put(t, s, packet(alpha, "01"), status(alpha, unheard, later, named("Alpha 2", "PDX")), packet(alpha, "02", unheard, later, named("", "")))
	wantRows(t, s.path, observerPresence, "1|"+alpha+"|Alpha 2|PDX|"+noonText+"|"+noonText+"|1|"+noonText+"|0")
}

func TestObserverKnownOnlyFromItsWillWasNeverSeen(t *testing.T) {
	s := openTest(t)
	put(t, s, status(alpha, unheard))
	wantRows(t, s.path, observerPresence, "1|"+alpha+"|Obs|SEA|NULL|NULL|0|NULL|0")
	put(t, s, status(alpha, at(noon.Add(time.Minute))))
	wantRows(t, s.path, observerPresence, "1|"+alpha+"|Obs|SEA|2026-11-24T12:01:00Z|2026-11-24T12:01:00Z|0|NULL|0")
}

func TestOnlyPacketsSetLastPacketAt(t *testing.T) {
	s := openTest(t)
	put(t, s, status(alpha))
	wantRows(t, s.path, "SELECT last_packet_at FROM observers", "NULL")
	put(t, s, packet(alpha, "01"), status(alpha, at(noon.Add(time.Minute))))
	wantRows(t, s.path, "SELECT last_seen, last_packet_at FROM observers", "2026-11-24T12:01:00Z|"+noonText)
}

func TestHeardObserverIsActiveAgain(t *testing.T) {
	s := openTest(t)
	put(t, s, status(alpha))
	execSQL(t, s.path, "UPDATE observers SET inactive = 1")
	put(t, s, status(alpha, unheard))
	wantRows(t, s.path, "SELECT inactive FROM observers", "1")
	put(t, s, status(alpha))
	wantRows(t, s.path, "SELECT inactive FROM observers", "0")
}

// Times grow, but one that a wrong clock wrote is cut back to now.
func TestLastSeenGrowsUpToNow(t *testing.T) {
	s := openTest(t)
	put(t, s, packet(alpha, "01"), packet(alpha, "02", at(noon.Add(-time.Hour))))
	wantRows(t, s.path, "SELECT last_seen, last_packet_at FROM observers", noonText+"|"+noonText)
	execSQL(t, s.path, "UPDATE observers SET last_seen = '2039-01-01T00:00:00Z', last_packet_at = '2039-01-01T00:00:00Z'")
	put(t, s, packet(alpha, "03", at(noon.Add(-time.Hour))))
	wantRows(t, s.path, "SELECT last_seen, last_packet_at FROM observers", noonText+"|"+noonText)
}

func TestPublicKeysInEitherCaseAreOneObserver(t *testing.T) {
	for name, stored := range map[string]string{"lower": strings.ToLower(alpha), "mixed": "aAAa" + alpha[4:]} {
		t.Run(name, func(t *testing.T) {
			s := openTest(t)
			execSQL(t, s.path, "INSERT INTO observers(id, packet_count) VALUES(?, 5)", stored)
			put(t, s, packet(alpha, "01"), status(alpha, func(r *Record) { r.Status.BatteryMV = ptr(int64(4000)) }),
				Record{ReceivedAt: noon, Observer: Observer{ID: alpha}, Drop: &Drop{Reason: "bad"}})
			wantRows(t, s.path, "SELECT rowid, id, packet_count FROM observers", "1|"+stored+"|6")
			wantRows(t, s.path, "SELECT observer_id FROM observer_metrics UNION ALL SELECT observer_id FROM dropped_packets", stored, stored)
		})
	}
	t.Run("exact one wins", func(t *testing.T) {
		s := openTest(t)
		execSQL(t, s.path, "INSERT INTO observers(id, packet_count) VALUES(?, 0), (?, 0)", strings.ToLower(alpha), alpha)
		put(t, s, packet(alpha, "01"))
		wantRows(t, s.path, "SELECT id, packet_count FROM observers ORDER BY rowid", strings.ToLower(alpha)+"|0", alpha+"|1")
	})
}

// What one new observer costs must not grow with the observers there are. Read
// whole for each, a table of this size takes half a minute.
func TestManyNewObserversAreCheap(t *testing.T) {
	const known, news = 30_000, 2_000
	s := openTest(t)
	execSQL(t, s.path, `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO observers(id) SELECT printf('%064X', i) FROM n`, known)
	start := time.Now()
	settled := make(chan error, news)
	for i := range news {
		r := status(fmt.Sprintf("F%063X", i))
		if err := s.Append(t.Context(), r, func(_ Result, err error) { settled <- err }); err != nil {
			t.Fatal(err)
		}
	}
	for range news {
		if err := <-settled; err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(start); took > 40*time.Second {
		t.Errorf("%d new observers beside %d took %s", news, known, took)
	}
}

func TestOtherIDsAreTakenAsTheyAre(t *testing.T) {
	s := openTest(t)
	put(t, s, packet("abc", "01"), packet("ABC", "01"))
	wantRows(t, s.path, "SELECT id FROM observers ORDER BY rowid", "abc", "ABC")
}

func TestNaiveClockIsCountedWithinADay(t *testing.T) {
	naive := func(skew, after time.Duration) Record {
		return status(alpha, at(noon.Add(after)), func(r *Record) { r.Observer.NaiveSkew = &skew })
	}
	minus7, plus2 := -25210765*time.Millisecond, 7188*time.Second
	records := []Record{naive(minus7, 0), naive(plus2, time.Hour), naive(plus2, 26*time.Hour), naive(minus7, 27*time.Hour)}

	s := openTest(t)
	put(t, s, status(alpha))
	wantRows(t, s.path, observerClock, "NULL|0|NULL")
	for i, want := range []string{
		"-25210|1|2026-11-24T12:00:00Z", "7188|2|2026-11-24T13:00:00Z", "7188|1|2026-11-25T14:00:00Z", "-25210|2|2026-11-25T15:00:00Z",
	} {
		put(t, s, records[i])
		wantRows(t, s.path, observerClock, want)
	}
	t.Run("together", func(t *testing.T) {
		s, g := openGated(t)
		putTogether(t, s, g, records...)
		wantRows(t, s.path, observerClock, "-25210|2|2026-11-25T15:00:00Z")
		put(t, s, naive(plus2, 28*time.Hour))
		wantRows(t, s.path, observerClock, "7188|3|2026-11-25T16:00:00Z")
	})
	t.Run("of an observer never heard", func(t *testing.T) {
		s := openTest(t)
		r := naive(plus2, 0)
		r.Observer.Heard = false
		put(t, s, r)
		wantRows(t, s.path, observerClock, "7188|1|"+noonText)
		wantRows(t, s.path, "SELECT last_seen, packet_count FROM observers", "NULL|0")
	})
}
