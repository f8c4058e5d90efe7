package ingest

import (
	"context"
	"strings"
	"testing"
	"time"

	"corescope-hub/decoder"
	"corescope-hub/store"
)

const (
	alpha   = "AAAA0000000000000000000000000000000000000000000000000000000000A1"
	textHex = "0901A5A1B2C3D436F60718293A4B5C6D7E8F901122" // FLOOD TXT_MSG over hop A5
)

// noon is the hub's clock in tests.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// recorder collects records and answers at once, as the fields say.
type recorder struct {
	records   []store.Record
	result    store.Result
	refuse    error // from Append
	commitErr error // to done
}

func (r *recorder) Append(_ context.Context, rec store.Record, done func(store.Result, error)) error {
	if r.refuse != nil {
		return r.refuse
	}
	r.records = append(r.records, rec)
	done(r.result, r.commitErr)
	return nil
}

// ingestOne gives one message to an ingester and returns its record, nil if
// there is none, and its verdict.
func ingestOne(t testing.TB, opts Options, m Message) (*store.Record, Verdict) {
	t.Helper()
	rec := new(recorder)
	in := New(rec, testKeys(t), opts)
	verdict := deliver(t, in, m)
	if len(rec.records) == 0 {
		return nil, verdict
	}
	return &rec.records[0], verdict
}

// deliver ingests m and insists on exactly one verdict.
func deliver(t testing.TB, in *Ingester, m Message) Verdict {
	t.Helper()
	if m.Received.IsZero() {
		m.Received = noon
	}
	var verdicts []Verdict
	in.Ingest(context.Background(), m, func(v Verdict) { verdicts = append(verdicts, v) })
	if len(verdicts) != 1 {
		t.Fatalf("done was called %d times, want once", len(verdicts))
	}
	return verdicts[0]
}

func testKeys(t testing.TB) *decoder.Keyring {
	t.Helper()
	keys, err := decoder.NewKeyring(
		decoder.Channel{Name: "public", Secret: unhex(t, "8b3387e9c5cdea6ac9e5edbaa115cd72")},
		decoder.HashtagChannel("#test"),
	)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func packets(payload string) Message {
	return Message{Source: "local", Topic: "meshcore/SEA/" + alpha + "/packets", Payload: []byte(payload)}
}

// packet is a packets message that carries frame, given in hex, and more members.
func packet(frame string, members ...string) Message {
	members = append([]string{`"raw":"` + frame + `"`}, members...)
	return packets("{" + strings.Join(members, ",") + "}")
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := parseHex([]byte(s))
	if err != nil {
		t.Fatalf("hex %q: %v", s, err)
	}
	return b
}

func ptr[T any](v T) *T { return &v }

// orNil is what p points to, or nil.
func orNil[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}
