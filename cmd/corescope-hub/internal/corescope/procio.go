package corescope

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// procIO is the file in which Linux counts what this process reads and writes.
const procIO = "/proc/self/io"

// ioCounts are its counters at one moment; nil where there is no such file.
type ioCounts struct {
	at     time.Time
	counts map[string]float64
}

func readIO(name string, now time.Time) *ioCounts {
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	return parseIO(f, now)
}

// parseIO reads lines such as "read_bytes: 4096".
func parseIO(r io.Reader, now time.Time) *ioCounts {
	c := &ioCounts{at: now, counts: map[string]float64{}}
	for lines := bufio.NewScanner(r); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		if n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 64); err == nil {
			c.counts[key] = float64(n)
		}
	}
	if len(c.counts) == 0 {
		return nil
	}
	return c
}

// since is what happened a second from one moment to a later one; nil when that
// is not known.
func (c *ioCounts) since(before *ioCounts) *ioRates {
	if c == nil || before == nil {
		return nil
	}
	seconds := c.at.Sub(before.at).Seconds()
	if seconds < 0.001 {
		return nil
	}
	rate := func(key string) float64 { return (c.counts[key] - before.counts[key]) / seconds }
	return &ioRates{
		ReadBytesPerSec:           rate("read_bytes"),
		WriteBytesPerSec:          rate("write_bytes"),
		CancelledWriteBytesPerSec: rate("cancelled_write_bytes"),
		SyscallsRead:              rate("syscr"),
		SyscallsWrite:             rate("syscw"),
		SampledAt:                 c.at.UTC().Format(time.RFC3339),
	}
}
