package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// growthDirectory names the directory in which BenchmarkGrowth keeps its
// database, which takes minutes to fill: a later run goes on with it.
const growthDirectory = "HUB_GROWTH"

// BenchmarkGrowth measures what a record costs when there are many: time, CPU
// and bytes must not depend on the history, nor must memory and the time to open
// the file.
//
//	HUB_GROWTH=/var/tmp/growth go test -run '^$' -bench Growth -benchtime 50000x ./store
func BenchmarkGrowth(b *testing.B) {
	dir := os.Getenv(growthDirectory)
	if dir == "" {
		b.Skipf("fills a file of gigabytes: name a directory for it in %s", growthDirectory)
	}
	path := filepath.Join(dir, "growth.db")
	for _, rows := range []int{10_000, 1_000_000, 5_000_000} {
		b.Run(fmt.Sprintf("%d observations", rows), func(b *testing.B) {
			at := growTo(b, path, rows)
			begin := time.Now()
			s, err := Open(b.Context(), path, DefaultOptions())
			opened := time.Since(begin)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			size, cpu, written := fileSize(path)+fileSize(path+"-wal"), cpuTime(b), writtenBytes()
			b.ResetTimer()
			appendRecords(b, s, at, b.N)
			if err := s.Close(); err != nil { // with a checkpoint
				b.Fatal(err)
			}
			b.StopTimer()
			n := float64(b.N)
			b.ReportMetric(n/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(cpuTime(b)-cpu)/n/1000, "cpu-us/op")
			b.ReportMetric(float64(writtenBytes()-written)/n, "written-B/op")
			b.ReportMetric(float64(fileSize(path)-size)/n, "file-B/op")
			b.ReportMetric(float64(opened.Microseconds())/1000, "open-ms")
			b.ReportMetric(residentMiB(), "resident-MiB")
		})
	}
}

// growTo fills the database up to so many observations, if there are fewer, and
// returns how many there are.
func growTo(b *testing.B, path string, rows int) int {
	opts := DefaultOptions()
	opts.CommitInterval = 0
	s, err := Open(b.Context(), path, opts)
	if err != nil {
		b.Fatal(err)
	}
	at := int(s.LastObservation())
	appendRecords(b, s, at, max(rows-at, 0))
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	return max(at, rows)
}

// appendRecords appends n records from the i-th on, of packets with four
// sightings.
func appendRecords(b *testing.B, s *Store, i, n int) {
	for end := i + n; i < end; i++ {
		err := s.Append(context.Background(), benchRecord(i, 4, false), func(_ Result, err error) {
			if err != nil {
				b.Error(err)
			}
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// cpuTime is what this process has used.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// writtenBytes is what this process has written to files, all of which goes to
// the storage: what is written twice is synced between. write_bytes would count
// whole folios of the page cache, which are as large as the kernel likes. 0 where
// the operating system does not say.
func writtenBytes() int64 { return procNumber("/proc/self/io", "wchar:") }

// residentMiB is what this process has in memory, likewise.
func residentMiB() float64 { return float64(procNumber("/proc/self/status", "VmRSS:")) / 1024 }

func procNumber(path, name string) (n int64) {
	text, _ := os.ReadFile(path)
	if _, rest, ok := strings.Cut(string(text), "\n"+name); ok {
		fmt.Sscan(rest, &n)
	}
	return n
}
