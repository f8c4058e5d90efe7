package store

import (
	"bytes"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestReaderThatPinsTheWALIsToldOnceAndWhenItIsGone(t *testing.T) {
	var logged bytes.Buffer // its handler has a lock, and it is read when the store is closed
	s := openTest(t, func(o *Options) {
		o.CheckpointBytes = 20 * pageSize
		o.Log = slog.New(slog.NewTextHandler(&logged, nil))
	})
	sent := 0
	grow := func() {
		for range 40 { // some fifteen pages each
			put(t, s, packet(alpha, fmt.Sprintf("%016x", sent)))
			sent++
		}
		s.writer.wal.round()
	}
	grow() // with nobody reading
	for range 2 {
		reader, err := sql.Open("sqlite", readerDSN(s.path))
		if err != nil {
			t.Fatal(err)
		}
		end := beginReading(t, reader)
		grow()
		grow()
		end()
		reader.Close()
		s.writer.wal.round()
		grow()
	}
	s.Close()
	var told []string
	for line := range strings.Lines(logged.String()) {
		if _, after, ok := strings.Cut(line, "the database's WAL "); ok {
			told = append(told, after[:strings.IndexAny(after, ",\"")])
		}
		if strings.Contains(line, "WARN") && !strings.Contains(line, "file="+s.path+"-wal") {
			t.Errorf("the file is not named: %s", line)
		}
	}
	if got, want := strings.Join(told, "; "), "grows; is copied again; grows; is copied again"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}
