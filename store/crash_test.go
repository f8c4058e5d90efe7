package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// crashFile makes this test binary a hub that writes to the file it names, and
// prints the number of each record when it is acknowledged, until it is killed.
const crashFile = "STORE_TEST_CRASH_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(pruneFile); path != "" {
		fmt.Fprintln(os.Stderr, pruneSlowly(path))
		os.Exit(1)
	}
	if path := os.Getenv(crashFile); path != "" {
		fmt.Fprintln(os.Stderr, writeForEver(path))
		os.Exit(1)
	}
	if path := os.Getenv(takeOverFile); path != "" {
		if err := takeOverOrDie(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func writeForEver(path string) error {
	opts := DefaultOptions()
	opts.CommitInterval, opts.CheckpointBytes = time.Millisecond, 64*pageSize // many of either
	opts.QueueDepth, opts.MaxBatch = 64, 16
	s, err := Open(context.Background(), path, opts)
	if err != nil {
		return err
	}
	start := int(s.LastObservation())
	for i := start; ; i++ {
		err := s.Append(context.Background(), packet(alpha, fmt.Sprintf("%016x", i)), func(_ Result, err error) {
			if err == nil {
				fmt.Println(i)
			}
		})
		if err != nil {
			return err
		}
	}
}

// kill -9, three times in a row on one file: nothing that was acknowledged is
// missing, and the next hub opens the file as it is.
func TestAcknowledgedRecordsSurviveAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	var acked []string
	for range 3 {
		acked = append(acked, writeAndKill(t, path)...)
	}
	s := openAt(t, path)
	stored := dump(t, path, "SELECT hash FROM transmissions t JOIN observations o ON o.transmission_id = t.id ORDER BY hash")
	for _, n := range acked {
		i, err := strconv.Atoi(n)
		if err != nil {
			t.Fatal(err)
		}
		if _, found := slices.BinarySearch(stored, fmt.Sprintf("%016x", i)); !found {
			t.Errorf("record %s was acknowledged and is not there", n)
		}
	}
	t.Logf("%d acknowledged, %d stored", len(acked), len(stored))
	wantRows(t, path, "PRAGMA integrity_check", "ok")
	wantRows(t, path, "SELECT count(*) - max(packet_count) FROM observations, observers", "0")
	put(t, s, packet(alpha, "next"))
}

// writeAndKill lets a hub acknowledge a hundred records and kills it.
func writeAndKill(t *testing.T, path string) (acked []string) {
	t.Helper()
	hub := exec.CommandContext(t.Context(), os.Args[0])
	hub.Env = append(os.Environ(), crashFile+"="+path)
	hub.Stderr = os.Stderr
	out, err := hub.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := hub.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		acked = append(acked, lines.Text())
		if len(acked) == 100 {
			if err := hub.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := hub.Wait(); err == nil || len(acked) < 100 {
		t.Fatalf("hub ended by itself after %d records: %v", len(acked), err)
	}
	return acked
}

// pruneFile makes this test binary a hub that prunes the file it names, and
// prints a line before each of its transactions.
const pruneFile = "STORE_TEST_PRUNE_FILE"

func pruneSlowly(path string) error {
	opts := testOptions()
	opts.Retention.PacketDays = 10
	opts.before = func(*writeConn) error {
		_, err := fmt.Println("transaction")
		return err
	}
	s, err := Open(context.Background(), path, opts)
	if err != nil {
		return err
	}
	return s.Maintain(context.Background())
}

// kill -9 in the middle of a long prune: what is left is whole, and the next
// hub goes on with it.
func TestMaintenanceSurvivesAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meshcore.db")
	s := openAt(t, path)
	rows := manyOld(t, s, 3000, 4) + 2
	proveClock(t, s)
	s.Close()
	hub := exec.CommandContext(t.Context(), os.Args[0])
	hub.Env = append(os.Environ(), pruneFile+"="+path)
	hub.Stderr = os.Stderr
	out, err := hub.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := hub.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if n == 10 { // the first that are large
			if err := hub.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	hub.Wait()
	var left int
	fmt.Sscan(dump(t, path, "SELECT (SELECT count(*) FROM transmissions) + (SELECT count(*) FROM observations)")[0], &left)
	if left == 0 || left == rows {
		t.Errorf("killed with %d of %d rows left, not in the middle", left, rows)
	}
	wantRows(t, path, "PRAGMA foreign_key_check")
	wantRows(t, path, "PRAGMA integrity_check", "ok")
	s = openAt(t, path, func(o *Options) { o.Retention.PacketDays = 10 })
	maintain(t, s)
	wantRows(t, path, "SELECT (SELECT count(*) FROM transmissions), (SELECT count(*) FROM observations)", "1|1") // of yesterday
}
