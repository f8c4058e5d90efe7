package main

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// unmapProgram takes the pages of the program's own file out of the process. Of
// 20 MB the start touches nearly all, since the kernel maps sixteen pages at a
// time, and what comes later uses half. That is mapped again, from the page cache;
// what is not, the kernel drops first when memory is short.
func unmapProgram() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	smaps, _ := os.ReadFile("/proc/self/smaps")
	for _, m := range intactMappings(string(smaps), program) {
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.start, m.length, syscall.MADV_DONTNEED) // there is no harm in keeping them
	}
}

// mapping is a range of the process's addresses.
type mapping struct{ start, length uintptr }

// intactMappings are those of a file that nobody can write to, and in which every
// page is as in the file: no relocation was written there before it was protected.
// Source: the kernel's Documentation/filesystems/proc.rst, /proc/PID/smaps.
func intactMappings(smaps, file string) (intact []mapping) {
	var m mapping // of the lines that follow; its length is 0 when it is none of those
	for line := range strings.Lines(smaps) {
		f := strings.Fields(line)
		switch {
		case len(f) == 3 && f[0] == "Anonymous:":
			if m.length > 0 && f[1] == "0" {
				intact = append(intact, m)
			}
		case len(f) == 6 && len(f[1]) == 4 && strings.Contains(f[0], "-"): // address perms offset dev inode path
			m = mapping{}
			if f[5] == file && f[1][0] == 'r' && f[1][1] == '-' {
				m = addresses(f[0])
			}
		}
	}
	return intact
}

// addresses reads "start-end", in hexadecimal.
func addresses(text string) mapping {
	from, to, _ := strings.Cut(text, "-")
	start, err := strconv.ParseUint(from, 16, strconv.IntSize)
	end, err2 := strconv.ParseUint(to, 16, strconv.IntSize)
	if err != nil || err2 != nil || end < start {
		return mapping{}
	}
	return mapping{uintptr(start), uintptr(end - start)}
}
