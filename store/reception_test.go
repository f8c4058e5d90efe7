package store

import (
	"errors"
	"math"
	"testing"
	"time"
)

const (
	allReceptions = `SELECT rx_pubkey, heard_key, heard_keylen, rssi, snr, lat, lon, pos_acc_m, rx_at, ingested_at, src
		FROM client_receptions ORDER BY id`
	allClients = "SELECT pubkey, name, last_seen FROM client_observers"

	mobile = "9877e5fefe78cd3120b5ad36bc81d4a7b164984585b686ccf03a114302ce22f7"
)

func heardBy(client string, edit ...func(*ClientReception)) Record {
	c := &ClientReception{
		Client: client, ClientName: "Mob", HeardKey: "ccdd", HeardKeyLen: 2, RSSI: ptr(int64(-92)), SNR: ptr(-7.25),
		Lat: 51.05, Lon: 3.72, AccuracyM: ptr(8.0), HeardAt: noon.Add(-time.Hour),
	}
	for _, e := range edit {
		e(c)
	}
	return Record{ReceivedAt: noon, Reception: c}
}

func TestReceptionIsWrittenAsCoreScopeDoes(t *testing.T) {
	s := openTest(t)
	res := put(t, s, heardBy(mobile), heardBy(mobile, func(c *ClientReception) {
		c.HeardKey, c.HeardKeyLen, c.FromAdvert = nodeText, 32, true
		c.RSSI, c.SNR, c.AccuracyM = nil, nil, nil
		c.HeardAt = c.HeardAt.In(time.FixedZone("", 3600))
	}))
	if res != (Result{}) {
		t.Errorf("got %+v", res)
	}
	wantRows(t, s.path, allReceptions,
		mobile+"|ccdd|2|-92|-7.25|51.05|3.72|8|2026-11-24T11:00:00Z|"+noonText+"|rxlog",
		mobile+"|"+nodeText+"|32|NULL|NULL|51.05|3.72|NULL|2026-11-24T11:00:00Z|"+noonText+"|advert")
	wantRows(t, s.path, allClients, mobile+"|Mob|"+noonText)
	wantRows(t, s.path, "SELECT (SELECT count(*) FROM observers), (SELECT count(*) FROM nodes), (SELECT count(*) FROM transmissions)", "0|0|0")
	if got := s.Stats(); got.Receptions != 2 || got.Records != 2 || got.Observations != 0 {
		t.Errorf("stats: %d receptions, %d records, %d observations", got.Receptions, got.Records, got.Observations)
	}
}

func TestSameReceptionAgainIsARepeat(t *testing.T) {
	s := openTest(t)
	res := put(t, s, heardBy("aa"), heardBy("aa", func(c *ClientReception) { c.Lat, c.HeardAt = 7, c.HeardAt.Add(100*time.Millisecond) }))
	if want := (Result{Duplicate: true}); res != want {
		t.Errorf("got %+v, want %+v", res, want)
	}
	put(t, s,
		heardBy("bb"),
		heardBy("aa", func(c *ClientReception) { c.HeardKey = "ccde" }),
		heardBy("aa", func(c *ClientReception) { c.HeardAt = noon }))
	wantRows(t, s.path, "SELECT rx_pubkey, heard_key, lat, rx_at FROM client_receptions ORDER BY rx_pubkey, heard_key, rx_at",
		"aa|ccdd|51.05|2026-11-24T11:00:00Z", "aa|ccdd|51.05|"+noonText, "aa|ccde|51.05|2026-11-24T11:00:00Z", "bb|ccdd|51.05|2026-11-24T11:00:00Z")
	if got := s.Stats(); got.Receptions != 4 || got.Duplicates != 1 {
		t.Errorf("stats: %d receptions, %d duplicates", got.Receptions, got.Duplicates)
	}
}

func TestClientKeepsTheNameItLastTold(t *testing.T) {
	s := openTest(t)
	later := func(r Record) Record { r.ReceivedAt = noon.Add(time.Minute); return r }
	put(t, s, heardBy("aa", func(c *ClientReception) { c.ClientName = "" }))
	wantRows(t, s.path, "SELECT count(*) FROM client_observers", "0")
	put(t, s, heardBy("aa"), later(heardBy("aa", func(c *ClientReception) { c.ClientName = "" })))
	wantRows(t, s.path, allClients, "aa|Mob|"+noonText)
	put(t, s, later(heardBy("aa", func(c *ClientReception) { c.ClientName = "New" })))
	wantRows(t, s.path, allClients, "aa|New|2026-11-24T12:01:00Z")
}

func TestReceptionThatContradictsItselfIsNotTaken(t *testing.T) {
	s := openTest(t)
	with := func(edit func(*ClientReception)) Record { return heardBy("aa", edit) }
	and := func(edit func(*Record)) Record {
		r := heardBy("aa")
		edit(&r)
		return r
	}
	for name, r := range map[string]Record{
		"no client":          heardBy(""),
		"client of a digit":  heardBy("a"),
		"client too long":    heardBy(mobile + "aa"),
		"client not hex":     heardBy("not-hex!"),
		"client in capitals": heardBy("AA"),
		"nobody heard":       with(func(c *ClientReception) { c.HeardKey, c.HeardKeyLen = "", 0 }),
		"length that lies":   with(func(c *ClientReception) { c.HeardKeyLen = 3 }),
		"heard in capitals":  with(func(c *ClientReception) { c.HeardKey = "CCDD" }),
		"latitude":           with(func(c *ClientReception) { c.Lat = 95 }),
		"longitude":          with(func(c *ClientReception) { c.Lon = -180.5 }),
		"no latitude":        with(func(c *ClientReception) { c.Lat = math.NaN() }),
		"endless longitude":  with(func(c *ClientReception) { c.Lon = math.Inf(1) }),
		"no time":            with(func(c *ClientReception) { c.HeardAt = time.Time{} }),
		"an observer":        and(func(r *Record) { r.Observer.ID = alpha }),
		"a heard observer":   and(func(r *Record) { r.Observer.Heard = true }),
		"a packet":           and(func(r *Record) { p := packet("", "01"); r.Transmission, r.Observation = p.Transmission, p.Observation }),
		"a status":           and(func(r *Record) { r.Status = &Status{} }),
		"a drop":             and(func(r *Record) { r.Drop = &Drop{Reason: "x"} }),
		"neighbours":         and(beside(byKey("a1"), byKey("b2"))),
	} {
		err := s.Append(t.Context(), r, func(Result, error) { t.Errorf("%s: done was called", name) })
		if !errors.Is(err, ErrBadRecord) {
			t.Errorf("%s: got %v, want ErrBadRecord", name, err)
		}
	}
}

func TestNeighboursThatAreNobodyAreNotTaken(t *testing.T) {
	s := openTest(t)
	for name, r := range map[string]Record{
		"nobody":            packet(alpha, "01", beside(byKey("a1"), Party{})),
		"two in one":        packet(alpha, "01", beside(Party{Key: "a1", PathHash: []byte{1}}, byKey("b2"))),
		"key in capitals":   packet(alpha, "01", beside(byKey("a1"), Party{Key: alpha})),
		"no observation":    {ReceivedAt: noon, Adjacent: []Adjacency{{byKey("a1"), byKey("b2")}}},
		"of a lost packet":  {ReceivedAt: noon, Drop: &Drop{Reason: "x"}, Adjacent: []Adjacency{{byKey("a1"), byKey("b2")}}},
		"after a good pair": packet(alpha, "01", beside(byKey("a1"), byKey("b2")), beside(byKey("a1"), Party{})),
	} {
		if err := s.Append(t.Context(), r, nil); !errors.Is(err, ErrBadRecord) {
			t.Errorf("%s: got %v, want ErrBadRecord", name, err)
		}
	}
}
