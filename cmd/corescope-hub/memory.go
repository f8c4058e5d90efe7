package main

import (
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
)

// limitMemory sets the soft limit of the Go runtime's memory, unless the
// environment's GOMEMLIMIT has: maxMB of the settings, and without one what
// suits the machine. files is the root of its file system.
func limitMemory(maxMB int, vars []string, files fs.FS, log *slog.Logger) {
	if slices.ContainsFunc(vars, func(kv string) bool { return strings.HasPrefix(kv, "GOMEMLIMIT=") }) {
		return // the runtime has read it
	}
	limit, from := int64(min(maxMB, math.MaxInt32))<<20, "runtime.maxMemoryMB"
	if maxMB <= 0 {
		limit, from = suitableLimit(files)
	}
	debug.SetMemoryLimit(limit)
	log.Info("memory has a soft limit", "limitMiB", limit>>20, "from", from)
}

// leastLimit is below what a busy hub needs on the heap: a lower limit would not
// be kept, and collecting garbage all the time would be its price. Bytes.
const leastLimit = 32 << 20

// enough is the limit on every machine that has it. What the hub keeps for its
// clients is bounded and less than this; what they leave behind on purpose, as
// garbage, is then collected before it adds up. Bytes.
const enough = 96 << 20

// suitableLimit is the limit for a machine, and what it is made of: half of the
// machine's memory, or three quarters of what the hub's control group may have,
// if that is less than enough. The rest is for what the runtime does not count,
// such as SQLite's page cache, and on a machine for the others there.
func suitableLimit(files fs.FS) (limit int64, from string) {
	limit, from = enough, "what a hub needs at most"
	if total := machineMemory(files); total > 0 && total/2 < limit {
		limit, from = total/2, fmt.Sprintf("half of the machine's %d MiB", total>>20)
	}
	if allowed := groupMemory(files); allowed/4*3 <= limit {
		limit, from = allowed/4*3, fmt.Sprintf("three quarters of the control group's %d MiB", allowed>>20)
	}
	return max(limit, leastLimit), from
}

// machineMemory is MemTotal of /proc/meminfo, in bytes; 0 when it is not there.
func machineMemory(files fs.FS) int64 {
	text, _ := fs.ReadFile(files, "proc/meminfo")
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) == 3 && words[0] == "MemTotal:" && words[2] == "kB" {
			kib, err := strconv.ParseInt(words[1], 10, 64)
			if err == nil && kib > 0 && kib < math.MaxInt64>>10 {
				return kib << 10
			}
		}
	}
	return 0
}

// groupMemory is the least limit of memory of the process's control group and of
// those around it, in bytes; math.MaxInt64 when there is none. Source: cgroups(7)
// and the kernel's Documentation/admin-guide/cgroup-v2.rst and
// cgroup-v1/memory.rst.
func groupMemory(files fs.FS) int64 {
	least := int64(math.MaxInt64)
	text, _ := fs.ReadFile(files, "proc/self/cgroup")
	for line := range strings.Lines(string(text)) {
		// hierarchy:controllers:path; version 2 has no controllers.
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		switch {
		case parts[1] == "":
			least = min(least, leastAbove(files, "sys/fs/cgroup", parts[2], "memory.max"),
				leastAbove(files, "sys/fs/cgroup", parts[2], "memory.high"))
		case slices.Contains(strings.Split(parts[1], ","), "memory"):
			least = min(least, leastAbove(files, "sys/fs/cgroup/memory", parts[2], "memory.limit_in_bytes"))
		}
	}
	return least
}

// leastAbove is the least number in the files of that name of a group and of all
// above it. A container may see its own group as the root, under a path of the
// machine's: what is not there has no limit.
func leastAbove(files fs.FS, root, group, name string) int64 {
	least := int64(math.MaxInt64)
	for group = path.Clean("/" + group); ; group = path.Dir(group) {
		text, _ := fs.ReadFile(files, path.Join(root, group, name))
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 { // "max" is no number
			least = min(least, n)
		}
		if group == "/" {
			return least
		}
	}
}
