package console

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corescope-hub/store"
)

// fixture is a console with a database that a test can write to.
type fixture struct {
	url   string
	store *store.Store
	path  string
}

func newFixture(t *testing.T, set ...func(*Options)) *fixture {
	t.Helper()
	path := filepath.Join(t.TempDir(), "meshcore.db")
	f := &fixture{store: openStore(t, path), path: path}
	opts := Options{Store: func() *store.Store { return f.store }, Site: Site{Database: path}}
	for _, s := range set {
		s(&opts)
	}
	f.url = start(t, opts)
	return f
}

// add stores a packet of payload type kind, heard by an observer of that number.
func (f *fixture) add(t *testing.T, number, observer int, kind uint8, decoded string) {
	t.Helper()
	at := time.Now().UTC().Truncate(time.Second)
	snr, done := 5.5, make(chan error, 1)
	raw := []byte{kind<<2 | 1, 0, byte(number >> 8), byte(number), 1, 2, 3, 4}
	err := f.store.Append(t.Context(), store.Record{
		ReceivedAt:   at,
		Observer:     store.Observer{ID: fmt.Sprintf("OBSERVER%02d", observer), Name: fmt.Sprintf("Ear %d", observer), IATA: "SEA", Heard: true},
		Transmission: &store.Transmission{Hash: fmt.Sprintf("%016x", number+1), Raw: raw, RouteType: 1, PayloadType: kind, DecodedJSON: decoded},
		Observation:  &store.Observation{SNR: &snr, Raw: raw},
	}, func(_ store.Result, err error) { done <- err })
	if err == nil {
		err = <-done
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) fill(t *testing.T) {
	t.Helper()
	for n := range 5 {
		f.add(t, n, n%2, 3, `{"type":"ACK","extraHash":"0a0b0c0d"}`)
	}
	f.add(t, 9, 1, 5, `{"type":"CHAN","channelHashHex":"11","decryptionStatus":"decrypted","channel":"#x","text":"Ann: Hi <b>","sender":"Ann"}`)
}

func (f *fixture) get(t *testing.T, path string, want int) string {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+path, nil)
	status, body := send1(t, req)
	if status != want {
		t.Fatalf("GET %s: %d, want %d: %.200s", path, status, want, body)
	}
	return body
}

func send1(t *testing.T, req *http.Request) (int, string) {
	t.Helper()
	resp, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func (f *fixture) packets(t *testing.T, query string) PacketList {
	t.Helper()
	var list PacketList
	if err := json.Unmarshal([]byte(f.get(t, "/api/v1/packets"+query, 200)), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestPacketsComeInPagesNewestFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.fill(t)
	var hashes []string
	for query := "?limit=2"; ; {
		list := f.packets(t, query)
		for _, p := range list.Packets {
			hashes = append(hashes, strings.TrimLeft(p.Hash, "0"))
		}
		if list.Next == nil {
			break
		}
		query = "?limit=2&cursor=" + *list.Next
	}
	if got := strings.Join(hashes, " "); got != "a 5 4 3 2 1" {
		t.Errorf("got %s", got)
	}
}

func TestPacketFiltersHoldTogether(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.fill(t)
	for query, want := range map[string]int{
		"?type=ACK": 5, "?type=ack,grp_txt": 6, "?type=ADVERT": 0, "?observer=OBSERVER00": 3, "?observer=OBSERVER00&type=GRP_TXT": 0,
		"?region=sea": 6, "?region=PDX": 0, "?q=ann": 1, "?q=%25": 0, "?q=0000000000000003": 1, "?channel=%23y": 0,
	} {
		if got := len(f.packets(t, query).Packets); got != want {
			t.Errorf("%s: %d packets, want %d", query, got, want)
		}
	}
	for _, query := range []string{"?limit=0", "?limit=501", "?limit=x", "?cursor=x", "?cursor=-1", "?type=NONE", "?q=" + strings.Repeat("x", 101)} {
		f.get(t, "/api/v1/packets"+query, 400)
	}
}

func TestPacketSaysWhoSentItAndWhat(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.fill(t)
	p := f.packets(t, "?q=ann").Packets[0]
	if p.From == nil || p.From.Name != "Ann" || p.Channel != "#x" || p.Text != "Hi <b>" || p.Sealed || len(p.Observations) != 1 || *p.Observations[0].SNR != 5.5 {
		t.Errorf("%+v", p)
	}
}

// stream reads events until one has the text.
func (f *fixture) stream(t *testing.T, after, last, want string) (id string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, f.url+"/api/events?packets=1&after="+after, nil)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			id = text
		}
		if strings.HasPrefix(lines.Text(), "data: ") && strings.Contains(lines.Text(), want) {
			return id
		}
	}
	t.Fatalf("the stream ended without %s: %v", want, lines.Err())
	return ""
}

func TestEventsGoOnWhereTheLastOneEnded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.fill(t)
	id := f.stream(t, "0", "", `"0000000000000001"`)
	if id != "6" {
		t.Errorf("the first event goes up to observation %s", id)
	}
	f.add(t, 20, 0, 3, `{"type":"ACK","extraHash":"0a0b0c0d"}`)
	if id := f.stream(t, "0", "6", `"packets":[{`); id != "7" {
		t.Errorf("after the reconnect the first event goes up to %s", id)
	}
	if id := f.stream(t, "999", "", `"more":true`); id != "7" {
		t.Errorf("a cursor from another database leads to %s", id)
	}
}

func TestBackupIsTheDatabaseAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.fill(t)
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url+"/api/console/backup", nil)
	status, body := send1(t, req)
	if status != 200 || !strings.HasPrefix(body, "SQLite format 3\x00") {
		t.Fatalf("%d %.80q", status, body)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(copied, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	if packets, _, err := openStore(t, copied).Packets(t.Context(), store.PacketFilter{Limit: 100}); err != nil || len(packets) != 6 {
		t.Errorf("the copy has %d packets: %v", len(packets), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(f.path), backupPrefix+"*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
