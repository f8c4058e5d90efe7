package main

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// someMappings is what the kernel tells of a program, shortened.
const someMappings = `00400000-00dcd000 r-xp 00000000 fe:00 10330506                           /usr/bin/hub
Rss:                9268 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
00dcd000-017f4000 r--p 009cd000 fe:00 10330506                           /usr/bin/hub
Anonymous:             0 kB
017f4000-01800000 r--p 013f4000 fe:00 10330506                           /usr/bin/hub
Anonymous:            48 kB
01800000-01896000 rw-p 01400000 fe:00 10330506                           /usr/bin/hub
Anonymous:             0 kB
01896000-018f0000 rw-p 00000000 00:00 0
Anonymous:             0 kB
7f0000000000-7f0000001000 r-xp 00000000 fe:00 10330507                   /usr/lib/libc.so.6
Anonymous:             0 kB
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
Anonymous:             0 kB
`

func TestOnlyPagesThatAreAsInTheFileAreUnmapped(t *testing.T) {
	t.Parallel()
	want := []mapping{{0x400000, 0x9cd000}, {0xdcd000, 0xa27000}}
	for _, test := range []struct {
		name, smaps, file string
		want              []mapping
	}{
		{"a program", someMappings, "/usr/bin/hub", want},
		{"another program", someMappings, "/usr/bin/other", nil},
		{"no mappings", "", "/usr/bin/hub", nil},
		{"lines that are none", "-\n400000-x r-xp 0 fe:00 1 /usr/bin/hub\nAnonymous: 0 kB\n2-1 r-xp 0 fe:00 1 /usr/bin/hub\nAnonymous: 0 kB\n", "/usr/bin/hub", nil},
	} {
		if got := intactMappings(test.smaps, test.file); !slices.Equal(got, test.want) {
			t.Errorf("%s: %x, want %x", test.name, got, test.want)
		}
	}
}

// Not parallel: others would touch the program meanwhile.
func TestUnmappedProgramTakesLessMemoryAndGoesOn(t *testing.T) {
	before := programRSS(t)
	unmapProgram()
	if after := programRSS(t); after >= before || before == 0 {
		t.Errorf("%d KiB of the program in memory, %d before", after, before)
	}
}

// programRSS is how much of its own file this process has mapped. KiB.
func programRSS(t *testing.T) (kib int64) {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Skip("reads what is in memory from /proc; run it with /proc mounted:", err)
	}
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Skip("reads what is in memory from /proc; run it with /proc mounted:", err)
	}
	own := false
	for line := range strings.Lines(string(smaps)) {
		f := strings.Fields(line)
		switch {
		case len(f) >= 5 && strings.Contains(f[0], "-"):
			own = strings.HasSuffix(strings.TrimSpace(line), program)
		case own && f[0] == "Rss:":
			n, err := strconv.ParseInt(f[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			kib += n
		}
	}
	return kib
}
