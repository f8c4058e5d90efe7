package main

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"corescope-hub/broker"
	"corescope-hub/cmd/corescope-hub/internal/config"
	"corescope-hub/ingest"
)

// passing is a sink that keeps nothing, for a broker that only hands on.
type passing struct{}

// Ingest implements broker.Sink.
func (passing) Ingest(_ context.Context, _ ingest.Message, done func(ingest.Verdict)) {
	done(ingest.Verdict{Outcome: ingest.Passed})
}

// startMochi runs a broker of the library that the hub is made of.
func startMochi(b *testing.B) string {
	b.Helper()
	opts := broker.DefaultOptions()
	opts.Listen = broker.Listeners("tcp://127.0.0.1:0")
	up, err := broker.New(passing{}, opts)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	ready, ended := make(chan struct{}), make(chan struct{})
	go func() { defer close(ended); _ = up.Run(ctx, func() { close(ready) }) }()
	<-ready
	b.Cleanup(func() { cancel(); <-ended })
	return up.Addr(opts.Listen[0].Address)
}

// BenchmarkBridge is from a PUBLISH at an upstream to its row in the database:
// one source, one observation each, with the default commitInterval.
func BenchmarkBridge(b *testing.B) {
	for _, upstream := range []struct {
		name  string
		start func(b *testing.B) string
	}{
		{"mosquitto", func(b *testing.B) string { return startMosquitto(b, "max_queued_messages 0") }},
		{"mosquitto_inflight_0", func(b *testing.B) string {
			return startMosquitto(b, "max_queued_messages 0", "max_inflight_messages 0")
		}},
		{"mochi", startMochi},
	} {
		b.Run(upstream.name, func(b *testing.B) { bridgeRate(b, upstream.start(b)) })
	}
}

// outstanding is how many messages are published and not stored yet: fewer than
// an upstream drops some for.
const outstanding = 200

func bridgeRate(b *testing.B, addr string) {
	b.Helper()
	dbPath := filepath.Join(b.TempDir(), "meshcore.db")
	cfg, err := config.Load("", []string{"MQTT_BROKER=mqtt://" + addr, "DB_PATH=" + dbPath,
		"CORESCOPE_HUB_BROKER_LISTEN=tcp://127.0.0.1:0", "CORESCOPE_HUB_CONSOLE_LISTEN="})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	h, err := openHub(ctx, cfg, false, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})))
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = h.run(ctx, func() {}) }()
	defer func() { cancel(); <-ended }()
	for !h.broker.Stats().Upstreams[0].Connected {
		time.Sleep(time.Millisecond)
	}
	observer := publisher(b, addr, "observer")
	b.ResetTimer()
	began := time.Now()
	stored := func() int { return int(h.store.Stats().Observations) }
	for i := range b.N {
		for i-stored() >= outstanding {
			time.Sleep(100 * time.Microsecond)
		}
		observer.Publish(packetTopic, 1, false, packetMessage(i))
	}
	for stored() < b.N {
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "messages/s")
	b.StopTimer()
	if n := observationsIn(b, dbPath); n != b.N {
		b.Fatalf("%d rows of %d", n, b.N)
	}
	if s := h.broker.Stats().Upstreams[0]; s.Connects != 1 {
		b.Errorf("%+v", s)
	}
}

func observationsIn(b *testing.B, path string) (n int) {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(`SELECT count(*) FROM observations`).Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n
}
