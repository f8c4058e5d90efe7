package main

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"corescope-hub/cmd/corescope-hub/internal/config"
	"corescope-hub/store"
)

// The mesh of the benchmark: how many observers publish, how many of them report
// each packet, and how many messages each leaves unanswered at most.
const (
	benchObservers = 20
	benchSightings = 4
	benchWindow    = 20
)

// BenchmarkHub measures the whole way of a message, from a socket to its row and
// its PUBACK, which follows the commit: so ms-p50 and ms-p99 are from publish to
// commit. A fourth of the packets are signed adverts. What is allocated includes
// the clients, which are part of the process.
func BenchmarkHub(b *testing.B) {
	for _, bc := range []struct {
		name     string
		interval string
		rate     int // messages/s in all; 0: as fast as they are answered
	}{
		{"as fast as answered", "0s", 0},
		{"500 a second", "0s", 500},
		{"as fast as answered, commits 250ms apart", "250ms", 0},
	} {
		b.Run(bc.name, func(b *testing.B) {
			h := openBenchHub(b, bc.interval)
			clients := h.connect(b)
			share(clients, benchMessages(b.N))
			before := h.hub.store.Stats()
			written := writtenBytes()
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for i, c := range clients {
				wg.Go(func() { c.publish(bc.rate, i) })
			}
			wg.Wait()
			b.StopTimer()
			h.report(b, clients, before, writtenBytes()-written)
		})
	}
}

// benchHub is a hub in this process.
type benchHub struct{ hub *hub }

func openBenchHub(b *testing.B, interval string) *benchHub {
	cfg, err := config.Load("", []string{
		"DB_PATH=" + filepath.Join(b.TempDir(), "meshcore.db"),
		"CORESCOPE_HUB_BROKER_LISTEN=tcp://127.0.0.1:0",
		"CORESCOPE_HUB_CONSOLE_LISTEN=127.0.0.1:0",
		"CORESCOPE_HUB_STORE_COMMIT_INTERVAL=" + interval,
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	h, err := openHub(ctx, cfg, false, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- h.run(ctx, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-ended:
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	return &benchHub{hub: h}
}

// connect opens a connection for each observer.
func (h *benchHub) connect(b *testing.B) []*benchClient {
	clients := make([]*benchClient, benchObservers)
	for i := range clients {
		conn, err := net.Dial("tcp", h.hub.broker.Addr("tcp://127.0.0.1:0"))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close() })
		c := &benchClient{b: b, conn: conn, in: bufio.NewReader(conn), slots: make(chan struct{}, benchWindow)}
		id := fmt.Sprintf("bench-%d", i)
		connect := append([]byte{0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, byte(len(id))}, id...)
		var connack [4]byte
		if _, err := conn.Write(append([]byte{0x10, byte(len(connect))}, connect...)); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(c.in, connack[:]); err != nil || connack[3] != 0 {
			b.Fatalf("connect: % x, %v", connack, err)
		}
		clients[i] = c
	}
	return clients
}

// report checks that every message is a row and says what it took.
func (h *benchHub) report(b *testing.B, clients []*benchClient, before store.Stats, written int64) {
	after := h.hub.store.Stats()
	if n := after.Observations - before.Observations; n != uint64(b.N) {
		b.Errorf("%d observations of %d messages", n, b.N)
	}
	var took []time.Duration
	for _, c := range clients {
		took = append(took, c.took...)
	}
	slices.Sort(took)
	ms := func(q int) float64 { return took[(len(took)-1)*q/100].Seconds() * 1000 }
	n := float64(b.N)
	b.ReportMetric(n/b.Elapsed().Seconds(), "messages/s")
	b.ReportMetric(ms(50), "ms-p50")
	b.ReportMetric(ms(99), "ms-p99")
	b.ReportMetric(float64(written)/n, "written-B/op")
	// A commit flushes the WAL; a checkpoint that, and the database file.
	syncs := after.Commits - before.Commits + 2*(after.Checkpoints-before.Checkpoints)
	b.ReportMetric(float64(syncs)/n, "fsyncs/op")
}

// benchClient publishes at QoS 1, one packet id after the other.
type benchClient struct {
	b        *testing.B
	conn     net.Conn
	in       *bufio.Reader
	messages [][]byte // PUBLISH packets
	sent     []time.Time
	took     []time.Duration // from publish to acknowledgement
	slots    chan struct{}
}

// publish sends all messages and returns when they are acknowledged. With a rate
// the n-th client sends its share, out of step with the others.
func (c *benchClient) publish(rate, n int) {
	begin := time.Now()
	read := make(chan error, 1)
	go func() { read <- c.readAnswers() }()
	for i, m := range c.messages {
		if rate > 0 {
			due := time.Duration(i*benchObservers+n) * time.Second / time.Duration(rate)
			time.Sleep(time.Until(begin.Add(due)))
		}
		c.slots <- struct{}{}
		c.sent[i] = time.Now()
		if _, err := c.conn.Write(m); err != nil {
			c.b.Error(err)
			return
		}
	}
	if err := <-read; err != nil {
		c.b.Error(err)
	}
}

// readAnswers reads a PUBACK for each message: they come in the messages' order.
func (c *benchClient) readAnswers() error {
	for i := range c.messages {
		var puback [4]byte
		if _, err := io.ReadFull(c.in, puback[:]); err != nil {
			return err
		}
		if id := binary.BigEndian.Uint16(puback[2:]); puback[0] != 0x40 || id != packetID(i) {
			return fmt.Errorf("answer to message %d: % x", i, puback)
		}
		c.took = append(c.took, time.Since(c.sent[i]))
		<-c.slots
	}
	return nil
}

// packetID is that of a client's i-th message; 0 is none.
func packetID(i int) uint16 { return uint16(i%0xFFFF + 1) }

// share deals the messages out: observers report a packet in turn.
func share(clients []*benchClient, bodies [][]byte) {
	for i, body := range bodies {
		n := (i/benchSightings + i%benchSightings) % len(clients)
		c := clients[n]
		topic := fmt.Sprintf("meshcore/SEA/%064X/packets", 0xA0+n)
		packet := binary.BigEndian.AppendUint16(nil, uint16(len(topic)))
		packet = append(packet, topic...)
		packet = binary.BigEndian.AppendUint16(packet, packetID(len(c.messages)))
		packet = append(packet, body...)
		header := binary.AppendUvarint([]byte{0x32}, uint64(len(packet))) // MQTT's variable length is the same
		c.messages = append(c.messages, append(header, packet...))
	}
	for _, c := range clients {
		c.sent = make([]time.Time, len(c.messages))
		c.took = make([]time.Duration, 0, len(c.messages))
	}
}

// benchMessages makes n messages, each packet reported benchSightings times, over
// other paths.
func benchMessages(n int) [][]byte {
	bodies := make([][]byte, n)
	var payload []byte
	var header byte
	for i := range bodies {
		if i%benchSightings == 0 {
			header, payload = benchPayload(i / benchSightings)
		}
		frame := append([]byte{header, 2, byte(i), byte(i >> 8)}, payload...)
		bodies[i] = fmt.Appendf(nil, `{"origin":"Hill","timestamp":%q,"type":"PACKET","direction":"rx","len":"%d","SNR":"-7.5","RSSI":"-103","score":"971","raw":"%X"}`,
			time.Now().UTC().Format("2006-01-02T15:04:05.000000"), len(frame), frame)
	}
	return bodies
}

// benchPayload is the n-th packet: every fourth is an advert of one of 64 nodes,
// the others are direct texts; all travel by flood.
func benchPayload(n int) (header byte, payload []byte) {
	if n%4 > 0 {
		payload = binary.BigEndian.AppendUint64([]byte{0xA1, 0xB2, 0xC3, 0xD4}, uint64(n))
		return 0x09, append(payload, make([]byte, 40)...)
	}
	seed := make([]byte, ed25519.SeedSize)
	seed[0] = byte(n / 4 % 64)
	key := ed25519.NewKeyFromSeed(seed)
	public := key.Public().(ed25519.PublicKey)
	stamp := binary.LittleEndian.AppendUint32(nil, uint32(n))
	appdata := "\x92\x00\x00\xd0\x02\x00\x00\xb0\xf8" + hex.EncodeToString(seed[:4])
	signed := slices.Concat(public, stamp, []byte(appdata))
	return 0x11, slices.Concat(public, stamp, ed25519.Sign(key, signed), []byte(appdata))
}

// writtenBytes is what this process has had written to storage; 0 where the
// operating system does not say.
func writtenBytes() (n int64) {
	text, _ := os.ReadFile("/proc/self/io")
	if _, rest, ok := strings.Cut(string(text), "\nwrite_bytes: "); ok {
		fmt.Sscan(rest, &n)
	}
	return n
}
